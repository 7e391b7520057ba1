import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { command, type Runtime } from "../runtimes.ts";
import { createCgroup, type MemoryCgroup } from "./cgroup.ts";
import { ask, burst, type Tally, tally } from "./load.ts";
import type { Variant } from "./server.ts";

const MB = 1024 * 1024;
const RECOVERY_LIMIT_MS = 30_000;
/** As often as an orchestrator may look, each time on a connection of its own. */
const LIVENESS_EVERY_MS = 1000;
const ALIVE_WITHIN_MS = 5000;

/** Where memory ends: a cgroup, or the engine's heap. */
export interface Bound {
  readonly kind: "cgroup" | "heap";
  readonly megabytes: number;
}

export interface Plan {
  readonly runtime: Runtime;
  readonly bound: Bound;
  readonly clients: number;
  readonly body: Buffer;
  readonly burstMs: number;
}

export interface Outcome {
  readonly died: string | undefined;
  readonly tally: Tally;
  /** Of the burst's duration, or until the death. */
  readonly goodputPerSecond: number;
  /** Checks of the liveness route every second: answered within 5 s, and not. */
  readonly alive: number;
  readonly mute: number;
  readonly slowestMs: number;
  /** The slowest of the same checks on the port that the burst goes to. */
  readonly slowestBesideMs: number;
  readonly worst: string | undefined;
  /** From the end of the burst to the level normal; `undefined` where it was not reached. */
  readonly recoveredMs: number | undefined;
  readonly peakMb: number | undefined;
}

function heapFlags(runtime: Runtime, megabytes: number): { before: string[]; env: Record<string, string> } {
  const flag = `--max-old-space-size=${megabytes}`;
  return runtime === "node" ? { before: [flag], env: {} } : { before: [], env: { DENO_V8_FLAGS: flag } };
}

function start(
  runtime: Runtime,
  variant: Variant,
  bound: Bound,
  cgroup: MemoryCgroup | undefined,
): ChildProcess {
  const { bin, args } = command(runtime, "survival/server.js", false);
  const { before, env } =
    bound.kind === "heap" ? heapFlags(runtime, bound.megabytes) : { before: [], env: {} };
  const script = `${cgroup ? `${cgroup.enter} && ` : ""}exec "$@"`;
  return spawn("sh", ["-c", script, "sh", bin, ...before, ...args, variant], {
    stdio: ["ignore", "pipe", process.env.SURVIVAL_STDERR ? "inherit" : "ignore"],
    env: { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...env },
  });
}

/** Of the server, and of its health alone. */
async function originsOf(child: ChildProcess): Promise<[string, string]> {
  const line = once(createInterface({ input: child.stdout! }), "line");
  const ended = once(child, "exit").then(([code, signal]) => {
    throw new Error(`the server ended with ${signal ?? code} before it listened`);
  });
  ended.catch(() => {});
  const [ports] = (await Promise.race([line, ended])) as [string];
  return ports.split(" ").map((port) => `http://127.0.0.1:${port}`) as [string, string];
}

interface Watched {
  alive: number;
  mute: number;
  slowestMs: number;
  slowestBesideMs: number;
  worst: string | undefined;
}

const ORDER = ["normal", "elevated", "high", "critical"];

/**
 * Asks for liveness every second, whether or not the question before was answered, and for the level where there is
 * one. Every question counts that was asked while it was going, however late its answer.
 */
async function watch(
  [origin, health]: readonly [string, string],
  governed: boolean,
  seen: Watched,
  going: () => boolean,
): Promise<void> {
  const asked: Promise<void>[] = [];
  const askLive = async (): Promise<void> => {
    const live = await ask(`${health}/health/live`, "apart");
    if (live?.status === 200 && live.tookMs <= ALIVE_WITHIN_MS) seen.alive += 1;
    else seen.mute += 1;
    seen.slowestMs = Math.max(seen.slowestMs, live?.tookMs ?? 0);
  };
  const askBeside = async (): Promise<void> => {
    const live = await ask(`${origin}/health/live`, "apart");
    seen.slowestBesideMs = Math.max(seen.slowestBesideMs, live?.tookMs ?? 0);
  };
  const askLevel = async (): Promise<void> => {
    while (governed && going()) {
      const level = await levelOf(health);
      if (level && ORDER.indexOf(level) > ORDER.indexOf(seen.worst ?? "normal")) seen.worst = level;
      await sleep(250);
    }
  };
  asked.push(askLevel());
  while (going()) {
    asked.push(askLive(), askBeside());
    await sleep(LIVENESS_EVERY_MS);
  }
  await Promise.all(asked);
}

async function levelOf(origin: string): Promise<string | undefined> {
  const answer = await ask(`${origin}/health/pressure`, "kept");
  if (process.env.SURVIVAL_TRACE && answer) console.error(answer.body);
  return answer?.status === 200 ? (JSON.parse(answer.body) as { level: string }).level : undefined;
}

/** One server, one burst, and what became of it. */
export async function trial(variant: Variant, plan: Plan): Promise<Outcome> {
  const { runtime, bound } = plan;
  const cgroup = bound.kind === "cgroup" ? createCgroup(bound.megabytes * MB) : undefined;
  if (bound.kind === "cgroup" && !cgroup) throw new Error("no memory cgroup can be made here");
  const child = start(runtime, variant, bound, cgroup);
  let died: string | undefined;
  let stopping = false;
  child.once("exit", (code, signal) => {
    if (!stopping) died = signal ?? `exit code ${code}`;
  });
  try {
    const [origin, health] = await originsOf(child);
    // Warm code, and two samples of memory.
    await burst(`${origin}/orders`, 1, plan.body, 2500, tally());
    const counts = tally();
    const seen: Watched = { alive: 0, mute: 0, slowestMs: 0, slowestBesideMs: 0, worst: undefined };
    let bursting = true;
    const begun = performance.now();
    let diedAfter: number | undefined;
    child.once("exit", () => {
      diedAfter = performance.now() - begun;
    });
    const watching = watch(
      [origin, health],
      variant === "governed",
      seen,
      () => bursting && died === undefined,
    );
    await burst(`${origin}/orders`, plan.clients, plan.body, plan.burstMs, counts, () => died !== undefined);
    bursting = false;
    const ended = performance.now();
    await watching;
    let recoveredMs: number | undefined;
    while (variant === "governed" && died === undefined && performance.now() - ended < RECOVERY_LIMIT_MS) {
      if ((await levelOf(health)) === "normal") {
        recoveredMs = performance.now() - ended;
        break;
      }
      await sleep(250);
    }
    const peak = cgroup?.peakBytes();
    return {
      died,
      tally: counts,
      goodputPerSecond: counts.ok / ((diedAfter ?? ended - begun) / 1000),
      ...seen,
      recoveredMs,
      peakMb: peak === undefined ? undefined : peak / MB,
    };
  } finally {
    stopping = true;
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    cgroup?.remove();
  }
}
