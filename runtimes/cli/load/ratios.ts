/** Student's t, one-sided, by degrees of freedom from 1; beyond the last it hardly falls any more. */
const T80: readonly number[] = [
  1.376, 1.061, 0.978, 0.941, 0.92, 0.906, 0.896, 0.889, 0.883, 0.879, 0.876, 0.873, 0.87, 0.868, 0.866,
];
export const T95: readonly number[] = [
  6.314, 2.92, 2.353, 2.132, 2.015, 1.943, 1.895, 1.86, 1.833, 1.812, 1.796, 1.782, 1.771, 1.761, 1.753,
];
export const T995: readonly number[] = [
  63.657, 9.925, 5.841, 4.604, 4.032, 3.707, 3.499, 3.355, 3.25, 3.169, 3.106, 3.055, 3.012, 2.977, 2.947,
];

/** The mean of ratios, one for each round, by their logarithms. */
export interface MeanRatio {
  readonly ratio: number;
  /** Bounds at the level of the table, one-sided each. `NaN` with fewer than two rounds. */
  readonly low: number;
  readonly high: number;
  /** The smallest worsening that this many rounds of this spread show with 80 % power. */
  readonly detectable: number;
}

/** `leastDeviation`: of one logarithm, where the measure has steps of its own that rounds may share by chance. */
export function meanRatio(
  ratios: readonly number[],
  table: readonly number[],
  leastDeviation = 0,
): MeanRatio {
  const logs = ratios.map(Math.log).filter(Number.isFinite);
  const n = logs.length;
  const mean = logs.reduce((sum, x) => sum + x, 0) / n;
  if (n < 2) return { ratio: Math.exp(mean), low: Number.NaN, high: Number.NaN, detectable: Number.NaN };
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (n - 1);
  const error = Math.sqrt(Math.max(variance, leastDeviation ** 2) / n);
  const at = ({ length }: readonly number[]) => Math.min(n - 2, length - 1);
  const t = table[at(table)]!;
  return {
    ratio: Math.exp(mean),
    low: Math.exp(mean - t * error),
    high: Math.exp(mean + t * error),
    detectable: Math.exp((t + T80[at(T80)]!) * error) - 1,
  };
}
