import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { checkImports, codeOnly, importsOf, runtimeNames } from "../structure.ts";

const MAX_LINES = 300;
const top = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(top + file, "utf8");

function filesIn(...folders: string[]): string[] {
  const files = folders.flatMap((folder) =>
    readdirSync(top + folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => `${entry.parentPath.slice(top.length)}/${entry.name}`),
  );
  assert.ok(files.length > 0, `no file in ${folders.join(", ")}`);
  return files.filter(
    (file) => !file.startsWith("test/out/") && !/^src\/(core\/\S*bytes|app\/page-html)\.ts$/.test(file),
  );
}

test("imports run from the runtimes down to the core", () => {
  const files = filesIn("src", "runtimes");
  assert.equal(
    files.flatMap((file) => checkImports(file, importsOf(read(file)))),
    [],
  );
});

test("the check reports an import that runs back", () => {
  const bad: [string, string][] = [
    ["src/core/index.ts", "../pool/index.ts"],
    ["src/pool/index.ts", "../cache/index.ts"],
    ["src/gc/index.ts", "../optimizer/memory-optimizer.ts"],
    ["src/optimizer/memory-optimizer.ts", "../middleware/cleanup.ts"],
    ["src/middleware/cleanup.ts", "../app.ts"],
    ["src/app.ts", "../runtimes/node/port.ts"],
    ["src/pool/index.ts", "../index.ts"],
    ["src/optimizer/memory-optimizer.ts", "../default.ts"],
    ["src/requests/tracker.ts", "../optimizer/memory-optimizer.ts"],
    ["src/demo.ts", "./metrics.ts"],
    ["src/shared/errors.ts", "../core/index.ts"],
    ["src/shared/errors.ts", "hono"],
    ["src/app.ts", "node:fs"],
    ["src/app.ts", "bun"],
    ["src/app.ts", "velithon/core"],
    ["src/app.ts", "./nowhere/x.ts"],
    ["src/nowhere/x.ts", "./y.ts"],
  ];
  for (const [file, specifier] of bad)
    assert.is(checkImports(file, [specifier]).length, 1, `${file} ${specifier}`);
  const good = [
    "./port.ts",
    "../../src/app.ts",
    "../../src/core/index.ts",
    "../bun/port.ts",
    "node:fs",
    "hono",
  ];
  assert.equal(checkImports("runtimes/node/index.ts", good), []);
  assert.equal(checkImports("src/shared/options.ts", ["valibot", "./errors.ts"]), []);
  assert.equal(checkImports("src/pool/a.ts", ["./b.ts", "../core/index.ts", "../shared/errors.ts"]), []);
});

test("the check sees every form of import, and none in a comment", () => {
  const source = `
    import a, { type B } from "./1.ts"; import "./2.ts";
    import type {
      C,
    } from './3.ts';
    export * from "./4.ts"; export { d } from "./5.ts";
    const e = await import("./6.ts"); // import "./no.ts";
    export interface F { kind: "no" | "never"; from: "no" }
    /* import f from "./no.ts" */ const g = /["']/; export const h = "./no.ts";
    throw new Error('call this, or import "./no.ts" first');`;
  assert.equal(importsOf(source).sort(), ["./1.ts", "./2.ts", "./3.ts", "./4.ts", "./5.ts", "./6.ts"]);
});

test("the library and its core name no runtime", () => {
  const named = filesIn("src", "assembly").flatMap((file) => {
    const names = runtimeNames(read(file));
    return names.length > 0 ? [`${file}: ${names.join(", ")}`] : [];
  });
  assert.equal(named, []);
});

test("the check sees the name of a runtime in code only", () => {
  assert.equal(runtimeNames("const a = Bun.version + globalThis.process?.pid;"), [
    "Bun",
    "globalThis.process?.",
  ]);
  assert.equal(runtimeNames(`if (typeof Deno === 'object') \`pid \${process.pid}\`;`), ["Deno", "process."]);
  assert.equal(runtimeNames("// Deno.exit\n/* Bun */ const a = 'the process.'; a.process.b(`Bun`);"), []);
});

test("chance comes from the port", () => {
  const own = filesIn("src").filter((file) => /\bMath\.random\b/.test(codeOnly(read(file))));
  assert.equal(own, []);
});

test("views over a core's memory, which die when it grows, are made in one place", () => {
  const viewing = /\bmemory\.buffer\b|\{ (?:buffer|memory) \} = [\w.#]*exports\b/;
  const own = filesIn("src").filter((file) => viewing.test(codeOnly(read(file))));
  // What workers share lies in a memory of its own, whose views stay.
  assert.equal(own.sort(), ["src/core/instance.ts", "src/core/shared.ts"]);
});

test("every test file runs its tests", () => {
  const files = filesIn("test").filter((file) => file.endsWith(".test.ts"));
  assert.equal(
    files.filter((file) => !/\.run\(\)/.test(codeOnly(read(file)))),
    [],
  );
  assert.not.match(codeOnly('// test.run();\nconst a = "test.run()";'), /\.run\(\)/);
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = filesIn("assembly", "src", "runtimes").flatMap((file) => {
    const lines = read(file).trimEnd().split("\n").length;
    return lines > MAX_LINES ? [`${file}: ${lines}`] : [];
  });
  assert.equal(long, []);
});

test.run();
