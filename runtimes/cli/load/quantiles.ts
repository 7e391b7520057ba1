/** The value at rank ceil(q * n) of an ascending array. */
export function atQuantile(sorted: Float64Array, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))]!;
}

/** All of them in one, without those that are no number. */
export function ascending(values: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(values.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of values) {
    for (const value of part) if (!Number.isNaN(value)) all[at++] = value;
  }
  return all.subarray(0, at).sort();
}
