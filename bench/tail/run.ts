/**
 * `npm run bench:tail [-- --quick --runtime node,bun,deno --workload NAME,.. --arm NAME,.. --rounds N --window SECONDS
 * --load RATIO --seed N --out FOLDER --validate-charges]`: what a policy does to the tail of a server's latency, its CPU and its memory, beside
 * stock and stock again in the same run. With `--validate-charges`: what the governor charges for its own pauses,
 * beside what the load generator saw around them, and nothing else.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { random, shuffled } from "../../runtimes/cli/load/random.ts";
import { readArguments, runtimesIn, stop as stopNamed } from "../arguments.ts";
import { exclusively } from "../lock.ts";
import { built, top, versionOf } from "../runtimes.ts";
import { ADVICE_MS, advice, flagsOf } from "./advice.ts";
import { type Arm, type ArmName, arms } from "./arms.ts";
import { checkCharges, formatCharges } from "./charges.ts";
import { type Cell, matrix } from "./matrix.ts";
import { page } from "./page.ts";
import { formatCell, formatNeverWorse } from "./print.ts";
import { LoadGenerator } from "./processes.ts";
import { type CellSummary, summarize } from "./summary.ts";
import { estimateMs, timings } from "./timing.ts";
import { capacity, type Measured, measureWindow, type WindowPlan } from "./window.ts";
import { type Workload, type WorkloadName, workloads } from "./workloads.ts";

function stop(message: string): never {
  stopNamed("bench:tail", message);
}

function oneOf<T extends string>(
  what: string,
  text: string | undefined,
  accepted: readonly T[],
): readonly T[] {
  if (text === undefined) return accepted;
  const names = text.split(",") as T[];
  const unknown = names.find((name) => !accepted.includes(name));
  if (unknown !== undefined) stop(`there is no ${what} ${unknown}; accepted: ${accepted.join(", ")}`);
  return names;
}

function numeric(
  name: string,
  text: string | undefined,
  otherwise: number,
  min: number,
  max: number,
): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!(value >= min && value <= max)) stop(`--${name} is ${text}; accepted: ${min} to ${max}`);
  return value;
}

const text = { type: "string" } as const;
const { values: given } = readArguments("bench:tail", {
  quick: { type: "boolean" },
  "validate-charges": { type: "boolean" },
  runtime: text,
  workload: text,
  arm: text,
  rounds: text,
  window: text,
  load: text,
  seed: text,
  out: text,
});
const isQuick = given.quick === true;
const on = runtimesIn("bench:tail", given.runtime ?? (isQuick ? "node" : undefined));
const chosenWorkloads = oneOf(
  "workload",
  given.workload,
  Object.keys(workloads) as (keyof typeof workloads)[],
);
const chosenArms = oneOf("arm", given.arm, Object.keys(arms) as ArmName[]);
const timing = timings[isQuick ? "quick" : "full"];
const rounds = numeric("rounds", given.rounds, timing.rounds, 1, 100);
const windowMs = 1000 * numeric("window", given.window, timing.windowMs / 1000, 1, 600);
const share = numeric("load", given.load, 0.4, 0.01, 0.95);
const seed = numeric("seed", given.seed, 20_261_125, 1, 2 ** 31 - 1);
const out = given.out ?? join(top, "test/out/tail");
const { warmUpMs, calibrateMs, saturationMs } = timing;

/** The arms of a cell behind stock and stock again. */
function armsOf(cell: Cell): ArmName[] {
  return ["stock", "again", ...cell.arms.filter((name) => chosenArms.includes(name))];
}

/** With a workload or an arm named, all its cells; without, those of the mode. */
const isNamed = given.workload !== undefined || given.arm !== undefined;
const jobs = on.flatMap((runtime) =>
  matrix
    .filter((cell) => cell.runtimes.includes(runtime) && chosenWorkloads.includes(cell.workload))
    .filter((cell) => isNamed || !isQuick || cell.quick)
    .filter((cell) => given.arm === undefined || cell.arms.some((arm) => chosenArms.includes(arm)))
    .map((cell) => ({ runtime, cell, names: armsOf(cell) })),
);
if (jobs.length === 0) stop("no cell of the matrix fits; see bench/tail/matrix.ts");

function silenceOf(workload: Workload): number {
  return workload.silenceMs === undefined ? 0 : workload.silenceMs[isQuick ? "quick" : "full"];
}

