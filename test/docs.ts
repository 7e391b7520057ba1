import { type ChildProcess, spawn } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./support/free-port.ts";

export const top: string = fileURLToPath(new URL("..", import.meta.url));

const RUN_LIMIT_MS = 60_000;

/** Every page of the documentation, relative to the top folder. */
export const pages: readonly string[] = [
  "README.md",
  ...readdirSync(`${top}docs`)
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export const read = (file: string): string => readFileSync(top + file, "utf8");

/** A TypeScript block of a page. The words behind `ts` say how it is run: ```` ```ts bun server ````. */
export interface Block {
  readonly page: string;
  readonly line: number;
  readonly code: string;
  readonly runtime: "node" | "bun" | "deno";
  /** Serves on `PORT` until it is told to end. */
  readonly server: boolean;
  /** Is only type-checked. */
  readonly noRun: boolean;
}

const WORDS = ["bun", "deno", "server", "no-run"];

export function blocksOf(page: string, text: string): Block[] {
  return [...text.matchAll(/^```(?:ts|typescript)\b([^\n]*)\n(.*?)^```$/gms)].map((match) => {
    const words = match[1]!.trim().split(/\s+/).filter(Boolean);
    const line = text.slice(0, match.index).split("\n").length + 1;
    const unknown = words.find((word) => !WORDS.includes(word));
    if (unknown !== undefined)
      throw new Error(`${page}:${line}: ts ${unknown}; accepted: ${WORDS.join(", ")}`);
    return {
      page,
      line,
      code: match[2]!,
      runtime: words.includes("bun") ? "bun" : words.includes("deno") ? "deno" : "node",
      server: words.includes("server"),
      noRun: words.includes("no-run"),
    };
  });
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function start(command: string, args: readonly string[], cwd: string, variables = {}): ChildProcess {
  const env: NodeJS.ProcessEnv = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...variables };
  delete env.FORCE_COLOR;
  return spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
}

function ended(child: ChildProcess): Promise<Ended> {
  let output = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const timer = setTimeout(() => child.kill("SIGKILL"), RUN_LIMIT_MS);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output });
    });
  });
}

const bin = (name: string): string => `${top}node_modules/.bin/${name}`;

function commandFor(runtime: Block["runtime"], file: string): [string, string[]] {
  if (runtime === "bun") return [bin("bun"), [file]];
  if (runtime === "deno") {
    return [bin("deno"), ["run", "--no-lock", "--no-prompt", "--allow-net", "--allow-env", file]];
  }
  return [process.execPath, ["--import", import.meta.resolve("tsx"), file]];
}

/** A folder where the built package is installed as it would be for a user, with what the package needs. */
export class Consumer {
  readonly folder: string = mkdtempSync(join(tmpdir(), "velithon-docs-"));

  constructor() {
    const modules = join(this.folder, "node_modules");
    mkdirSync(join(modules, "velithon"), { recursive: true });
    for (const name of ["dist", "package.json"]) {
      cpSync(top + name, join(modules, "velithon", name), { recursive: true });
    }
    cpSync(`${top}pkg`, join(modules, "velithon-core"), { recursive: true });
    for (const name of readdirSync(`${top}node_modules`)) {
      if (!name.startsWith(".")) symlinkSync(`${top}node_modules/${name}`, join(modules, name));
    }
    const manifest = { name: "consumer", private: true, type: "module", dependencies: { velithon: "*" } };
    this.write("package.json", JSON.stringify(manifest));
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** What the compilers say against these files; empty where nothing. Deno's own names are known to Deno alone. */
  async check(files: readonly { name: string; runtime: Block["runtime"] }[]): Promise<string> {
    const names = (deno: boolean) => files.filter((f) => (f.runtime === "deno") === deno).map((f) => f.name);
    const compilerOptions = {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: "ES2022",
      lib: ["ES2023", "ESNext.Disposable"],
      module: "NodeNext",
      types: ["node", "bun-types"],
      experimentalDecorators: false,
    };
    this.write("tsconfig.json", JSON.stringify({ compilerOptions, files: names(false) }));
    const results = [await ended(start(bin("tsc"), ["-p", "tsconfig.json"], this.folder))];
    const deno = names(true);
    if (deno.length > 0) {
      results.push(await ended(start(bin("deno"), ["check", "--no-lock", ...deno], this.folder)));
    }
    return results.map(({ code, output }) => (code === 0 ? "" : output || `exit code ${code}`)).join("");
  }

  async run(runtime: Block["runtime"], file: string): Promise<Ended> {
    return await ended(start(...commandFor(runtime, file), this.folder));
  }

  /** Starts a server and answers what it says to `GET /`, once it does. */
  async serve(runtime: Block["runtime"], file: string): Promise<string> {
    const port = await freePort();
    const child = start(...commandFor(runtime, file), this.folder, { PORT: String(port) });
    const end = ended(child);
    let early: Ended | undefined;
    end.then((result) => {
      early = result;
    });
    try {
      while (early === undefined) {
        const response = await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined);
        if (response !== undefined) return await response.text();
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`ended with exit code ${early.code}: ${early.output}`);
    } finally {
      child.kill("SIGKILL");
      await end;
    }
  }
}

/** The names in the interfaces called `...Options` or one of `names`, by interface. */
export function fieldsOf(source: string, wanted: (name: string) => boolean): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const match of source.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}/gms)) {
    if (!wanted(match[1]!)) continue;
    const body = match[2]!.replace(/\/\*.*?\*\//gs, "");
    found.set(
      match[1]!,
      [...body.matchAll(/^\s+(?:readonly )?(\w+)\??:/gm)].map((field) => field[1]!),
    );
  }
  return found;
}

/** What `file` exports, itself or from another file, without a comment in front of it that an editor would show. */
export function undocumentedExports(file: string): string[] {
  const source = read(file);
  const own = [...source.matchAll(/^export (?:async )?(?:const|function|class|interface|type) (\w+)/gm)];
  const named = [...source.matchAll(/^export (?:type )?\{([^}]*)\} from "(\.[^"]+)"/gm)];
  return [
    ...own.flatMap(([, name]) => (hasComment(source, name!) ? [] : [`${file}: ${name}`])),
    ...named.flatMap(([, names, from]) => {
      const other = posix.join(posix.dirname(file), from!);
      const missing = new Set(undocumentedExports(other));
      return names!
        .split(",")
        .map((name) => `${other}: ${name.trim().replace(/^type /, "")}`)
        .filter((name) => missing.has(name));
    }),
  ];
}

function hasComment(source: string, name: string): boolean {
  const declared = new RegExp(
    `\\*/\\n(?://[^\\n]*\\n)?export (?:async )?(?:const|function|class|interface|type) ${name}\\b`,
  );
  return declared.test(source);
}

/** The anchor that a heading gets. */
export function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, "")
    .trim()
    .replace(/\s/g, "-");
}
