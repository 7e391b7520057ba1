import { random } from "../runtimes/cli/load/random.ts";

/** `length` indices below `count`; the i-th most frequent with probability in proportion to `1 / i ** skew`. */
export function zipf(length: number, count: number, skew: number, seed: number): Int32Array {
  const next = random(seed);
  const sums = new Float64Array(count);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += 1 / (i + 1) ** skew;
    sums[i] = sum;
  }
  return Int32Array.from({ length }, () => {
    const wanted = next() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sums[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

/** Whole µs, log-normal: half below `medianUs`, the 99th of 100 ten times as much. */
export function latenciesUs(length: number, medianUs: number, seed: number): Float64Array {
  const next = random(seed);
  return Float64Array.from({ length }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return Math.max(1, Math.round(medianUs * Math.exp(normal)));
  });
}
