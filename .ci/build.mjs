// Compiles, and joins the compiled files into one for each entry point and a few that entry points share: a program loads two or
// three files instead of dozens, which is most of what an import costs. What entry points share stays shared.
// The files as they were compiled go to dist/modules/, for bundlers: from those they can leave out what is not used.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { rolldown } from "rolldown";

const top = fileURLToPath(new URL("..", import.meta.url));
const { bin, exports } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const joined = (file) => file.endsWith(".js") && !file.startsWith("./dist/modules/");
const targets = [...Object.values(bin), ...Object.values(exports)].flatMap((value) =>
  typeof value === "string" ? [value] : Object.values(value),
);
const entries = new Set(targets.filter(joined).map((file) => join(top, file)));
const dist = join(top, "dist");
const modules = join(dist, "modules");
// What an earlier build left would be packed too.
for (const folder of ["src", "runtimes", "modules"])
  rmSync(join(dist, folder), { recursive: true, force: true });
execFileSync(join(top, "node_modules/.bin/tsc"), ["-p", join(top, ".ci/tsconfig.build.json")], {
  stdio: "inherit",
});
const compiled = readdirSync(dist, { recursive: true })
  .filter((file) => file.endsWith(".js"))
  .map((file) => join(dist, file));
for (const file of compiled) if (file.endsWith("serve.js")) entries.add(file);

const bundle = await rolldown({
  input: Object.fromEntries([...entries].map((file) => [relative(dist, file).replace(/\.js$/, ""), file])),
  platform: "neutral",
  external: (id) => !/^[./]/.test(id) || id.endsWith(".wasm"),
});
const { output } = await bundle.generate({
  format: "esm",
  comments: { legal: true, annotation: true, jsdoc: false },
  entryFileNames: "[name].js",
  // As deep as the entry points: an import of a .wasm file is taken over as it is written there.
  chunkFileNames: "runtimes/shared/[name]-[hash].js",
  minifyInternalExports: false,
  // The core comes in one piece: each file more is 0.6 ms on Node.
  codeSplitting: { groups: [{ name: "core", test: /\/dist\/src\/(core\/|shared\/errors)/ }] },
});
await bundle.close();
/** Programs: nobody bundles those. */
const programs = /(\/serve|\/server|cli\/.+)\.js$/;
for (const file of compiled) {
  const path = relative(dist, file);
  if (!programs.test(path)) cpSync(file, join(modules, path));
  rmSync(file);
}

// The core's entry point would be a file that only exports again what another one has: 0.6 ms for nothing, on Node and on Bun.
// The piece itself takes that place; beside what is public it exports the few things that the others import of it.
const core = output.find(({ fileName }) => fileName.startsWith("runtimes/shared/core-"));
const entry = output.find(({ fileName }) => fileName === "src/core/index.js");
const missing = entry.exports.filter((name) => !core.exports.includes(name));
if (missing.length > 0) throw new Error(`the core's piece does not export ${missing.join(", ")}`);
const name = core.fileName.split("/").pop();
for (const { fileName, code } of output) {
  if (fileName === core.fileName) continue;
  const path = join(dist, fileName);
  const toEntry = relative(join(path, ".."), join(dist, entry.fileName));
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(
    path,
    fileName === entry.fileName
      ? core.code
      : code.replace(/(from |import )"(\.[^"]*)"/g, (text, keyword, file) =>
          file.endsWith(`/${name}`) ? `${keyword}"./${toEntry}"` : text,
        ),
  );
}
