import { existsSync, readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { codeOnly, importsOf } from "../structure.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string): string => readFileSync(top + file, "utf8");

interface Manifest {
  version: string;
  exports: Record<string, string | Record<string, string>>;
  sideEffects: string[];
}
const manifest: Manifest = JSON.parse(read("package.json"));
const jsr: { version: string; exports: Record<string, string> } = JSON.parse(read("jsr.json"));

/** Entry points that npm alone has, and why. */
const NPM_ONLY: Record<string, string> = {
  "./package.json": "a file of npm",
  "./core.wasm": "JSR serves modules of source alone",
};

test("every file that the package exports exists after the build", () => {
  const named = Object.values(manifest.exports).flatMap((value) =>
    typeof value === "string" ? [value] : Object.values(value),
  );
  assert.ok(named.length > 0);
  assert.equal(
    named.filter((file) => !existsSync(top + file)),
    [],
  );
});

test("jsr.json has the version and the entry points of package.json", () => {
  assert.is(jsr.version, manifest.version);
  const entries = Object.keys(manifest.exports).filter((key) => !Object.hasOwn(NPM_ONLY, key));
  assert.equal(Object.keys(jsr.exports).sort(), entries.sort());
  for (const [key, source] of Object.entries(jsr.exports)) {
    const entry = manifest.exports[key];
    // JSR gets the source of what npm gets built; Deno's own where the runtimes differ.
    const built = typeof entry === "object" ? (entry.deno ?? entry.default) : entry;
    assert.is(
      built?.replace(/\.mjs$/, ".js"),
      source.replace(/^\.\//, "./dist/").replace(/\.ts$/, ".js"),
      key,
    );
    assert.ok(existsSync(top + source), `${source} does not exist`);
  }
});

test("conditions stand in the order in which they are tried, types first and default last", () => {
  // `module` is what bundlers ask for, and no runtime.
  const order = ["types", "deno", "bun", "workerd", "browser", "module", "node", "default"];
  for (const [entry, value] of Object.entries(manifest.exports)) {
    if (typeof value === "string") continue;
    const keys = Object.keys(value);
    assert.equal(
      keys,
      order.filter((name) => keys.includes(name)),
      entry,
    );
    assert.ok(keys.includes("types") && keys.includes("default"), entry);
  }
  for (const entry of [".", "./hono"]) assert.equal(Object.keys(manifest.exports[entry]!), order, entry);
});

test("no program gets one entry point joined and another as modules: their classes would differ", () => {
  const entries = Object.entries(manifest.exports).filter(([, value]) => typeof value === "object");
  const alone = ["./node", "./bun", "./deno", "./web", "./cli", "./register"];
  for (const condition of ["deno", "bun", "workerd", "browser", "module", "node", "default"]) {
    const kinds = new Set(
      entries
        .filter(([entry]) => !alone.includes(entry))
        .map(([, value]) => {
          const { [condition]: own, default: last } = value as Record<string, string>;
          return (own ?? last)!.startsWith("./dist/modules/");
        }),
    );
    assert.is(kinds.size, 1, condition);
    assert.equal([...kinds], [condition === "browser" || condition === "module"], condition);
  }
});

test("the built core is one file; the joined files bring what they use of valibot, with its licence", () => {
  assert.equal(importsOf(read("dist/src/core/index.mjs")), []);
  const joined = readdirSync(`${top}dist/runtimes`, { recursive: true })
    .map((name) => `dist/runtimes/${name}`)
    .filter((name) => name.endsWith(".js"));
  assert.ok(joined.length >= 10, joined.join(" "));
  for (const file of joined) assert.not.ok(importsOf(read(file)).includes("valibot"), file);
  const library = joined.filter((file) => file.startsWith("dist/runtimes/shared/velithon-"));
  assert.is(library.length, 1);
  assert.match(read(library[0]!), "Copyright (c) Fabian Hiller");
});

/** A built file and all that it imports, itself among them. */
function loaded(file: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, path] of read(file).matchAll(/(?:from|import) ?"(\.[^"]+)"/g))
    loaded(posix.join(posix.dirname(file), path!), found);
  return found;
}

test("a program loads the library in at most seven files: each more takes 0.6 ms on Node", () => {
  for (const runtime of ["node", "bun", "deno"]) {
    const files = [...loaded(`dist/runtimes/${runtime}/index.js`)];
    assert.ok(files.length > 3 && files.length <= 7, files.join(", "));
  }
});

test("what is imported for its effect is marked as having one", () => {
  const marked = manifest.sideEffects.map((glob) => new RegExp(`^${glob.replaceAll("*", "[^/]+")}$`));
  const files = readdirSync(`${top}runtimes`, { recursive: true })
    .map((name) => `runtimes/${name}`)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts") && !name.endsWith("/serve.ts"));
  const effective = files.filter((file) =>
    /^(useRuntime|useCoreModule)\(|^import "";/m.test(codeOnly(read(file))),
  );
  assert.ok(effective.length >= 10, effective.join(" "));
  const built = effective.flatMap((file) =>
    ["./dist/", "./dist/modules/"].map((folder) => folder + file.replace(/\.ts$/, ".js")),
  );
  assert.equal(
    built.filter((file) => !marked.some((pattern) => pattern.test(file))),
    [],
  );
});

test("every export of the core's package is in its page", () => {
  const names = Array.from(
    read("pkg/velithon_core.d.ts").matchAll(/^export (?:function|const) (\w+)/gm),
    ([, name]) => name!,
  );
  assert.ok(names.length > 40);
  const page = read("docs/core-package.md");
  assert.equal(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test.run();
