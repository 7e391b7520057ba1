/**
 * `npm run bench [SUBJECT ...] [-- --runtime node,bun,deno --quick]`: measures, prints, and compares with the
 * targets. A missed target is printed as missed; only a crash is an error.
 *
 * @module
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { readArguments, runtimesIn, stop } from "./arguments.ts";
import { exclusively } from "./lock.ts";
import { formatSection, formatTargets, type Report, type Target } from "./report.ts";
import { built, command, type Runtime, top } from "./runtimes.ts";
import { groups, outside, subjects } from "./subjects.ts";

function readPlan(): { names: string[]; on: readonly Runtime[]; mode: "quick" | "full" } {
  const { values, positionals } = readArguments(
    "bench",
    { runtime: { type: "string" }, quick: { type: "boolean" } },
    true,
  );
  const asked = positionals.length > 0 ? positionals : Object.keys(subjects);
  const names = [...new Set(asked.flatMap((name) => groups[name] ?? [name]))];
  const unknown = names.find((name) => !Object.hasOwn(subjects, name));
  if (unknown) stop("bench", `there is no subject ${unknown}; accepted: ${Object.keys(subjects).join(", ")}`);
  const on = runtimesIn("bench", values.runtime);
  return { names, on, mode: values.quick ? "quick" : "full" };
}

/** The three runtimes run the same compiled files: a loader that compiles on the way would leave its marks. */
function build(): void {
  mkdirSync(built, { recursive: true });
  writeFileSync(join(built, "package.json"), '{ "type": "module" }\n');
  execFileSync(join(top, "node_modules/.bin/tsc"), ["-p", join(top, "bench/tsconfig.json")], {
    stdio: "inherit",
  });
}

function run(name: string, runtime: Runtime, mode: string): Promise<Report> {
  const { bin, args } = command(outside.includes(name) ? "node" : runtime, "child.js", true);
  return new Promise((resolve, reject) => {
    const child = spawn(bin, [...args, name, runtime, mode], {
      cwd: top,
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code !== 0) reject(new Error(`${name} on ${runtime} ended with ${signal ?? `exit code ${code}`}`));
      else resolve(JSON.parse(text.trimEnd().split("\n").at(-1)!) as Report);
    });
  });
}

const { names, on, mode } = readPlan();
build();
const results: { runtime: string; targets: readonly Target[] }[] = [];
const crashes: string[] = [];
for (const name of names) {
  for (const runtime of on) {
    try {
      const report = await exclusively(() => run(name, runtime, mode));
      for (const section of report.sections) {
        console.log(formatSection({ ...section, title: `${name} on ${runtime}: ${section.title}` }));
      }
      results.push({ runtime, targets: report.targets });
    } catch (error) {
      crashes.push((error as Error).message);
      console.error(`bench: ${(error as Error).message}`);
    }
  }
}
console.log(formatTargets(results));
if (crashes.length > 0) stop("bench", `crashed: ${crashes.join("; ")}`);
