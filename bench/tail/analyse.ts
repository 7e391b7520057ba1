import { random } from "../workload.ts";

/** The value at rank ceil(q * n) of an ascending array. */
export function atQuantile(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

export function ascending(values: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(values.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of values) {
    for (const value of part) if (!Number.isNaN(value)) all[at++] = value;
  }
  return all.subarray(0, at).sort();
}

export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

const RESAMPLES = 200;

/**
 * A quantile with its 95 % interval by the stationary block bootstrap (Politis, Romano 1994): blocks of
 * geometric length, in the order of the intended times, so that bursts and pauses stay together.
 * `meanBlock`: values in a block on average.
 */
export function quantileInterval(
  windows: readonly Float64Array[],
  q: number,
  meanBlock: number,
  seed: number,
): Interval {
  const value = atQuantile(ascending(windows), q);
  const line = ascendingOrder(windows);
  if (line.length < 2) return { value, low: Number.NaN, high: Number.NaN };
  const next = random(seed);
  const found: number[] = [];
  const resample = new Float64Array(line.length);
  for (let round = 0; round < RESAMPLES; round++) {
    let from = Math.floor(next() * line.length);
    for (let i = 0; i < line.length; i++) {
      if (next() * meanBlock < 1) from = Math.floor(next() * line.length);
      resample[i] = line[from]!;
      from = from + 1 === line.length ? 0 : from + 1;
    }
    found.push(atQuantile(resample.slice().sort(), q));
  }
  found.sort((a, b) => a - b);
  return {
    value,
    low: found[Math.floor(RESAMPLES * 0.025)]!,
    high: found[Math.ceil(RESAMPLES * 0.975) - 1]!,
  };
}

/** The windows one behind the other, in the order of arrival. */
function ascendingOrder(windows: readonly Float64Array[]): Float64Array {
  return Float64Array.from(windows.flatMap((part) => [...part].filter((value) => !Number.isNaN(value))));
}

/** Share of values above a limit. */
export function exceedance(values: Float64Array, limit: number): number {
  let above = 0;
  let count = 0;
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    count += 1;
    if (value > limit) above += 1;
  }
  return count === 0 ? Number.NaN : above / count;
}

/** Student's t at 95 % one-sided, and at 80 % for the power, by degrees of freedom from 1. */
const T95 = [
  6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
];
const T80 = [
  1.376, 1.061, 0.978, 0.941, 0.92, 0.906, 0.896, 0.889, 0.883, 0.879, 0.876, 0.873, 0.87, 0.868, 0.866,
];

/** `worse` and `not worse` at 95 %, one-sided each. */
export type Judgement = "not worse" | "worse" | "undecided" | "too few rounds";

export interface NonInferiority {
  readonly ratio: number;
  /** Bounds of the ratio, one-sided 95 % each. */
  readonly low: number;
  readonly high: number;
  readonly margin: number;
  readonly judgement: Judgement;
  /** The smallest worsening that this many rounds of this spread show with 80 % power. */
  readonly detectable: number;
}

/** Whether ratios, one for each round, stay below `1 + margin`: a t-test on their logarithms. */
export function nonInferior(ratios: readonly number[], margin: number): NonInferiority {
  const logs = ratios.map(Math.log).filter(Number.isFinite);
  const n = logs.length;
  if (n < 2) {
    const ratio = n === 1 ? Math.exp(logs[0]!) : Number.NaN;
    const unknown = { low: Number.NaN, high: Number.NaN, detectable: Number.NaN };
    return { ratio, margin, judgement: "too few rounds", ...unknown };
  }
  const mean = logs.reduce((sum, x) => sum + x, 0) / n;
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const error = Math.sqrt(variance / n);
  const t95 = T95[Math.min(n - 2, T95.length - 1)]!;
  const t80 = T80[Math.min(n - 2, T80.length - 1)]!;
  const low = Math.exp(mean - t95 * error);
  const high = Math.exp(mean + t95 * error);
  const judgement = high <= 1 + margin ? "not worse" : low > 1 + margin ? "worse" : "undecided";
  return {
    ratio: Math.exp(mean),
    low,
    high,
    margin,
    judgement,
    detectable: Math.exp((t95 + t80) * error) - 1,
  };
}

/** First time at which a falling series has given back `share` of what lies between its start and `floor`; `undefined`: never. */
export function backAfterMs(
  series: readonly { readonly ms: number; readonly bytes: number }[],
  floorBytes: number,
  share: number,
): number | undefined {
  const start = series[0]?.bytes ?? 0;
  const wanted = start - (start - floorBytes) * share;
  return series.find(({ bytes }) => bytes <= wanted)?.ms;
}
