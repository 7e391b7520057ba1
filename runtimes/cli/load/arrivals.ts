import { random } from "./random.ts";

/** How requests arrive. Times are in ms. */
export type Arrivals =
  | { readonly kind: "poisson" }
  /** Poisson while on, nothing while off. */
  | { readonly kind: "on-off"; readonly onMs: number; readonly offMs: number };

/**
 * Intended arrival times in ms from 0 to `lengthMs`, repeatable by seed: a Poisson process of `perSecond`,
 * or one that is on and off by turns (`perSecond` while on).
 */
export function arrivalTimes(
  arrivals: Arrivals,
  perSecond: number,
  lengthMs: number,
  seed: number,
): Float64Array {
  const next = random(seed);
  const times: number[] = [];
  const meanGapMs = 1000 / perSecond;
  // In time that counts only what is on; mapped to the clock at the end.
  for (let at = gap(next, meanGapMs); ; at += gap(next, meanGapMs)) {
    const time = arrivals.kind === "poisson" ? at : toClock(at, arrivals.onMs, arrivals.offMs);
    if (time >= lengthMs) break;
    times.push(time);
  }
  return Float64Array.from(times);
}

function gap(next: () => number, meanMs: number): number {
  return -Math.log(1 - next()) * meanMs;
}

function toClock(onTimeMs: number, onMs: number, offMs: number): number {
  return onTimeMs + Math.floor(onTimeMs / onMs) * offMs;
}
