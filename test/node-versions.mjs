// Runs the tests of the library on every version of Node that it supports, each from the registry's own build.
// Usage: node test/node-versions.mjs [FILTER...]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const VERSIONS = ["20.20.2", "22.23.3", "24.21.0", "26.10.0"];
const top = fileURLToPath(new URL("..", import.meta.url));
const given = process.argv.slice(2);
// Without a filter: all but what starts servers and browsers, and of that what a version may change.
const filters = given.length > 0 ? given : ["--except", "test/host/"];

/** The program of this version: the one that runs this where it fits, else from the registry. */
function binaryOf(version) {
  if (process.versions.node === version) return { binary: process.execPath };
  const { status, stdout, stderr } = spawnSync("npx", ["-y", `node@${version}`, "-p", "process.execPath"], {
    cwd: "/",
    encoding: "utf8",
    timeout: 300_000,
  });
  return status === 0 ? { binary: stdout.trim() } : { problem: stderr.trim() || `npx ended with ${status}` };
}

function run(binary, args) {
  const { status, stdout } = spawnSync(binary, args, { cwd: top, encoding: "utf8", maxBuffer: 2 ** 27 });
  const lines = stdout.trimEnd().split("\n");
  return { ok: status === 0, summary: lines.at(-1), failures: lines.filter((line) => !/^ok\b/.test(line)) };
}

const SMOKE = `
import { createMemoryOptimizer } from "./dist/runtimes/node/index.js";
const { capabilities, port, gcOptimizer } = createMemoryOptimizer();
const major = gcOptimizer.manualCollection({ generation: 2 });
if (!major.performed) throw new Error("no major collection");
console.log(port.version + ": " + Object.values(capabilities).filter((c) => c.available).length + " capabilities");`;

let failed = 0;
for (const version of VERSIONS) {
  console.log(`Node ${version}`);
  const { binary, problem } = binaryOf(version);
  if (problem) {
    failed++;
    console.log(`  FAIL  it could not be had: ${problem}`);
    continue;
  }
  const runs = [
    ["the built package", run(binary, ["--input-type=module", "-e", SMOKE])],
    ["the tests", run(binary, ["test/run.mjs", "--runtime", "node", ...filters])],
  ];
  if (given.length === 0) {
    runs.push([
      "spelling of gc, exit, attach, command line",
      run(binary, [
        "test/run.mjs",
        "host/gc-spelling",
        "host/exit",
        "host/serve",
        "host/register",
        "host/cli",
      ]),
    ]);
  }
  for (const [name, { ok, summary, failures }] of runs) {
    if (!ok) failed++;
    console.log(`  ${ok ? "ok  " : "FAIL"}  ${name}: ${summary}`);
    if (!ok) console.log(failures.map((line) => `        ${line}`).join("\n"));
  }
}
console.log(`node versions: ${VERSIONS.length} versions, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
