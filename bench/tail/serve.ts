/**
 * Serves one workload behind one arm. Prints its port, then answers each line on its input with one of JSON:
 * `begin` starts the counts anew, `report` ends and says them, `stats` says what the optimizer knows, `advice` what its
 * advisor has said, `pauses` the pauses of an arm that notes them.
 *
 * @module
 */
import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import { createInterface } from "node:readline";
import v8 from "node:v8";
import { Hono } from "hono";
import { here } from "../runtimes.ts";
import { listen } from "../serve.ts";
import { createWorkloads } from "./apps.ts";
import { type Arm, type ArmName, arms, mount } from "./arms.ts";
import type { ServerReport } from "./server-report.ts";

interface Profile {
  statistics: readonly {
    gcType: string;
    cost: number;
    beforeGC: { heapStatistics: { usedHeapSize: number } };
    afterGC: { heapStatistics: { usedHeapSize: number } };
  }[];
}
type Profiler = { start(): void; stop(): Profile };

const MAJOR = /MarkSweep|MarkCompact/;
/** Turns of the handlers, on and off, as the last few collections may need them. */
const SPANS = 8192;

class BusySpans {
  readonly #from = new Float64Array(SPANS);
  readonly #to = new Float64Array(SPANS);
  #at = 0;
  #open = 0;

  enter(): void {
    if (this.#open++ === 0) {
      this.#at = (this.#at + 1) % SPANS;
      this.#from[this.#at] = performance.now();
      this.#to[this.#at] = Number.POSITIVE_INFINITY;
    }
  }

  leave(): void {
    if (--this.#open === 0) this.#to[this.#at] = performance.now();
  }

  covers(time: number): boolean {
    for (let i = 0; i < SPANS; i++) {
      const k = (this.#at - i + SPANS) % SPANS;
      if (this.#from[k]! <= time) return this.#from[k]! > 0 && time < this.#to[k]!;
    }
    return false;
  }
}

/** V8 only: on Bun the profiler costs what it measures. */
const profilerClass = (v8 as unknown as { GCProfiler?: new () => Profiler }).GCProfiler;
const makeProfiler = here === "bun" || !profilerClass ? undefined : () => new profilerClass();
const MS_PER_COST = here === "deno" ? 1e-6 : 1e-3;

const spans = new BusySpans();
let profiler: Profiler | undefined;
let insideMs = 0;
if (here === "node") {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (spans.covers(entry.startTime)) insideMs += entry.duration;
  }).observe({ entryTypes: ["gc"] });
}

function begin(): void {
  insideMs = 0;
  profiler = makeProfiler?.();
  profiler?.start();
}

function report(): ServerReport {
  const seen = profiler?.stop().statistics;
  profiler = undefined;
  const sum = (f: (entry: Profile["statistics"][number]) => number) =>
    seen?.reduce((total, entry) => total + f(entry), 0);
  const used = (point: { heapStatistics: { usedHeapSize: number } }) => point.heapStatistics.usedHeapSize;
  let before: number | undefined;
  return {
    collections: seen?.length,
    majors: seen?.filter((entry) => MAJOR.test(entry.gcType)).length,
    collectionMs: sum((entry) => entry.cost * MS_PER_COST),
    insideMs: here === "node" ? insideMs : undefined,
    longestMs: seen?.reduce((longest, entry) => Math.max(longest, entry.cost * MS_PER_COST), 0),
    allocatedBytes: sum((entry) => {
      const grown = before === undefined ? 0 : Math.max(0, used(entry.beforeGC) - before);
      before = used(entry.afterGC);
      return grown;
    }),
    freedBytes: sum((entry) => Math.max(0, used(entry.beforeGC) - used(entry.afterGC))),
  };
}

const [workload, armName] = process.argv.slice(2) as [string, ArmName];
const routes = createWorkloads(workload);
const mounted = await mount(arms[armName] as Arm);
const app = new Hono();
for (const middleware of mounted.middlewares) app.use(middleware);
app.route("/", routes);

async function fetch(request: Request, environment: object): Promise<Response> {
  spans.enter();
  try {
    return await app.fetch(request, environment);
  } finally {
    spans.leave();
  }
}

const answers: Readonly<Record<string, () => unknown>> = {
  begin,
  report,
  stats: mounted.stats,
  advice: mounted.advice,
  pauses: mounted.pauses,
};
console.log(await listen(fetch));
mounted.started();
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(answers[line]?.() ?? {}));
}
process.exit(0);
