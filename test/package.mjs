// Packs the built packages, installs them into an empty folder and uses them there: on every runtime, behind every
// bundler, in a browser and on workerd. The last thing printed but one is the table of all of it.
// With --bundlers also behind Vite and webpack, which are fetched for this.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { published, restore, strip } from "../.ci/manifest.mjs";
import { bin, check, finish, manifest, run, top, work } from "./package/command.mjs";
import { checkDocumentedPage, checkVerifying } from "./package/documented.mjs";
import { entryPoints } from "./package/entries.mjs";
import { fetchBundlers } from "./package/fetched.mjs";
import { checkGuide } from "./package/guide.mjs";
import { checkPublished } from "./package/published.mjs";
import { sizesOf, toldSize } from "./package/size.mjs";
import { tableOf } from "./package/table.mjs";
import { checkTypesAlone, types } from "./package/types.mjs";

/** Scripts that `check` and `verify` run, directly or through another. */
function reachedScripts(scripts) {
  const reached = new Set(["check", "verify"]);
  for (const name of reached) {
    for (const [, script] of (scripts[name] ?? "").matchAll(/\bnpm (?:run )?([\w:-]+)/g)) reached.add(script);
  }
  return reached;
}

function checkScripts(scripts) {
  const reached = reachedScripts(scripts);
  const byHand = /^(start(:.+)?|format|prepare|prepack|postpack)$/;
  const idle = Object.keys(scripts).filter((name) => !reached.has(name) && !byHand.test(name));
  const missing = [...reached].filter((name) => !Object.hasOwn(scripts, name));
  return [
    ...idle.map((name) => `nothing runs ${name}`),
    ...missing.map((name) => `there is no ${name}`),
  ].join("\n");
}

async function pack() {
  const packing = ["pack", "--ignore-scripts", "--json", "--pack-destination", work];
  // As prepack and postpack do it, without a new build.
  strip();
  const { problem, stdout } = await run("npm", packing, top).finally(restore);
  if (!check("npm pack", problem)) finish();
  const [{ filename, files }] = JSON.parse(stdout);
  const paths = files.map((file) => file.path);
  const allowed = /^(dist\/.+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;
  const told = Object.keys(published(manifest)).filter((key) =>
    /^(scripts|devDep|optionalDep|allow)/.test(key),
  );
  check("nothing that only a clone needs is published", told.join("\n"));
  check("only what belongs is packed", paths.filter((path) => !allowed.test(path)).join("\n"));
  const named = Object.values(manifest.exports).flatMap((value) =>
    typeof value === "string" ? [value] : Object.values(value),
  );
  const code = paths
    .filter((path) => /\.m?js$/.test(path))
    .map((path) => readFileSync(join(top, path), "utf8"));
  const unused = paths.filter(
    (path) =>
      path.endsWith(".wasm") &&
      !named.includes(`./${path}`) &&
      !code.some((text) => text.includes(`/${basename(path)}"`)),
  );
  check("each compiled module is exported, or imported as a file", unused.join("\n"));
  const wanted = [...named, ...Object.values(manifest.bin ?? {})].map((path) => path.replace("./", ""));
  check("all that is exported is packed", wanted.filter((path) => !paths.includes(path)).join("\n"));
  return join(work, filename);
}

async function install(tarballs) {
  const folder = join(work, "consumer");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const peers = Object.keys(manifest.peerDependencies).map(
    (name) => `${name}@${manifest.devDependencies[name]}`,
  );
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { problem } = await run("npm", ["install", ...options, ...tarballs, ...peers], folder);
  if (!check("npm install into an empty folder", problem)) finish();
  const extra = existsSync(join(folder, "node_modules/wasm-pack")) ? "wasm-pack was installed" : "";
  check("an install brings nothing that only a clone needs", extra);
  return folder;
}

const coreTarball = join(top, `pkg/velithon-core-${manifest.version}.tgz`);
for (const [path, script] of [
  [join(top, "dist"), "build"],
  [coreTarball, "pack:core"],
]) {
  if (existsSync(path)) continue;
  console.error(`package: ${path} is missing: run npm run ${script} first`);
  process.exit(1);
}
check("every script is run by check or verify", checkScripts(manifest.scripts));
const tarball = await pack();
for (const file of [tarball, coreTarball]) {
  const name = file.slice(file.lastIndexOf("/") + 1);
  check(`publint ${name}`, (await run(bin("publint"), ["run", file, "--strict"])).problem);
  const wasm = file === tarball ? "./core.wasm" : "./velithon_core_bg.wasm";
  const attw = [file, "--profile", "esm-only", "--format", "ascii", "--exclude-entrypoints", wasm];
  check(`attw ${name}`, (await run(bin("attw"), attw)).problem);
}
// Also says so when a module of the graph, such as the generated bytes, would not be published.
const jsr = await run(bin("deno"), ["publish", "--dry-run", "--allow-dirty"], top);
check("jsr", jsr.problem);
check("jsr knows every type at once", /warning\[|slow-type/.test(jsr.stdout + jsr.stderr) ? jsr.stderr : "");

const folder = await install([tarball, coreTarball]);
writeFileSync(join(folder, "types.ts"), types);
const compiler = [
  "--noEmit",
  "--strict",
  "--skipLibCheck",
  "--module",
  "nodenext",
  "--target",
  "es2022",
  "types.ts",
];
check("types", (await run(bin("tsc"), compiler, folder)).problem);
await checkTypesAlone(folder);
await checkGuide(folder);
const { lines, problem, poolKb } = await sizesOf(folder);
check("a bundle with the pool alone carries no hono, no app, no middleware", problem);
check("the README tells its size", toldSize(readFileSync(join(top, "README.md"), "utf8"), poolKb));
copyFileSync(join(top, "test/host/attached/done.mjs"), join(folder, "done.mjs"));
for (const [runtime, words] of [
  ["npx", ["npx", "--no-install", "velithon"]],
  ["bunx", [bin("bun"), "x", "--bun", "--no-install", "velithon"]],
  ["deno", [bin("deno"), "run", "-A", "--no-lock", "npm:velithon"]],
]) {
  const { problem, stdout } = await run(words[0], [...words.slice(1), "doctor", "--json"], folder);
  const wanted = { npx: "node", bunx: "bun", deno: "deno" }[runtime];
  const report = problem ? undefined : JSON.parse(stdout);
  if (check(`${runtime} velithon doctor`, report?.runtime === wanted ? "" : problem || stdout))
    await checkVerifying(folder, runtime, report);
  const attached = await run(words[0], [...words.slice(1), "run", "--attach", "done.mjs"], folder);
  const watched = attached.stdout === "once\n" && attached.stderr.includes("velithon: watching this process");
  check(
    `${runtime} velithon run --attach`,
    attached.problem || (watched ? "" : attached.stdout + attached.stderr),
  );
}
await checkPublished([tarball]);
await checkDocumentedPage(folder);
console.log("every entry point, everywhere: a minute or two");
const fetched = process.argv.includes("--bundlers") ? await fetchBundlers() : undefined;
const table = await tableOf(folder, entryPoints, fetched);
console.log(`\nbundled by esbuild, minified\n${lines.join("\n")}\n\n${table}\n`);
finish();
