// Lays the compiled core out as a package of its own, in the convention of wasm-pack's pkg/ folder:
// one .wasm file, and beside it one .js file for each kind of host. Nothing is compiled here.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

const top = new URL("../", import.meta.url);
const read = (file) => readFileSync(new URL(file, top), "utf8");
const pkg = new URL("pkg/", top);
const manifest = JSON.parse(read("package.json"));
const name = "velithon_core";

/** What the library says that the core exports, with its types. */
function declared() {
  const [, body] = /export interface CoreExports \{\n([\s\S]*?)\n\}/.exec(read("src/core/exports.ts"));
  return [...body.matchAll(/^ {2}(\w+)\(([\s\S]*?)\): (\w+);/gm)].map(([, name, parameters, result]) => ({
    name,
    parameters: parameters
      .replace(/,?\s*\n\s*/g, (gap) => (gap.startsWith(",") ? ", " : ""))
      .replace(/, $/, ""),
    result,
  }));
}

/** What the core's own source says about each function. */
function comments() {
  const sources = readdirSync(new URL("assembly/", top)).filter((file) => file.endsWith(".ts"));
  const found = new Map();
  for (const file of sources) {
    for (const [, text, name] of read(`assembly/${file}`).matchAll(
      /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/)\nexport function (\w+)/g,
    )) {
      found.set(name, text);
    }
  }
  return found;
}

/** The object of status codes, as the library has it. */
function statusOf(source) {
  const [, body] = /export const Status[^=]*= \{\n([\s\S]*?)\n\}/.exec(source);
  return [...body.matchAll(/(\w+): (-?\d+)/g)].map(([, key, value]) => [key, Number(value)]);
}

const functions = declared();
const bytes = readFileSync(new URL("dist/core.wasm", top));
const exported = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map((item) => item.name);
const wanted = new Set(["memory", ...functions.map((item) => item.name)]);
const odd = [
  ...exported.filter((item) => !wanted.has(item)).map((item) => `${item} has no type in src/core/exports.ts`),
  ...[...wanted].filter((item) => !exported.includes(item)).map((item) => `${item} is not in the core`),
];
if (odd.length > 0) throw new Error(`the core and its types differ: ${odd.join("; ")}`);

const docs = comments();
const untold = functions.filter(({ name }) => !docs.has(name)).map(({ name }) => name);
if (untold.length > 0) throw new Error(`nothing is said in assembly/ about ${untold.join(", ")}`);
const status = statusOf(read("src/core/exports.ts"));
const declarations = functions
  .map(({ name, parameters, result }) =>
    `${docs.get(name)}\nexport function ${name}(${parameters}): ${result};\n`.trimStart(),
  )
  .join("");

const statusType = `/** What a function answers besides a value. */
export const Status: { ${status.map(([key, value]) => `readonly ${key}: ${value}`).join("; ")} };
`;
const statusCode = `export const Status = { ${status.map(([key, value]) => `${key}: ${value}`).join(", ")} };\n`;
const names = [...wanted];

const ready = `/** The core's linear memory. */
export const memory: WebAssembly.Memory;
${declarations}${statusType}`;

const initialisable = `/** The core's linear memory; \`undefined\` until \`init\` or \`initSync\`, as every function here. */
export let memory: WebAssembly.Memory;
${declarations}${statusType}
export type InitInput =
  | RequestInfo
  | URL
  | Response
  | BufferSource
  | WebAssembly.Module
  | PromiseLike<RequestInfo | URL | Response | BufferSource | WebAssembly.Module>;

/** Fetches the file beside this one, or takes what it is given. Called again, it answers what is there. */
export default function init(input?: InitInput | { module_or_path?: InitInput }): Promise<{ memory: WebAssembly.Memory }>;
/** From bytes or a compiled module, at once. */
export function initSync(
  input: BufferSource | WebAssembly.Module | { module: BufferSource | WebAssembly.Module },
): { memory: WebAssembly.Memory };
`;

const bound = (from) => `export const { ${names.join(", ")} } = ${from};\n${statusCode}`;

