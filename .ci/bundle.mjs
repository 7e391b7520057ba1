// Joins the compiled files into one for each entry point and a few that entry points share: a program loads two or
// three files instead of dozens, which is most of what an import costs. What entry points share stays shared.
// The files as they were compiled go to dist/modules/, for bundlers: from those they can leave out what is not used.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const top = fileURLToPath(new URL("..", import.meta.url));
const { bin, exports } = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const joined = (file) => file.endsWith(".js") && !file.startsWith("./dist/modules/");
const targets = [...Object.values(bin), ...Object.values(exports)].flatMap((value) =>
  typeof value === "string" ? [value] : Object.values(value),
);
const entries = new Set(targets.filter(joined).map((file) => join(top, file)));
const dist = join(top, "dist");
const modules = join(dist, "modules");
rmSync(modules, { recursive: true, force: true });
const compiled = readdirSync(dist, { recursive: true })
  .filter((file) => file.endsWith(".js"))
  .map((file) => join(dist, file));
for (const file of compiled) if (file.endsWith("serve.js")) entries.add(file);

const { outputFiles } = await build({
  entryPoints: [...entries],
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  packages: "external",
  external: ["*.wasm"],
  // As deep as the entry points: an import of a .wasm file is taken over as it is written there.
  chunkNames: "runtimes/shared/[name]-[hash]",
  outbase: dist,
  outdir: dist,
  write: false,
  logLevel: "warning",
});
for (const file of compiled) {
  const path = relative(dist, file);
  if (!/(serve|cli\/.+|server)\.js$/.test(path)) cpSync(file, join(modules, path));
  rmSync(file);
}
for (const { path, contents } of outputFiles) {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, contents);
}
