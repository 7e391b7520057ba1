/**
 * The two core calls of a request over the two clock reads that go with them.
 *
 * @module
 */
import v8 from "node:v8";
import { createCore, Due, GateKind, Policy, type Schedule } from "../../src/core/index.ts";
import { type Candidate, collect, consume, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { here } from "../runtimes.ts";
import { differences, median, type Spread, spread } from "../statistics.ts";

/** As the three middlewares set it up with their defaults. */
function configured(): { schedule: Schedule; gates: number } {
  const { schedule } = createCore();
  schedule.configureCollect(
    {
      policy: Policy.interval,
      thresholds: [2000, 15, 5],
      hasMinor: true,
      budgetRatio: 0.01,
      minFreedBytesPerMs: 256 * 1024,
      deferralMs: 5000,
    },
    performance.now(),
  );
  const wanted = [
    [100, GateKind.generation0],
    [1000, GateKind.generation2],
    [1000, GateKind.cleanup],
    [1000, GateKind.notify],
  ] as const;
  const gates = wanted.reduce(
    (bits, [interval, kind]) => bits | (1 << schedule.createGate(interval, kind)),
    0,
  );
  return { schedule, gates };
}

/** What is due is decided on and counted; no collection runs. */
function actOn(schedule: Schedule, due: number, nowMs: number): number {
  if ((due & Due.collect) === 0) return 0;
  const generation = schedule.decide(nowMs);
  if (generation === undefined) return 0;
  schedule.done(generation, 0.3, 1_000_000);
  return 1;
}

const PAIRS_PER_WINDOW = 10_000;
const WINDOWS = 100;

/**
 * Bytes allocated for each pair, over a million of them in windows too short for a collection to fall into.
 * The times come from a list that holds them boxed, as the real clock hands them out, so that what is left is
 * the pair's own. `undefined` where the runtime's heap figure lags.
 */
function bytesPerPair(schedule: Schedule, gates: number): Spread | undefined {
  if (here === "bun") return undefined;
  // The text keeps the list from being one of bare numbers.
  const times: (number | string)[] = ["boxed"];
  const begin = performance.now();
  for (let i = 0; i < PAIRS_PER_WINDOW; i++) times.push(begin + i / 1024);
  const pairs = (count: number): number => {
    let sum = 0;
    for (let i = 1; i < count; i++) {
      const start = times[i] as number;
      const end = times[i + 1] as number;
      schedule.requestStart(start);
      const due = schedule.requestEnd(end, start, gates);
      if (due !== 0) sum += actOn(schedule, due, end);
    }
    return sum;
  };
  for (let i = 0; i < 50; i++) consume(pairs(PAIRS_PER_WINDOW));
  const grown: number[] = [];
  for (let i = 0; i < WINDOWS; i++) {
    collect();
    const before = v8.getHeapStatistics().used_heap_size;
    consume(pairs(PAIRS_PER_WINDOW));
    grown.push((v8.getHeapStatistics().used_heap_size - before) / PAIRS_PER_WINDOW);
  }
  return spread(grown);
}

export async function run(plan: Plan): Promise<Report> {
  const { schedule, gates } = configured();
  const clocks: Candidate = {
    name: "two clock reads",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const start = performance.now();
        const end = performance.now();
        sum += end - start;
      }
      return sum;
    },
  };
  const pair: Candidate = {
    name: "two clock reads, requestStart, requestEnd",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) {
        const start = performance.now();
        schedule.requestStart(start);
        const end = performance.now();
        const due = schedule.requestEnd(end, start, gates);
        if (due !== 0) sum += actOn(schedule, due, end);
        sum += end - start;
      }
      return sum;
    },
  };
  const candidates = [clocks, pair];
  const measured = await measure(candidates, plan);
  const over = differences(measured.get(pair.name)!, measured.get(clocks.name)!);
  const figures = section("request start and end", candidates, measured, clocks.name);
  const bytes = bytesPerPair(schedule, gates);
  return {
    sections: [{ ...figures, rows: [...figures.rows, { name: "the pair alone", value: median(over) }] }],
    targets: [
      {
        name: "request start + end over its clock reads",
        unit: "ns",
        bound: "most",
        limit: 60,
        measured: spread(over),
      },
      {
        name: "request start + end, allocated a pair",
        unit: "bytes",
        bound: "most",
        limit: 1,
        measured: bytes,
      },
    ],
  };
}
