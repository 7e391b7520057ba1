/**
 * CPU time that a whole server spends on a request, by what is mounted in front of a light JSON route.
 * One process on one core answers for all of them, one at a time, in rotating order, in short turns, under load from
 * another core: processes have luck of their own with memory and caches, up to a tenth, which would hide what is looked for.
 * Compared are the cheapest tenths of many turns: other work on the machine only ever adds.
 * What this leaves out: each variant alone would find the engine's caches less crowded. A full run has three processes.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pinHere, pinned } from "../pin.ts";
import type { Plan } from "../plan.ts";
import type { Report, Target } from "../report.ts";
import { command, type Runtime } from "../runtimes.ts";
import { type Variant, variants } from "../servers/apps.ts";
import { CHEAPEST, cheapestRatio, quantile } from "../statistics.ts";

/** The part of autocannon that is used here. */
type Autocannon = (options: {
  url: string;
  connections: number;
  pipelining: number;
  duration?: number;
  amount?: number;
  sampleInt?: number;
}) => Promise<{ "2xx": number; non2xx: number; errors: number; duration: number }>;

const CONNECTIONS = 32;
const LIMIT = 1.02;
/** What is ours: each beside the same without what it does. */
const OURS: readonly [Variant, Variant][] = [
  ["three", "three empty"],
  ["governance", "one empty"],
  ["governFetch", "least"],
];
const WARM_UP_S = 2;
const TURN_S = 0.2;
/** How often the load looks whether it is done, in ms. */
const LOOK_MS = 10;

interface Running {
  readonly process: ChildProcess;
  readonly origin: string;
}

/** Time that each thread of a process has been running, in ns, as the scheduler counts it. */
function cpuNs(pid: number): Map<string, number> {
  const threads = new Map<string, number>();
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      const text = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
      threads.set(thread, Number(text.split(" ", 1)[0]));
    } catch {
      // It has just ended: helper threads of the engine come and go.
    }
  }
  return threads;
}

/** Time since, in µs. One that ended meanwhile is left out, with what it had run before as well. */
function cpuUsSince(pid: number, before: ReadonlyMap<string, number>): number {
  let ns = 0;
  for (const [thread, time] of cpuNs(pid)) ns += time - (before.get(thread) ?? 0);
  return ns / 1000;
}

async function start(runtime: Runtime): Promise<Running> {
  const { bin, args } = command(runtime, "servers/serve.js", false);
  const [pinnedBin, pinnedArgs] = pinned(bin, args, "first");
  const child = spawn(pinnedBin, pinnedArgs, { stdio: ["ignore", "pipe", "inherit"] });
  const line = once(createInterface({ input: child.stdout! }), "line");
  const ended = once(child, "exit").then(() => {
    throw new Error(`the server on ${runtime} ended before it listened`);
  });
  const [port] = (await Promise.race([line, ended])) as [string];
  ended.catch(() => {});
  return { process: child, origin: `http://127.0.0.1:${port}` };
}

async function use({ origin }: Running, variant: Variant): Promise<void> {
  const answer = await fetch(`${origin}/use/${encodeURIComponent(variant)}`);
  if (!answer.ok) throw new Error(`the server does not know the variant "${variant}"`);
}

/** CPU µs for each request of one window, and how many there were a second. */
async function load(
  autocannon: Autocannon,
  { process: { pid }, origin }: Running,
  window: { duration: number } | { amount: number },
): Promise<{ us: number; perSecond: number }> {
  const before = cpuNs(pid!);
  const url = `${origin}/items/7`;
  const done = await autocannon({
    url,
    connections: CONNECTIONS,
    pipelining: 1,
    sampleInt: LOOK_MS,
    ...window,
  });
  const us = cpuUsSince(pid!, before);
  if (done.errors > 0 || done.non2xx > 0) throw new Error("the server failed requests");
  return { us: us / done["2xx"], perSecond: done["2xx"] / done.duration };
}

/** A load that never sleeps: a server would pay for waking it, the more often the slower it is. */
function stayAwake(): void {
  setImmediate(stayAwake);
}

type Times = Map<Variant, number[]>;

/** One process; answers how many requests a turn had. */
async function measureProcess(
  autocannon: Autocannon,
  runtime: Runtime,
  rounds: number,
  into: Times,
): Promise<number> {
  const server = await start(runtime);
  try {
    let perSecond = 0;
    for (const variant of variants) {
      await use(server, variant);
      ({ perSecond } = await load(autocannon, server, { duration: WARM_UP_S }));
    }
    const amount = Math.ceil(perSecond * TURN_S);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < variants.length; turn++) {
        const variant = variants[(round + turn) % variants.length]!;
        await use(server, variant);
        into.get(variant)!.push((await load(autocannon, server, { amount })).us);
      }
    }
    return amount;
  } finally {
    server.process.kill("SIGKILL");
  }
}

export async function run({ runtime, quick }: Plan): Promise<Report> {
  // It brings no types along.
  const autocannon = ((await import("autocannon" as string)) as { default: Autocannon }).default;
  pinHere();
  stayAwake();
  const measured: Times = new Map(variants.map((variant) => [variant, []]));
  let amount = 0;
  for (let start = 0; start < (quick ? 1 : 3); start++) {
    amount = await measureProcess(autocannon, runtime, quick ? 20 : 30, measured);
  }
  const base = measured.get("bare")!;
  const over = (variant: Variant) => cheapestRatio(measured.get(variant)!, base);
  return {
    sections: [
      {
        title: `a whole server, CPU a request in the cheapest tenth of turns of ${amount} requests`,
        unit: "µs/request",
        reference: "bare",
        rows: variants.map((name) => ({
          name,
          value: quantile(measured.get(name)!, CHEAPEST),
          ...(name === "bare" ? {} : { ratio: over(name) }),
        })),
      },
    ],
    targets: [
      ...OURS.map(
        ([name, floor]): Target => ({
          name: `CPU of ${name} to ${floor}`,
          unit: "x",
          bound: "most",
          limit: LIMIT,
          measured: cheapestRatio(measured.get(name)!, measured.get(floor)!),
        }),
      ),
      {
        name: "CPU of the three middlewares to bare hono",
        unit: "x",
        bound: "most",
        limit: LIMIT,
        measured: over("three"),
      },
      {
        name: "CPU of governFetch to bare hono",
        unit: "x",
        bound: "most",
        limit: LIMIT,
        measured: over("governFetch"),
      },
    ],
  };
}
