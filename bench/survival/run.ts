/**
 * `npm run survival [-- --runtime node,bun,deno --quick --runs 10 --burst 10 --cgroup 192]`: a burst that kills
 * the bare app, on the same app behind load shedding. Ours must not die once, answer throughout, shed, and be back to
 * normal within 30 s; goodput is printed beside the bare app's. Anything else is an error. `--cgroup`: the cases with a
 * cgroup alone, of so many MB.
 *
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readArguments, runtimesIn, stop } from "../arguments.ts";
import { exclusively } from "../lock.ts";
import { built, type Runtime, top } from "../runtimes.ts";
import { createCgroup } from "./cgroup.ts";
import { orderOf } from "./load.ts";
import { type Bound, type Outcome, type Plan, trial } from "./trial.ts";

const MB = 1024 * 1024;
/** A bare app may be lucky: it gets so many bursts to die in. */
const BARE_TRIES = 3;

interface Case {
  readonly runtime: Runtime;
  readonly bound: Bound;
  readonly clients: number;
}

/** Bun's engine has no bound on its heap. */
const cases: readonly Case[] = [
  { runtime: "node", bound: { kind: "cgroup", megabytes: 160 }, clients: 150 },
  { runtime: "bun", bound: { kind: "cgroup", megabytes: 192 }, clients: 100 },
  { runtime: "deno", bound: { kind: "cgroup", megabytes: 192 }, clients: 100 },
  { runtime: "node", bound: { kind: "heap", megabytes: 96 }, clients: 80 },
  { runtime: "deno", bound: { kind: "heap", megabytes: 128 }, clients: 100 },
];

const { values } = readArguments("survival", {
  runtime: { type: "string" },
  quick: { type: "boolean" },
  runs: { type: "string" },
  burst: { type: "string" },
  cgroup: { type: "string" },
});
const on = runtimesIn("survival", values.runtime);

function count(name: "runs" | "burst" | "cgroup", otherwise: number): number {
  const text = values[name];
  if (text !== undefined && !/^[1-9]\d{0,3}$/.test(text)) {
    stop("survival", `--${name} is ${text}; accepted: a whole number from 1`);
  }
  return text === undefined ? otherwise : Number(text);
}

const runs = count("runs", values.quick ? 1 : 10);
const megabytes = values.cgroup === undefined ? undefined : count("cgroup", 0);
const burstMs = 1000 * count("burst", values.quick ? 5 : 10);

function build(): void {
  mkdirSync(built, { recursive: true });
  writeFileSync(join(built, "package.json"), '{ "type": "module" }\n');
  execFileSync(join(top, "node_modules/.bin/tsc"), ["-p", join(top, "bench/tsconfig.json")], {
    stdio: "inherit",
  });
}

const number = (value: number, digits = 1): string => value.toFixed(digits);

function describe(variant: string, { died, tally, ...outcome }: Outcome): string {
  const parts = [
    died === undefined ? "survived" : `DIED (${died})`,
    `${number(outcome.goodputPerSecond)} answers/s`,
    `${tally.ok} ok, ${tally.shed} shed, ${tally.failed} cut off`,
    `alive ${outcome.alive}/${outcome.alive + outcome.mute}, slowest ${number(outcome.slowestMs, 0)} ms (${number(outcome.slowestBesideMs, 0)} ms on the port of the burst)`,
    outcome.peakMb === undefined ? "" : `peak ${number(outcome.peakMb, 0)} MB`,
    outcome.worst === undefined ? "" : `worst ${outcome.worst}`,
    outcome.recoveredMs === undefined ? "" : `normal after ${number(outcome.recoveredMs / 1000)} s`,
  ];
  return `  ${variant.padEnd(9)} ${parts.filter(Boolean).join("; ")}`;
}

/** What an outcome of ours lacks. */
function faults({ died, tally, mute, recoveredMs }: Outcome): string[] {
  if (died !== undefined) return [`died (${died})`];
  return [
    tally.ok > 0 ? "" : "answered no order",
    tally.shed > 0 ? "" : "shed nothing",
    tally.withoutRetryAfter === 0 ? "" : `${tally.withoutRetryAfter} refusals without Retry-After`,
    mute === 0 ? "" : `did not answer for its liveness ${mute} times`,
    recoveredMs === undefined ? "was not back to normal within 30 s" : "",
  ].filter(Boolean);
}

async function examine(plan: Plan): Promise<string[]> {
  let bare: Outcome | undefined;
  for (let i = 0; i < BARE_TRIES && bare?.died === undefined; i++) bare = await trial("bare", plan);
  console.log(describe("bare", bare!));
  const problems = bare!.died === undefined ? ["the bare app survived: this burst shows nothing here"] : [];
  const goodputs: number[] = [];
  for (let i = 0; i < runs; i++) {
    const outcome = await trial("governed", plan);
    goodputs.push(outcome.goodputPerSecond);
    console.log(describe("governed", outcome));
    problems.push(...faults(outcome).map((fault) => `run ${i + 1}: ${fault}`));
  }
  const mean = goodputs.reduce((sum, each) => sum + each, 0) / goodputs.length;
  const saved = bare!.tally.ok;
  console.log(
    `  goodput: ${number(mean)}/s in ${runs} runs; the bare app gave ${saved} answers and was gone`,
  );
  return problems;
}

build();
const probe = createCgroup(192 * MB);
probe?.remove();
if (!probe) console.log("no memory cgroup can be made here (root, and a writable /sys/fs/cgroup): skipped");
const failures: string[] = [];
const body = orderOf(MB);
for (const { runtime, bound: given, clients } of cases) {
  if (megabytes !== undefined && given.kind !== "cgroup") continue;
  const bound: Bound = megabytes === undefined ? given : { kind: "cgroup", megabytes };
  if (!on.includes(runtime) || (bound.kind === "cgroup" && !probe)) continue;
  const where = bound.kind === "cgroup" ? `a cgroup of version ${probe!.version}` : "--max-old-space-size";
  const title = `${runtime}, ${bound.megabytes} MB by ${where}`;
  console.log(`${title}: ${clients} clients, orders of 1 MB, ${burstMs / 1000} s`);
  const problems = await exclusively(() => examine({ runtime, bound, clients, body, burstMs }));
  failures.push(...problems.map((problem) => `${title}: ${problem}`));
}
if (failures.length > 0) stop("survival", `\n  ${failures.join("\n  ")}`);