const files = {
  // Hosts and bundlers that know the ES module integration of WebAssembly.
  [`${name}.js`]: `export { ${names.join(", ")} } from "./${name}_bg.wasm";\n${statusCode}`,
  [`${name}_node.js`]: `import { readFileSync } from "node:fs";
const bytes = readFileSync(new URL("${name}_bg.wasm", import.meta.url));
const wasm = new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports;
${bound("wasm")}`,
  // Deno imports the file by itself and asks no permission for it.
  [`${name}_deno.js`]: `export * from "./${name}.js";\n`,
  // workerd forbids compiling: there the import is the compiled module.
  [`${name}_workerd.js`]: `import module from "./${name}_bg.wasm";
const wasm = new WebAssembly.Instance(module).exports;
${bound("wasm")}`,
  [`${name}_web.js`]: `export let ${names.join(", ")};
${statusCode}
let wasm;

function bind(module) {
  wasm = new WebAssembly.Instance(module).exports;
  ({ ${names.join(", ")} } = wasm);
  return wasm;
}

const isOptions = (input, key) => Object.getPrototypeOf(input ?? 0) === Object.prototype && key in input;

export function initSync(input) {
  if (wasm !== undefined) return wasm;
  const source = isOptions(input, "module") ? input.module : input;
  return bind(source instanceof WebAssembly.Module ? source : new WebAssembly.Module(source));
}

export default async function init(input) {
  if (wasm !== undefined) return wasm;
  let source = await (isOptions(input, "module_or_path") ? input.module_or_path : input);
  source ??= new URL("${name}_bg.wasm", import.meta.url);
  if (typeof source === "string" || source instanceof URL || source instanceof Request) source = fetch(source);
  source = await source;
  if (source instanceof Response) {
    if (!source.ok) throw new Error(\`\${source.url} answered \${source.status}\`);
    source = await source.arrayBuffer();
  }
  const module = source instanceof WebAssembly.Module ? source : await WebAssembly.compile(source);
  return wasm ?? bind(module);
}
`,
  [`${name}.d.ts`]: ready,
  [`${name}_web.d.ts`]: initialisable,
  [`${name}_bg.wasm.d.ts`]: `declare const module: WebAssembly.Module;\nexport default module;\n`,
};

const target = (kind, types = name) => ({ types: `./${types}.d.ts`, default: `./${name}${kind}.js` });
const packageFile = {
  name: "velithon-core",
  version: manifest.version,
  description:
    "The core of velithon: slot accounting, schedule, statistics and eviction order, in WebAssembly",
  keywords: ["wasm", "object-pool", "histogram", "sieve", "memory"],
  license: manifest.license,
  engines: manifest.engines,
  type: "module",
  main: `./${name}.js`,
  types: `./${name}.d.ts`,
  exports: {
    ".": {
      types: `./${name}.d.ts`,
      deno: `./${name}_deno.js`,
      bun: `./${name}_node.js`,
      workerd: `./${name}_workerd.js`,
      browser: `./${name}.js`,
      node: `./${name}_node.js`,
      default: `./${name}.js`,
    },
    "./bundler": target(""),
    "./web": target("_web", `${name}_web`),
    "./nodejs": target("_node"),
    "./deno": target("_deno"),
    "./workerd": target("_workerd"),
    [`./${name}_bg.wasm`]: { types: `./${name}_bg.wasm.d.ts`, default: `./${name}_bg.wasm` },
    "./package.json": "./package.json",
  },
  files: [`${name}*`, "README.md", "LICENSE"],
  sideEffects: false,
};

rmSync(pkg, { recursive: true, force: true });
mkdirSync(pkg);
for (const [file, text] of Object.entries(files)) writeFileSync(new URL(file, pkg), text);
writeFileSync(new URL(`${name}_bg.wasm`, pkg), bytes);
writeFileSync(new URL("package.json", pkg), `${JSON.stringify(packageFile, undefined, 2)}\n`);
cpSync(new URL("docs/core-package.md", top), new URL("README.md", pkg));
cpSync(new URL("LICENSE", top), new URL("LICENSE", pkg));