const wholeMs = estimateMs(
  jobs.map(({ cell, names }) => ({
    arms: names.length,
    silenceMs: silenceOf(workloads[cell.workload]),
    watchedMs: names.some((name) => (arms[name] as Arm).advisedBy) ? ADVICE_MS : 0,
  })),
  { ...timing, rounds, windowMs },
);
console.log(`${jobs.length} cells, ${rounds} rounds, about ${Math.ceil(wholeMs / 60_000)} minutes\n`);

mkdirSync(built, { recursive: true });
writeFileSync(join(built, "package.json"), '{ "type": "module" }\n');
execFileSync(join(top, "node_modules/.bin/tsc"), ["-p", join(top, "bench/tsconfig.json")], {
  stdio: "inherit",
});

/** Cheap answers over a small heap, a larger one, and heavy answers over 150 MB. */
const CHARGED: readonly WorkloadName[] = ["light", "churn", "heavy"];

if (given["validate-charges"]) {
  await exclusively(async () => {
    const generator = new LoadGenerator();
    try {
      for (const runtime of on) {
        for (const name of CHARGED.filter((one) => chosenWorkloads.includes(one))) {
          console.log(formatCharges(await checkCharges(generator, runtime, name, windowMs, share, seed)));
        }
      }
    } finally {
      generator.close();
    }
  });
  process.exit(0);
}

const crashes: string[] = [];
function fail(message: string): void {
  crashes.push(message);
  console.error(`bench:tail: ${message}`);
}

async function measureCell(
  generator: LoadGenerator,
  { runtime, cell, names }: (typeof jobs)[number],
): Promise<CellSummary> {
  const workload: Workload = workloads[cell.workload];
  const can = await capacity(generator, runtime, cell.workload, workload, calibrateMs);
  const wanted = (given.load === undefined ? workload.perSecond : undefined) ?? can * share;
  const perSecond = Math.max(2, Math.min(workload.maxPerSecond, wanted));
  const advisedBy = (name: ArmName) => (arms[name] as Arm).advisedBy;
  const said = names.some(advisedBy)
    ? await advice(generator, runtime, cell.workload, workload, perSecond, seed)
    : undefined;
  const flags = (name: ArmName) => flagsOf(said ?? [], advisedBy(name));
  const withFlags = names.filter((name) => !advisedBy(name) || flags(name).length > 0);
  const measured = new Map<ArmName, Measured[]>(withFlags.map((name) => [name, []]));
  const next = random(seed);
  for (let round = 0; round < rounds; round++) {
    const plan: WindowPlan = {
      runtime,
      name: cell.workload,
      workload,
      perSecond,
      warmUpMs,
      windowMs,
      silenceMs: silenceOf(workload),
      saturationMs,
      // One round, one sequence of arrivals: alike for all its arms.
      seed: seed + round * 1000,
    };
    for (const name of shuffled(withFlags, next).filter((name) => measured.has(name))) {
      process.stderr.write(`${cell.workload} on ${runtime}: round ${round + 1} of ${rounds}, ${name}\n`);
      try {
        measured.get(name)!.push(await measureWindow(generator, plan, name, flags(name)));
      } catch (error) {
        if (name === "stock") throw error;
        // One arm that fails is told and left out; the others go on.
        measured.delete(name);
        fail(`${name}: ${cell.workload} on ${runtime}: ${(error as Error).message}`);
      }
    }
  }
  return summarize(cell, runtime, perSecond, said, measured);
}

const cells: CellSummary[] = [];
let told = "";
function tell(part: string): void {
  told += `${part}\n`;
  console.log(part);
}

tell(`${on.map((runtime) => `${runtime} ${versionOf(runtime)}`).join(", ")}; seed ${seed}\n`);
await exclusively(async () => {
  const generator = new LoadGenerator();
  try {
    for (const job of jobs) {
      try {
        const cell = await measureCell(generator, job);
        cells.push(cell);
        tell(formatCell(cell));
      } catch (error) {
        fail(`${job.cell.workload} on ${job.runtime}: ${(error as Error).message}`);
      }
    }
  } finally {
    generator.close();
  }
});
tell(formatNeverWorse(cells));
mkdirSync(out, { recursive: true });
writeFileSync(join(out, "tail.json"), `${JSON.stringify(cells, null, 1)}\n`);
writeFileSync(join(out, "tail.txt"), told);
writeFileSync(join(out, "tail.html"), page(cells, told));
console.log(`written: tail.json, tail.txt and tail.html in ${out}`);
if (crashes.length > 0) stop(`crashed: ${crashes.join("; ")}`);
