import type { GovernorStats } from "../../src/index.ts";
import type { Runtime } from "../runtimes.ts";
import { type LoadGenerator, Server } from "./processes.ts";
import type { Pause } from "./server-report.ts";
import { capacity, floats } from "./window.ts";
import { type Workload, type WorkloadName, workloads } from "./workloads.ts";

/** What the governor charged for its pauses, beside what the load generator saw around the same pauses. */
export interface ChargeCheck {
  readonly runtime: Runtime;
  readonly workload: WorkloadName;
  readonly perSecond: number;
  readonly pauses: number;
  readonly pauseMs: number;
  /** Requests that the governor found waiting behind its pauses, and the wait that it charged them. */
  readonly countedRequests: number;
  readonly chargedMs: number;
  /** Requests whose intended time fell into a pause, and what was left of the pause then. */
  readonly arrivedRequests: number;
  readonly residualMs: number;
  /** Half of the requests far from any pause took less. */
  readonly usualMs: number;
  /** By how much these took longer than half of the requests far from any pause. */
  readonly excessMs: number;
}

/** Requests that come so soon after a pause may still queue behind those that waited. */
const AFTER_MS = 100;
const WARM_UP_MS = 3000;
const CALIBRATE_MS = 1500;

/** Pauses in the order of their times, arrivals and latencies as the generator has them; all on one clock, in ms. */
export function aroundPauses(
  pauses: readonly Pause[],
  atMs: Float64Array,
  latencyMs: Float64Array,
): Pick<ChargeCheck, "arrivedRequests" | "residualMs" | "usualMs" | "excessMs"> {
  const calm: number[] = [];
  const waited: { residualMs: number; latencyMs: number }[] = [];
  let next = 0;
  atMs.forEach((at, i) => {
    while (next < pauses.length && pauses[next]!.toMs <= at) next += 1;
    const latency = latencyMs[i]!;
    if (Number.isNaN(latency)) return;
    const before = pauses[next - 1];
    const pause = pauses[next];
    if (pause && pause.fromMs <= at) waited.push({ residualMs: pause.toMs - at, latencyMs: latency });
    else if (!before || at - before.toMs > AFTER_MS) calm.push(latency);
  });
  calm.sort((a, b) => a - b);
  const usual = calm[calm.length >> 1] ?? Number.NaN;
  return {
    arrivedRequests: waited.length,
    residualMs: waited.reduce((sum, { residualMs }) => sum + residualMs, 0),
    usualMs: usual,
    excessMs: waited.reduce((sum, one) => sum + one.latencyMs - usual, 0),
  };
}

async function told(server: Server): Promise<{ counted: number; chargedMs: number; performed: number }> {
  const { governor } = (await server.stats()) as { governor: GovernorStats };
  const { waitingRequests, waitingMs, performed } = governor.actions.watermark!;
  return { counted: waitingRequests, chargedMs: waitingMs, performed };
}

/** A server whose `watermark` always finds itself above its mark, under Poisson arrivals. */
export async function checkCharges(
  generator: LoadGenerator,
  runtime: Runtime,
  name: WorkloadName,
  windowMs: number,
  share: number,
  seed: number,
): Promise<ChargeCheck> {
  const workload: Workload = workloads[name];
  const can = await capacity(generator, runtime, name, workload, CALIBRATE_MS);
  const perSecond = Math.max(2, Math.min(workload.maxPerSecond, can * share));
  const server = await Server.start(runtime, name, workload, "pressed");
  try {
    const { path, bodyBytes } = workload;
    const load = { mode: "open", url: server.url(path), bodyBytes, arrivals: { kind: "poisson" } } as const;
    await generator.run({ ...load, perSecond, lengthMs: WARM_UP_MS, seed: seed + 1 });
    const before = await told(server);
    const answers = await generator.run({ ...load, perSecond, lengthMs: windowMs, seed });
    const after = await told(server);
    const pauses = (await server.pauses()).slice(before.performed, after.performed);
    const atMs = floats(answers.atMs).map((at) => at + answers.startedAtMs);
    return {
      runtime,
      workload: name,
      perSecond,
      pauses: pauses.length,
      pauseMs: pauses.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0),
      countedRequests: after.counted - before.counted,
      chargedMs: after.chargedMs - before.chargedMs,
      ...aroundPauses(pauses, atMs, floats(answers.latencyMs)),
    };
  } finally {
    server.close();
  }
}

const ratio = (a: number, b: number): string => (b > 0 ? (a / b).toFixed(2) : "-");

export function formatCharges(check: ChargeCheck): string {
  const mean = check.pauseMs / Math.max(1, check.pauses);
  return [
    `${check.workload} on ${check.runtime}, ${check.perSecond.toFixed(0)} arrivals a second, ${check.pauses} pauses of ${mean.toFixed(1)} ms`,
    `  counted as waiting ${check.countedRequests}, arrived in a pause ${check.arrivedRequests}: ratio ${ratio(check.countedRequests, check.arrivedRequests)}`,
    `  charged ${check.chargedMs.toFixed(0)} ms, left of the pauses when they arrived ${check.residualMs.toFixed(0)} ms: ratio ${ratio(check.chargedMs, check.residualMs)}`,
    `  charged ${check.chargedMs.toFixed(0)} ms, beyond the usual ${check.usualMs.toFixed(1)} ms ${check.excessMs.toFixed(0)} ms: ratio ${ratio(check.chargedMs, check.excessMs)}`,
  ].join("\n");
}
