import type { LoopLag } from "../shared/reading.ts";

/** Ticks: of about ten seconds, while requests come. */
const KEPT = 100;

/**
 * How late ticks of a timer come. A tick sees only what lies over its own moment: a block of the loop that
 * is shorter than the interval is seen in part, or not at all. The engine's own measures are no
 * alternative: `monitorEventLoopDelay` reads 0 on Deno, event-loop utilisation on Deno and Bun.
 */
export class LoopLagMeter {
  #intervalMs = 0;
  readonly #lags = new Float64Array(KEPT);
  readonly #sorted = new Float64Array(KEPT);
  #count = 0;
  #lastMs = Number.NaN;
  #maxMs = 0;
  /** Until the first tick a program starts: what it loads meanwhile keeps nobody waiting. */
  #started = false;

  /** A timer of this interval begins. */
  start(nowMs: number, intervalMs: number): void {
    this.#lastMs = nowMs;
    this.#intervalMs = intervalMs;
  }

  /** What was seen so far. */
  forget(): void {
    this.#count = 0;
    this.#maxMs = 0;
  }

  tick(nowMs: number): void {
    const lag = this.#started ? Math.max(0, nowMs - this.#lastMs - this.#intervalMs) : 0;
    this.#started = true;
    this.#lastMs = nowMs;
    this.#lags[this.#count % KEPT] = lag;
    this.#count += 1;
    if (lag > this.#maxMs) this.#maxMs = lag;
  }

  /** Begins a new `max`. Cost: sorts 100 numbers, some µs. `undefined` before the first tick. */
  take(): LoopLag | undefined {
    const count = Math.min(this.#count, KEPT);
    if (count === 0) return undefined;
    const sorted = this.#sorted.subarray(0, count);
    sorted.set(this.#lags.subarray(0, count));
    sorted.sort();
    const quantile = (q: number): number => sorted[Math.ceil(q * count) - 1]!;
    const mean = sorted.reduce((sum, lag) => sum + lag, 0) / count;
    const squares = sorted.reduce((sum, lag) => sum + (lag - mean) ** 2, 0);
    const lag: LoopLag = {
      p50: quantile(0.5),
      p90: quantile(0.9),
      p99: quantile(0.99),
      min: sorted[0]!,
      mean,
      standardDeviation: Math.sqrt(squares / count),
      last: this.#lags[(this.#count - 1) % KEPT]!,
      max: this.#maxMs,
    };
    this.#maxMs = 0;
    return lag;
  }
}
