import { setTimeout as sleep } from "node:timers/promises";
import { meanRssBytes, type ProcessSample, sample, watch } from "../../runtimes/cli/load/observe.ts";
import type { Runtime } from "../runtimes.ts";
import type { ArmName } from "./arms.ts";
import type { Answers } from "./generate.ts";
import { type LoadGenerator, Server } from "./processes.ts";
import type { ServerReport } from "./server-report.ts";
import { FIRST } from "./timing.ts";
import type { Workload } from "./workloads.ts";

export interface WindowPlan {
  readonly runtime: Runtime;
  readonly name: string;
  readonly workload: Workload;
  readonly perSecond: number;
  readonly warmUpMs: number;
  readonly windowMs: number;
  readonly silenceMs: number;
  readonly seed: number;
  /** Closed-loop phase behind the window; 0: none. */
  readonly saturationMs: number;
}

/** What happened when the load stopped. */
export interface Silence {
  readonly peakRssBytes: number;
  readonly lastRssBytes: number;
  readonly rss: readonly { readonly ms: number; readonly bytes: number }[];
  readonly firstLatencyMs: readonly number[];
}

/** One server process under one load. Latencies in the order of their intended times. */
export interface Measured {
  readonly arm: ArmName;
  readonly atMs: Float64Array;
  readonly latencyMs: Float64Array;
  readonly failed: number;
  readonly cpuMsPerRequest: number;
  readonly meanRssBytes: number;
  readonly peakRssBytes: number;
  readonly serverWaitRatio: number;
  readonly server: ServerReport;
  readonly stats: object;
  readonly rss: readonly { readonly ms: number; readonly bytes: number }[];
  readonly silence: Silence | undefined;
  readonly saturation: Saturation | undefined;
}

/** With more in flight than the server can answer at once. */
export interface Saturation {
  readonly perSecond: number;
  readonly cpuMsPerRequest: number;
}

const SAMPLE_MS = 100;
const IN_FLIGHT = 32;

export function floats(base64: string): Float64Array {
  const bytes = Buffer.from(base64, "base64");
  return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

function answered(answers: Answers): number {
  return floats(answers.latencyMs).filter((value) => !Number.isNaN(value)).length;
}

const series = (samples: readonly ProcessSample[]): { ms: number; bytes: number }[] =>
  samples.map(({ atMs, rssBytes }) => ({ ms: atMs - samples[0]!.atMs, bytes: rssBytes }));

/** Answers a second with a fixed number in flight: what the server can do on this machine now. */
export async function capacity(
  generator: LoadGenerator,
  runtime: Runtime,
  name: string,
  workload: Workload,
  lengthMs: number,
): Promise<number> {
  const server = await Server.start(runtime, name, workload, "stock");
  try {
    const inFlight = workload.closedInFlight ?? IN_FLIGHT;
    const load = {
      mode: "closed",
      inFlight,
      url: server.url(workload.path),
      bodyBytes: workload.bodyBytes,
    } as const;
    await generator.run({ ...load, lengthMs });
    const answers = await generator.run({ ...load, lengthMs });
    return (answered(answers) / answers.tookMs) * 1000;
  } finally {
    server.close();
  }
}

async function watchSilence(
  generator: LoadGenerator,
  server: Server,
  plan: WindowPlan,
): Promise<Silence | undefined> {
  if (plan.silenceMs === 0) return undefined;
  const watched = watch(server.pid, SAMPLE_MS);
  await sleep(plan.silenceMs);
  watched.stop();
  const first = await generator.run({
    mode: "open",
    url: server.url(plan.workload.path),
    bodyBytes: plan.workload.bodyBytes,
    arrivals: { kind: "poisson" },
    perSecond: FIRST.perSecond,
    lengthMs: (FIRST.requests / FIRST.perSecond) * 1000,
    seed: plan.seed,
  });
  const rss = series(watched.samples);
  return {
    peakRssBytes: rss[0]!.bytes,
    lastRssBytes: rss.at(-1)!.bytes,
    rss,
    firstLatencyMs: [...floats(first.latencyMs)].filter((value) => !Number.isNaN(value)),
  };
}

async function saturate(
  generator: LoadGenerator,
  server: Server,
  { workload, saturationMs }: WindowPlan,
): Promise<Saturation | undefined> {
  if (saturationMs === 0) return undefined;
  const before = sample(server.pid);
  const answers = await generator.run({
    mode: "closed",
    inFlight: workload.closedInFlight ?? IN_FLIGHT,
    lengthMs: saturationMs,
    url: server.url(workload.path),
    bodyBytes: workload.bodyBytes,
  });
  const count = answered(answers);
  return {
    perSecond: (count / answers.tookMs) * 1000,
    cpuMsPerRequest: (sample(server.pid).cpuMs - before.cpuMs) / Math.max(1, count),
  };
}

export async function measureWindow(
  generator: LoadGenerator,
  plan: WindowPlan,
  arm: ArmName,
  flags: readonly string[],
): Promise<Measured> {
  const { workload } = plan;
  const server = await Server.start(plan.runtime, plan.name, workload, arm, flags);
  try {
    const open = {
      mode: "open",
      url: server.url(workload.path),
      bodyBytes: workload.bodyBytes,
      arrivals: workload.arrivals,
      perSecond: plan.perSecond,
    } as const;
    await generator.run({ ...open, lengthMs: plan.warmUpMs, seed: plan.seed + 1 });
    await server.begin();
    const watched = watch(server.pid, SAMPLE_MS);
    const before = sample(server.pid);
    const answers = await generator.run({ ...open, lengthMs: plan.windowMs, seed: plan.seed });
    const after = sample(server.pid);
    watched.stop();
    const report = await server.report();
    const silence = await watchSilence(generator, server, plan);
    const saturation = await saturate(generator, server, plan);
    return {
      arm,
      atMs: floats(answers.atMs),
      latencyMs: floats(answers.latencyMs),
      failed: answers.failed,
      cpuMsPerRequest: (after.cpuMs - before.cpuMs) / Math.max(1, answered(answers)),
      meanRssBytes: meanRssBytes(watched.samples),
      peakRssBytes: Math.max(...watched.samples.map(({ rssBytes }) => rssBytes)),
      serverWaitRatio: (after.runQueueWaitMs - before.runQueueWaitMs) / (after.atMs - before.atMs),
      server: report,
      stats: await server.stats(),
      rss: series(watched.samples),
      silence,
      saturation,
    };
  } finally {
    server.close();
  }
}
