import { checkCore, checkNumber } from "./check.ts";
import type { GovernorCore } from "./governor.ts";
import { addressOf, requireCapacity } from "./table.ts";
import { known } from "./unknown.ts";

/** A straight line through the points, by least squares. */
export interface TrendFit {
  /** Points that it went through. */
  readonly points: number;
  /** Change of y per unit of x; `undefined` below two points of different x. */
  readonly slope: number | undefined;
  readonly intercept: number | undefined;
  /** Of the slope; `undefined` below three points, as the next two. */
  readonly standardError: number | undefined;
  readonly rSquared: number | undefined;
  /** That the slope is not 0, by Student's t, two-sided, 0 .. 1. Assumes independent errors. */
  readonly confidence: number | undefined;
}

/** A least-squares line through the last `capacity` points. */
export class Trend {
  readonly #core: GovernorCore;
  #address: number;

  constructor(core: GovernorCore, capacity: number) {
    checkCore("Trend", core, "trendCreate", "one from createGovernorCore()");
    requireCapacity("capacity", capacity, 2);
    this.#core = core;
    this.#address = addressOf("a trend", core.exports.trendCreate(capacity));
  }

  /** A point that is not finite is left out. */
  add(x: number, y: number): void {
    checkNumber("add: x", x);
    checkNumber("add: y", y);
    if (this.#address !== 0) this.#core.exports.trendAdd(this.#address, x, y);
  }

  /** Cost: three passes over the points. */
  fit(): TrendFit {
    this.#core.exports.trendFit(this.#address);
    const s = this.#core.scratch;
    return {
      points: s[0]!,
      slope: known(s[1]),
      intercept: known(s[2]),
      standardError: known(s[3]),
      rSquared: known(s[4]),
      confidence: known(s[5]),
    };
  }

  /** Forgets all points. */
  reset(): void {
    this.#core.exports.trendReset(this.#address);
  }

  /** Gives the memory back to the core. From then on the trend is empty and takes nothing in. */
  destroy(): void {
    if (this.#address !== 0) this.#core.exports.trendDestroy(this.#address);
    // The core's memory below its data is zero: address 0 reads as a trend of no points.
    this.#address = 0;
  }
}
