// What the checks of the package share: an empty folder, commands run in it, and the count of what held.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const top = fileURLToPath(new URL("../..", import.meta.url));
export const manifest = JSON.parse(readFileSync(join(top, "package.json"), "utf8"));
export const bin = (name) => join(top, "node_modules/.bin", name);

const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
delete env.FORCE_COLOR;
// Run by npm itself, this process carries the settings of that run: they would point npm back here.
for (const name of Object.keys(env)) {
  if (/^(npm_(lifecycle|package)_|npm_config_local_prefix|INIT_CWD)/.test(name)) delete env[name];
}

/** An empty folder that goes with this process. */
export const work = mkdtempSync(join(tmpdir(), "velithon-package-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

let passed = 0;
let failed = 0;
let skipped = 0;

/** Counts one check; `problem` is empty where it holds. */
export function check(name, problem) {
  if (problem === "") passed++;
  else failed++;
  console.log(problem === "" ? `ok    ${name}` : `FAIL  ${name}\n${problem.replace(/^/gm, "      ")}`);
  return problem === "";
}

export function skip(name, reason) {
  skipped++;
  console.log(`skip  ${name}: ${reason}`);
}

export function finish() {
  console.log(`package: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed > 0 ? 1 : 0);
}

/** Runs a command; `problem` is its whole output where it failed, else nothing. */
export function run(command, args, cwd = work, variables = {}) {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...env, ...variables }, timeout: 180_000, maxBuffer: 2 ** 26 };
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      const problem = error
        ? `${error.killed ? "killed: " : ""}exit code ${error.code}\n${stdout}${stderr}`.trim()
        : "";
      resolve({ problem, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** Answers of `task` for every item, two at a time. */
export async function eachOf(items, task) {
  const answers = [];
  const queue = [...items.entries()];
  const worker = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      answers[next[0]] = await task(next[1]);
  };
  await Promise.all([worker(), worker()]);
  return answers;
}
