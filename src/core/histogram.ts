import { show, VelithonError } from "../shared/errors.ts";
import { checkCore, checkNumber, checkQuantiles } from "./check.ts";
import type { CoreExports } from "./exports.ts";
import type { Instance } from "./instance.ts";
import { addressOf } from "./table.ts";
import { known } from "./unknown.ts";

/** @internal A header of eight and 1,056 buckets (assembly/histogram.ts). */
export const HISTOGRAM_NUMBERS = 1064;

/** What a histogram holds, in the unit of its values. */
export interface HistogramSummary {
  /** Values recorded. */
  readonly count: number;
  /** `undefined` while nothing was recorded, as for the other four. */
  readonly min: number | undefined;
  readonly max: number | undefined;
  readonly mean: number | undefined;
  readonly standardDeviation: number | undefined;
  /** Values below 1 or from 2^33 on: counted, and kept in the outermost buckets. */
  readonly clamped: number;
  /** NaN and infinities: not recorded. */
  readonly rejected: number;
}

/** A histogram's numbers in the core's memory (assembly/histogram.ts): these, and then a count for each bucket. */
const COUNT = 0;
const MIN = 1;
const MAX = 2;
const ORIGIN = 3;
const SUM = 4;
const SQUARES = 5;
const CLAMPED = 6;
const REJECTED = 7;
const FIELDS = 8;

/** Adds `from` to `into`: the histogram of both together. */
function add(into: Float64Array, from: Float64Array): void {
  const count = from[COUNT]!;
  // Mean and deviation are summed around the first value: the sums of `from` move over to the origin of `into`.
  if (into[COUNT] === 0) for (const field of [MIN, MAX, ORIGIN]) into[field] = from[field]!;
  else if (count > 0) {
    into[MIN] = Math.min(into[MIN]!, from[MIN]!);
    into[MAX] = Math.max(into[MAX]!, from[MAX]!);
  }
  const shift = from[ORIGIN]! - into[ORIGIN]!;
  into[SQUARES]! += from[SQUARES]! + 2 * shift * from[SUM]! + count * shift * shift;
  into[SUM]! += from[SUM]! + count * shift;
  for (const field of [COUNT, CLAMPED, REJECTED]) into[field]! += from[field]!;
  for (let i = FIELDS; i < from.length; i++) into[i]! += from[i]!;
}

/** The middle of a bucket: within 1/64 of every value in it. */
const middleOf = (bucket: number): number => 2 ** (bucket >> 5) * (1 + ((bucket & 31) + 0.5) / 32);

/** The bucket before that of the least value: where a pass may begin. */
const beginOf = (min: number): number => Math.max(0, Math.floor(Math.log2(min) * 32) - 33);

/**
 * A log-linear histogram of values from 1 to 2^33 (in µs: 2.4 hours), 32 buckets to a doubling, so that
 * a quantile is within 1/64 of the value it stands for. 8.5 KB each; `record` is one call into the core.
 */
export class Histogram {
  readonly #core: Instance<CoreExports>;
  #address: number;
  #view: Float64Array | undefined;

  /** @param address @internal an existing one: the schedule's own */
  constructor(core: Instance<CoreExports>, address?: number) {
    checkCore("Histogram", core, "histogramCreate", "one from createCore()");
    this.#core = core;
    this.#address = addressOf("a histogram", address ?? core.exports.histogramCreate());
  }

  /** @throws `INVALID_OPTION` for what is no number; NaN and infinities are counted as rejected */
  record(value: number): void {
    checkNumber("record: value", value);
    if (this.#address !== 0) this.#core.exports.histogramRecord(this.#address, value);
  }

  /**
   * The values of quantiles (0 .. 1, ascending), in one pass; `undefined` each while nothing was recorded.
   *
   * @throws `INVALID_OPTION` for more than 64, out of order or out of range
   */
  quantiles(...quantiles: number[]): (number | undefined)[] {
    checkQuantiles(quantiles);
    const { scratch } = this.#core;
    for (let i = 0; i < quantiles.length; i++) scratch[i] = quantiles[i]!;
    this.#core.exports.histogramQuantiles(this.#address, quantiles.length);
    return quantiles.map((_, i) => known(scratch[i]!));
  }

