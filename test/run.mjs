// Runs the tests: one process per file and runtime. Files below test/host/ start servers and browsers or read
// the source tree, so they run on Node alone; every other file runs on Node, Bun and Deno.
// The exit code of a test file is not trusted by itself: uvu exits 0 when a file forgets `test.run()`.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";

const TIME_LIMIT_SECONDS = 240;
const top = fileURLToPath(new URL("..", import.meta.url));
const scripts = JSON.parse(readFileSync(`${top}package.json`, "utf8")).scripts;
const denoStartFlags = scripts["start:deno"].match(/--v8-flags=\S+/g) ?? [];

const runtimes = {
  node: { bin: process.execPath, args: ["--import", "tsx"] },
  bun: { bin: `${top}node_modules/.bin/bun`, args: [] },
  deno: { bin: `${top}node_modules/.bin/deno`, args: ["run", "-A", "--no-lock", ...denoStartFlags] },
};

// The output is parsed, so it must carry no colours. Both variables together make Node warn.
const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
delete env.FORCE_COLOR;

function stop(message) {
  console.error(`test: ${message}`);
  process.exit(1);
}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        runtime: { type: "string" },
        timeout: { type: "string" },
        except: { type: "string", multiple: true },
      },
    });
    const names = values.runtime?.split(",") ?? Object.keys(runtimes);
    const unknown = names.find((name) => !Object.hasOwn(runtimes, name));
    if (unknown !== undefined) {
      stop(`unknown runtime "${unknown}", accepted: ${Object.keys(runtimes).join(", ")}`);
    }
    const seconds = Number(values.timeout ?? TIME_LIMIT_SECONDS);
    if (!(seconds > 0 && seconds <= 3600))
      stop(`--timeout "${values.timeout}": seconds, above 0, at most 3600`);
    const { except = [] } = values;
    return {
      names: [...new Set(names)],
      named: values.runtime !== undefined,
      filters: positionals,
      except,
      seconds,
    };
  } catch (error) {
    return stop(
      `${error.message.split("\n")[0]} (options: --runtime node,bun,deno --except PART --timeout SECONDS FILTER...)`,
    );
  }
}

function findFiles(filters, except) {
  const files = readdirSync(`${top}test`, { recursive: true })
    .map((name) => `test/${name.replaceAll("\\", "/")}`)
    .filter((name) => name.endsWith(".test.ts") && !name.startsWith("test/out/"))
    .filter((name) => !except.some((part) => name.includes(part)))
    .sort();
  return filters.length === 0 ? files : files.filter((name) => filters.some((part) => name.includes(part)));
}

const running = new Set();

function killGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended already.
  }
}

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => {
    for (const child of running) killGroup(child);
    process.exit(1);
  });
}

/** Runs one command in a process group of its own, so that nothing it started outlives it. */
function run(bin, args, seconds) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(bin, args, { cwd: top, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let output = "";
    let problem = "";
    const timer = setTimeout(() => {
      problem = `still running after ${seconds} s, killed`;
      killGroup(child);
    }, seconds * 1000);
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        output += text;
      });
    }
    child.on("error", (error) => finish(`cannot be started: ${error.message}`));
    child.on("exit", (code, signal) => {
      problem ||= code === 0 ? "" : `ended with ${signal ?? `exit code ${code}`}`;
      // A process left behind may hold the pipes open: it must not hold up the run.
      killGroup(child);
      setTimeout(finish, 2000, problem).unref();
    });
    child.on("close", () => finish(problem));

    function finish(reason) {
      clearTimeout(timer);
      running.delete(child);
      const seconds = (performance.now() - started) / 1000;
      resolve({ problem: reason, output: stripVTControlCharacters(output), seconds });
    }
  });
}

/** Adds up the summaries that uvu printed: one a file, or several when a file awaits between two `run()`. */
function count(output) {
  const sum = { total: 0, passed: 0, skipped: 0 };
  for (const match of output.matchAll(/^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm)) {
    sum.total += Number(match[1]);
    sum.passed += Number(match[2]);
    sum.skipped += Number(match[3]);
  }
  return sum;
}

async function runFile(name, file, seconds) {
  const { bin, args } = runtimes[name];
  const result = await run(bin, [...args, file], seconds);
  const { total, passed, skipped } = count(result.output);
  const problem = result.problem || (total + skipped === 0 ? "no test ran (is test.run() called?)" : "");
  const failed = Math.max(total - passed, problem === "" ? 0 : 1);
  const state = failed > 0 ? "FAIL" : "ok  ";
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  console.log(`${state} ${name.padEnd(4)} ${file}  ${counts}  ${result.seconds.toFixed(1)} s`);
  if (failed > 0)
    console.log(`${result.output.trimEnd()}\n     ${name} ${file}: ${problem || "not every test passed"}\n`);
  return { passed, failed, skipped };
}

const { names, named, filters, except, seconds } = readOptions();
const files = findFiles(filters, except);
if (files.length === 0)
  stop(filters.length === 0 ? "no test files" : `no test file matches ${filters.join(", ")}`);

const totals = { passed: 0, failed: 0, skipped: 0 };
function fail(message) {
  console.log(`FAIL ${message}`);
  totals.failed++;
}

const jobs = [];
for (const name of names) {
  const own = files.filter((file) => name === "node" || !file.startsWith("test/host/"));
  if (own.length === 0 && filters.length > 0 && !named) continue;
  const probe = await run(runtimes[name].bin, ["--version"], 60);
  if (probe.problem !== "") fail(`${name} ${probe.problem}\n${probe.output}`);
  else if (own.length === 0) fail(`${name} has no test to run`);
  else jobs.push(...own.map((file) => ({ name, file })));
}

const atOnce = Math.max(1, Math.min(2, availableParallelism()));
const workers = Array.from({ length: atOnce }, async () => {
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    const result = await runFile(job.name, job.file, seconds);
    totals.passed += result.passed;
    totals.failed += result.failed;
    totals.skipped += result.skipped;
  }
});
await Promise.all(workers);

console.log(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(totals.failed > 0 ? 1 : 0);
