/**
 * CPU time that a whole server spends on a request, by what is mounted in front of a light JSON route.
 * All servers run on one core; one at a time is under load from another, in rotating order, in short turns.
 * A process has luck of its own (where its code lies, what was compiled when), so a full run starts them anew.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { pinHere, pinned } from "../pin.ts";
import type { Report } from "../report.ts";
import { command, type Runtime } from "../runtimes.ts";
import { type Variant, variants } from "../servers/apps.ts";
import { median, ratios, spread } from "../statistics.ts";
import type { Plan } from "../subjects.ts";

/** The part of autocannon that is used here. */
type Autocannon = (options: {
  url: string;
  connections: number;
  pipelining: number;
  duration?: number;
  amount?: number;
}) => Promise<{ "2xx": number; non2xx: number; errors: number; duration: number }>;

const CONNECTIONS = 32;
const LIMIT = 1.02;
const WARM_UP_S = 2;
const TURN_S = 0.6;

interface Running {
  readonly variant: Variant;
  readonly process: ChildProcess;
  readonly url: string;
}

/** Time that the threads of a process have been running, in µs: the scheduler counts it in ns. */
function cpuUs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const ns = threads.map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]),
  );
  return ns.reduce((sum, time) => sum + time, 0) / 1000;
}

async function start(runtime: Runtime, variant: Variant): Promise<Running> {
  const { bin, args } = command(runtime, "servers/serve.js", false);
  const [pinnedBin, pinnedArgs] = pinned(bin, [...args, variant], "first");
  const child = spawn(pinnedBin, pinnedArgs, { stdio: ["ignore", "pipe", "inherit"] });
  const line = once(createInterface({ input: child.stdout! }), "line");
  const ended = once(child, "exit").then(() => {
    throw new Error(`the server "${variant}" on ${runtime} ended before it listened`);
  });
  const [port] = (await Promise.race([line, ended])) as [string];
  ended.catch(() => {});
  return { variant, process: child, url: `http://127.0.0.1:${port}/items/7` };
}

/** CPU µs for each request of one window, and how many there were a second. */
async function load(
  autocannon: Autocannon,
  server: Running,
  window: { duration: number } | { amount: number },
): Promise<{ us: number; perSecond: number }> {
  const pid = server.process.pid!;
  const before = cpuUs(pid);
  const done = await autocannon({ url: server.url, connections: CONNECTIONS, pipelining: 1, ...window });
  const us = cpuUs(pid) - before;
  if (done.errors > 0 || done.non2xx > 0) throw new Error(`the server "${server.variant}" failed requests`);
  return { us: us / done["2xx"], perSecond: done["2xx"] / done.duration };
}

/** A load that never sleeps: a server would pay for waking it, the more often the slower it is. */
function stayAwake(): void {
  setImmediate(stayAwake);
}

type Times = Map<Variant, number[]>;

/** One set of processes; answers how many requests a turn had. */
async function measureSet(
  autocannon: Autocannon,
  runtime: Runtime,
  rounds: number,
  into: Times,
): Promise<number> {
  const servers: Running[] = [];
  try {
    for (const variant of variants) servers.push(await start(runtime, variant));
    let perSecond = 0;
    for (const server of servers) ({ perSecond } = await load(autocannon, server, { duration: WARM_UP_S }));
    const amount = Math.ceil(perSecond * TURN_S);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < servers.length; turn++) {
        const server = servers[(round + turn) % servers.length]!;
        into.get(server.variant)!.push((await load(autocannon, server, { amount })).us);
      }
    }
    return amount;
  } finally {
    for (const server of servers) server.process.kill("SIGKILL");
  }
}

export async function run({ runtime, quick }: Plan): Promise<Report> {
  // It brings no types along.
  const autocannon = ((await import("autocannon" as string)) as { default: Autocannon }).default;
  pinHere();
  stayAwake();
  const measured: Times = new Map(variants.map((variant) => [variant, []]));
  let amount = 0;
  for (let set = 0; set < (quick ? 1 : 3); set++) {
    amount = await measureSet(autocannon, runtime, quick ? 5 : 8, measured);
  }
  const base = measured.get("bare")!;
  const over = (variant: Variant) => spread(ratios(measured.get(variant)!, base));
  return {
    sections: [
      {
        title: `a whole server, CPU for each of ${amount} requests a turn`,
        unit: "µs/request",
        reference: "bare",
        rows: variants.map((name) => ({
          name,
          value: median(measured.get(name)!),
          ...(name === "bare" ? {} : { ratio: over(name) }),
        })),
      },
    ],
    targets: [
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