  /** Returns count, extremes, mean and deviation, kept up to date by each `record`. */
  summary(): HistogramSummary {
    this.#core.exports.histogramSummary(this.#address);
    const s = this.#core.scratch;
    return {
      count: s[0]!,
      min: known(s[1]!),
      max: known(s[2]!),
      mean: known(s[3]!),
      standardDeviation: known(s[4]!),
      clamped: s[5]!,
      rejected: s[6]!,
    };
  }

  /** @internal Copies all of it, as it lies in the core's memory, to `target`: `HISTOGRAM_NUMBERS` numbers. */
  copyTo(target: Float64Array): void {
    target.set(this.#fields());
  }

  /**
   * @internal What was recorded since `earlier`, a copy of it, or since the start: exact but for the quantiles
   * (ascending), each the middle of a bucket.
   */
  since(
    earlier: Float64Array | undefined,
    quantiles: readonly number[],
  ): { count: number; mean: number | undefined; quantiles: (number | undefined)[] } {
    const now = this.#fields();
    // Less than there was: it has been reset meanwhile.
    const then = earlier !== undefined && earlier[COUNT]! <= now[COUNT]! ? earlier : undefined;
    const count = now[COUNT]! - (then?.[COUNT] ?? 0);
    if (count === 0) return { count, mean: undefined, quantiles: quantiles.map(() => undefined) };
    let bucket = FIELDS - 1 + beginOf(now[MIN]!);
    let seen = 0;
    const values = quantiles.map((quantile) => {
      const rank = Math.max(1, Math.ceil(quantile * count));
      while (seen < rank && bucket < HISTOGRAM_NUMBERS - 1) {
        bucket += 1;
        seen += now[bucket]! - (then?.[bucket] ?? 0);
      }
      return middleOf(bucket - FIELDS);
    });
    return { count, mean: now[ORIGIN]! + (now[SUM]! - (then?.[SUM] ?? 0)) / count, quantiles: values };
  }

  /** Adds all that `other`, of the same core, has recorded. @throws `INVALID_OPTION` for one of another core */
  merge(other: Histogram): void {
    if (!(other instanceof Histogram) || other.#core !== this.#core) {
      throw new VelithonError(
        "INVALID_OPTION",
        `merge got ${other instanceof Histogram ? "a histogram of another core" : show(other)}; accepted: one of the same core`,
      );
    }
    if (this.#address !== 0) add(this.#fields(), other.#fields());
  }

  #fields(): Float64Array {
    if (this.#address === 0) return new Float64Array(HISTOGRAM_NUMBERS);
    this.#view = this.#core.numbersAt(this.#address, HISTOGRAM_NUMBERS, this.#view);
    return this.#view;
  }

  /** A copy of its numbers (8.5 KB), for `mergeNumbers` in another core, worker or process. */
  toNumbers(): Float64Array<ArrayBuffer> {
    const numbers = new Float64Array(HISTOGRAM_NUMBERS);
    this.copyTo(numbers);
    return numbers;
  }

  /**
   * Adds a histogram of anywhere by its numbers.
   *
   * @throws `INVALID_OPTION` for what did not come from `toNumbers`
   */
  mergeNumbers(numbers: Float64Array): void {
    if (!(numbers instanceof Float64Array) || numbers.length !== HISTOGRAM_NUMBERS) {
      throw new VelithonError(
        "INVALID_OPTION",
        `mergeNumbers got ${show(numbers)}; accepted: the result of a histogram's toNumbers`,
      );
    }
    if (this.#address !== 0) add(this.#fields(), numbers);
  }

  /** Forgets all values. */
  reset(): void {
    if (this.#address !== 0) this.#core.exports.histogramReset(this.#address);
  }

  /** Gives the memory back to the core. From then on the histogram is empty and takes nothing in. */
  destroy(): void {
    if (this.#address !== 0) this.#core.exports.histogramDestroy(this.#address);
    // The core's memory below its data is zero: address 0 reads as a histogram of no values.
    this.#address = 0;
    this.#view = undefined;
  }
}
