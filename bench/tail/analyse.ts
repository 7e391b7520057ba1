import { ascending, atQuantile } from "../../runtimes/cli/load/quantiles.ts";
import { random } from "../../runtimes/cli/load/random.ts";
import { type MeanRatio, meanRatio, T95 } from "../../runtimes/cli/load/ratios.ts";

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

/** `worse` and `not worse` at 95 %, one-sided each. */
export type Judgement = "not worse" | "worse" | "undecided" | "too few rounds";

/** Bounds are one-sided 95 % each. */
export interface NonInferiority extends MeanRatio {
  readonly margin: number;
  readonly judgement: Judgement;
}

/** Whether ratios, one for each round, stay below `1 + margin`: a t-test on their logarithms. */
export function nonInferior(ratios: readonly number[], margin: number): NonInferiority {
  const mean = meanRatio(ratios, T95);
  const { low, high } = mean;
  const decided = high <= 1 + margin ? "not worse" : low > 1 + margin ? "worse" : "undecided";
  return { ...mean, margin, judgement: Number.isNaN(low) ? "too few rounds" : decided };
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
