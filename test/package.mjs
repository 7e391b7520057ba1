// Packs the built package, installs it into an empty folder and uses it there on every runtime.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryPoints, types } from "./consumer.mjs";

const top = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => join(top, "node_modules/.bin", name);
const manifest = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
delete env.FORCE_COLOR;
// Run by npm itself, this process carries the settings of that run: they would point npm back here.
for (const name of Object.keys(env)) {
  if (/^(npm_(lifecycle|package)_|npm_config_local_prefix|INIT_CWD)/.test(name)) delete env[name];
}
const work = mkdtempSync(join(tmpdir(), "velithon-package-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

let passed = 0;
let failed = 0;

/** Counts one check; `problem` is empty where it holds. */
function check(name, problem) {
  if (problem === "") passed++;
  else failed++;
  console.log(problem === "" ? `ok    ${name}` : `FAIL  ${name}\n${problem.replace(/^/gm, "      ")}`);
  return problem === "";
}

/** Runs a command; its whole output where it failed, else nothing. */
function run(command, args, cwd) {
  const result = spawnSync(command, args, { cwd, env, encoding: "utf8", timeout: 180_000, stdio: "pipe" });
  if (result.status === 0) return { problem: "", stdout: result.stdout };
  const reason = result.error?.message ?? `exit code ${result.status ?? result.signal}`;
  return {
    problem: `${reason}\n${result.stdout ?? ""}${result.stderr ?? ""}`.trim(),
    stdout: result.stdout ?? "",
  };
}

function finish() {
  console.log(`package: ${passed} passed, ${failed} failed, 0 skipped`);
  process.exit(failed > 0 ? 1 : 0);
}

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
  const byHand = /^(start(:.+)?|format|prepare)$/;
  const idle = Object.keys(scripts).filter((name) => !reached.has(name) && !byHand.test(name));
  const missing = [...reached].filter((name) => !Object.hasOwn(scripts, name));
  return [
    ...idle.map((name) => `nothing runs ${name}`),
    ...missing.map((name) => `there is no ${name}`),
  ].join("\n");
}

function pack() {
  const { problem, stdout } = run(
    "npm",
    ["pack", "--ignore-scripts", "--json", "--pack-destination", work],
    top,
  );
  if (!check("npm pack", problem)) finish();
  const [{ filename, files }] = JSON.parse(stdout);
  const paths = files.map((file) => file.path);
  const allowed = /^(dist\/.+|README\.md|LICENSE|CHANGELOG\.md|package\.json)$/;
  check("only what belongs is packed", paths.filter((path) => !allowed.test(path)).join("\n"));
  const named = Object.values(manifest.exports).flatMap((value) =>
    typeof value === "string" ? [value] : Object.values(value),
  );
  const wanted = named.map((path) => path.replace("./", ""));
  check("all that is exported is packed", wanted.filter((path) => !paths.includes(path)).join("\n"));
  return join(work, filename);
}

function install(tarball) {
  const folder = join(work, "consumer");
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "name": "consumer", "private": true, "type": "module" }\n');
  const peers = Object.keys(manifest.peerDependencies).map(
    (name) => `${name}@${manifest.devDependencies[name]}`,
  );
  const options = ["--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund"];
  const { problem } = run("npm", ["install", ...options, tarball, ...peers], folder);
  if (!check("npm install into an empty folder", problem)) finish();
  return folder;
}

function use(folder) {
  const denoStartFlags = manifest.scripts["start:deno"].match(/--v8-flags=\S+/g) ?? [];
  const runtimes = {
    node: (file) => [process.execPath, [file]],
    bun: (file) => [bin("bun"), [file]],
    // Without a terminal Deno denies what is not granted, instead of asking.
    deno: (file, permissions) => [bin("deno"), ["run", "--no-lock", ...permissions, file]],
  };
  const rows = [];
  for (const [entry, { script, deno }] of Object.entries(entryPoints)) {
    const file = `${entry.replaceAll("/", "-")}.mjs`;
    writeFileSync(join(folder, file), `${script}\nconsole.log("ok");\n`);
    const cells = Object.entries(runtimes).map(([name, command]) => {
      const { problem, stdout } = run(
        ...command(file, deno.length > 0 ? [...denoStartFlags, ...deno] : []),
        folder,
      );
      const silent =
        problem === "" && stdout.trim().split("\n").at(-1) !== "ok" ? "it did not run to its end" : "";
      return check(`${entry} on ${name}`, problem || silent) ? "ok" : "FAIL";
    });
    rows.push([entry, ...cells]);
  }
  return [["entry point", ...Object.keys(runtimes)], ...rows];
}

if (!existsSync(join(top, "dist"))) {
  console.error("package: dist/ is missing: run npm run build first");
  process.exit(1);
}
check("every script is run by check or verify", checkScripts(manifest.scripts));
const tarball = pack();
check("publint", run(bin("publint"), ["run", tarball, "--strict"], work).problem);
const attw = [tarball, "--profile", "esm-only", "--format", "ascii", "--exclude-entrypoints", "./core.wasm"];
check("attw", run(bin("attw"), attw, work).problem);
// Also says so when a module of the graph, such as the generated bytes, would not be published.
check("jsr", run(bin("deno"), ["publish", "--dry-run", "--allow-dirty"], top).problem);

const folder = install(tarball);
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
check("types", run(bin("tsc"), compiler, folder).problem);
const table = use(folder);
console.log(
  `\n${table.map((row) => row.map((cell, i) => cell.padEnd(i === 0 ? 20 : 6)).join("")).join("\n")}\n`,
);
finish();
