import { random } from "../runtimes/cli/load/random.ts";

/** The value below which the share `q` of the sorted values lies, interpolated. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = Math.floor(at);
  const high = Math.ceil(at);
  return sorted[low]! + (sorted[high]! - sorted[low]!) * (at - low);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** A median and the middle half around it. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), low: quantile(values, 0.25), high: quantile(values, 0.75) };
}

/** Round by round, so that what slows a whole round cancels out. */
export function ratios(values: readonly number[], reference: readonly number[]): number[] {
  return values.map((value, round) => value / reference[round]!);
}

export function differences(values: readonly number[], reference: readonly number[]): number[] {
  return values.map((value, round) => value - reference[round]!);
}

const RESAMPLES = 500;
export const CHEAPEST = 0.1;

/**
 * How dear one is beside another, by their cheapest turns: what else the machine does adds to a turn and never takes
 * from it. The ratio of the lower deciles, and the middle half of what bootstrap resamples of the turns make of it.
 */
export function cheapestRatio(values: readonly number[], reference: readonly number[], seed = 1): Spread {
  const next = random(seed);
  const resample = (from: readonly number[]) => from.map(() => from[Math.floor(next() * from.length)]!);
  const found = Array.from(
    { length: RESAMPLES },
    () => quantile(resample(values), CHEAPEST) / quantile(resample(reference), CHEAPEST),
  );
  return {
    median: quantile(values, CHEAPEST) / quantile(reference, CHEAPEST),
    low: quantile(found, 0.25),
    high: quantile(found, 0.75),
  };
}
