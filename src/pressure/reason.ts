import { MB } from "../shared/units.ts";
import type { PressureCause, PressureInputs, PressureLevel } from "./level.ts";

const mb = (bytes: number): string => `${Math.round(bytes / MB)} MB`;
const percent = (ratio: number): string => `${Math.round(ratio * 100)} %`;

const of = (used: number | undefined, limit: number | undefined): string =>
  used === undefined || limit === undefined ? "" : `${percent(used / limit)} (${mb(used)} of ${mb(limit)})`;

function subject(level: PressureLevel, cause: PressureCause, inputs: PressureInputs): string {
  switch (cause) {
    case "memory":
      return `memory is at ${of(inputs.usedBytes, inputs.limitBytes)} of its limit`;
    case "heap":
      return `the heap is at ${of(inputs.heapUsedBytes, inputs.heapLimitBytes)} of its limit`;
    case "stall":
      return `tasks waited for memory during ${percent(inputs.stallRatio ?? 0)} of the last ten seconds`;
    case "lag": {
      // A level is kept for a while after the loop is in time again.
      const lag = `${Math.round(inputs.lagMs ?? 0)} ms`;
      return level === "normal" ? `the event loop is ${lag} late` : `the event loop was late, now by ${lag}`;
    }
  }
}

/** What decided the level, in one sentence. */
export function reasonFor(
  level: PressureLevel,
  cause: PressureCause | undefined,
  inputs: PressureInputs,
  fastTimeMs: number | undefined,
): string {
  if (cause === undefined) return "none of the readings that decide the level is available";
  const soon =
    cause === "memory" && fastTimeMs !== undefined
      ? `, and at this rate reaches it in ${(fastTimeMs / 1000).toFixed(1)} s`
      : "";
  return `${level}: ${subject(level, cause, inputs)}${soon}`;
}
