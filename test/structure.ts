import { posix } from "node:path";

/** Which room a file lies in. Rooms of one rank never import one another. */
interface Room {
  name: string;
  rank: number;
}

const domains = [
  "pool",
  "cache",
  "scope",
  "gc",
  "monitor",
  "pressure",
  "verdict",
  "governor",
  "budget",
  "advisor",
];

// From the entry points down: an import may only go to a lower rank, or stay in its room.
const rooms: [RegExp, number][] = [
  [/^runtimes\//, 10],
  [/^src\/(index|hono)\.ts$/, 9],
  [/^src\/app\.ts$/, 8],
  [/^src\/(app|adapters)\//, 7],
  [/^src\/middleware\//, 6],
  [/^src\/default\.ts$/, 5],
  [/^src\/optimizer\//, 4],
  [/^src\/requests\//, 3],
  [new RegExp(`^src/(${domains.join("|")})/`), 2],
  [/^src\/core\//, 1],
  // The compiled modules, where they are imported as files.
  [/^\w+\.wasm$/, 1],
  [/^src\/shared\//, 0],
];

function roomOf(file: string): Room | undefined {
  for (const [pattern, rank] of rooms) {
    const match = pattern.exec(file);
    if (match) return { name: match[0].replace(/(\/|\.ts)$/, ""), rank };
  }
  return undefined;
}

/** Every import of `file` that it may not have, one sentence each. Paths are relative to the top folder. */
export function checkImports(file: string, imports: string[]): string[] {
  const room = roomOf(file);
  if (!room) return [`${file} lies in no known room`];
  return imports.flatMap((specifier) => {
    const problem = specifier.startsWith(".")
      ? checkFile(room, posix.join(posix.dirname(file), specifier))
      : checkPackage(room, specifier);
    return problem ? [`${file} imports ${specifier}: ${problem}`] : [];
  });
}

function checkFile(from: Room, target: string): string | undefined {
  const to = roomOf(target);
  if (!to) return `${target} lies in no known room`;
  if (to.name === from.name || to.rank < from.rank) return undefined;
  return to.rank === from.rank
    ? `${from.name} and ${to.name} never import one another`
    : `the arrow runs back, from ${from.name} to ${to.name}`;
}

function checkPackage(from: Room, specifier: string): string | undefined {
  if (from.name === "runtimes") return undefined;
  if (/^(node:|bun(:|$)|deno(:|$)|jsr:|npm:|https?:)/.test(specifier))
    return `${from.name} may not know a runtime`;
  if (/^velithon(\/|$)/.test(specifier)) return "the library does not import itself by name";
  if (from.rank === 0 && specifier !== "valibot") return "shared imports no package but valibot";
  return undefined;
}

const token =
  /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`|(?<=(?:[=(,:[!&|?{};]|return)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//g;

/** The source without comments and without the text in strings; the code inside a template is kept. */
export function codeOnly(source: string): string {
  return source.replace(token, (text) => {
    if (text.startsWith("`")) return [...text.matchAll(/\$\{([^}]*)\}/g)].map((part) => part[1]).join(" ");
    return text.startsWith("/") ? " " : '""';
  });
}

/** What a source imports: `import`, `import type`, `export from` and `import()`. */
export function importsOf(source: string): string[] {
  // Strings are numbered first, so that nothing is found inside one.
  const strings: string[] = [];
  const code = source.replace(token, (text) =>
    text.startsWith("/") ? " " : `"${strings.push(text.slice(1, -1)) - 1}"`,
  );
  const statement = /\b(?:(?:import|export)\b[\w$*{},\s]*?\bfrom|import)\s*"(\d+)"/g;
  const call = /\bimport\s*\(\s*"(\d+)"/g;
  return [statement, call].flatMap((form) =>
    [...code.matchAll(form)].map((match) => strings[Number(match[1])]!),
  );
}

/** The names of a runtime that a source uses outside comments and strings. */
export function runtimeNames(source: string): string[] {
  const name = /(?<![\w$.])(?:globalThis\s*\??\.\s*)?(?:(?:Bun|Deno)\b|process\s*(?:\?\.|\.|\[))/g;
  return [...new Set(codeOnly(source).match(name) ?? [])];
}
