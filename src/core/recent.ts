import { checkQuantiles, checkTime } from "./check.ts";
import { HISTOGRAM_NUMBERS, type Histogram } from "./histogram.ts";

/** What a histogram took in over about the last minute. */
export interface RecentSummary {
  /** What it covers: 45 to 60 s, less after the first sample, more after a gap; `undefined` before the first: all so far. */
  readonly windowMs: number | undefined;
  readonly count: number;
  /** `undefined` where nothing was recorded, as the quantiles. */
  readonly mean: number | undefined;
  readonly quantiles: readonly (number | undefined)[];
}

const COPY_MS = 15_000;
const WINDOW_MS = 45_000;
/** Enough that one of them is always between the two. */
const COPIES = 4;

interface Copy {
  atMs: number;
  readonly numbers: Float64Array;
}

/** A histogram less a copy of it from about a minute ago. Four copies of 8.5 KB; one is made each 15 s, in 1 to 2 µs. */
export class RecentHistogram {
  readonly #histogram: Histogram;
  /** The oldest first. */
  readonly #copies: Copy[] = [];
  #sinceMs: number | undefined;

  constructor(histogram: Histogram) {
    this.#histogram = histogram;
  }

  /** To be called about once a second. */
  sample(nowMs: number): void {
    checkTime("sample: nowMs", nowMs);
    this.#sinceMs ??= nowMs;
    const last = this.#copies.at(-1)?.atMs ?? this.#sinceMs;
    if (nowMs - last < COPY_MS) return;
    const copy =
      this.#copies.length < COPIES
        ? { atMs: 0, numbers: new Float64Array(HISTOGRAM_NUMBERS) }
        : this.#copies.shift()!;
    copy.atMs = nowMs;
    this.#histogram.copyTo(copy.numbers);
    this.#copies.push(copy);
  }

  /** Cost: one pass over the buckets, about 1 µs. @param quantiles 0 to 1, ascending */
  summary(nowMs: number, ...quantiles: number[]): RecentSummary {
    checkTime("summary: nowMs", nowMs);
    checkQuantiles(quantiles);
    const base = this.#copies.findLast(({ atMs }) => nowMs - atMs >= WINDOW_MS);
    const sinceMs = base?.atMs ?? this.#sinceMs;
    const windowMs = sinceMs === undefined ? undefined : nowMs - sinceMs;
    const since = this.#histogram.since(base?.numbers, quantiles);
    return { windowMs, count: since.count, mean: since.mean, quantiles: since.quantiles };
  }
}
