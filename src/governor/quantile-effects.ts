import type { Challenger } from "./challenger.ts";

/** Of the durations of one block's requests; of fewer than a thousand the last is their maximum. */
export const QUANTILES = { p50: 0.5, p90: 0.9, p99: 0.99, p999: 0.999 } as const;
type QuantileName = keyof typeof QUANTILES;
const NAMES = Object.keys(QUANTILES) as QuantileName[];
/** Of a block: its quantiles, and behind them the share of its requests above the frozen p99. */
const COLUMNS = NAMES.length + 1;

/** As a share of what blocks show that hold (-0.25: a quarter less). */
export interface QuantileEffect {
  readonly share: number;
  readonly low: number;
  readonly high: number;
}
/** Quantiles of latency, and requests above the frozen p99; that one is `undefined` where none were. */
export interface DescribedEffects {
  readonly quantiles: QuantileEffects;
  readonly exceedances: QuantileEffect | undefined;
}
/** An effect for each quantile of latency. */
export type QuantileEffects = Readonly<Record<QuantileName, QuantileEffect>>;

/** The latest blocks; older ones are forgotten. */
const KEPT_BLOCKS = 256;
/** Fewer in an arm say nothing. */
const MIN_BLOCKS = 10;
/** Worked out anew when asked for, after so many more blocks. */
const EVERY_BLOCKS = 10;
const REPLICATES = 200;
/** Of replicates that lie outside the interval. */
const OUTSIDE = 0.05;

/**
 * What acting does to quantiles of latency: the mean over blocks that acted against the mean over blocks that
 * held. It only describes: no decision looks at it. Waits during our own pauses, which no handler sees, are in what
 * is above the frozen p99, and not in the quantiles. Intervals of 95 % by the stationary block bootstrap (Politis and Romano 1994): replicates of the
 * sequence of blocks, made of stretches that begin anywhere and have geometric lengths (mean: the cube root of
 * the number of blocks), so that neighbours that are alike stay together. They hold at one look, not at all at once.
 */
export class QuantileBootstrap {
  readonly #random: () => number;
  readonly #values: Float64Array = new Float64Array(KEPT_BLOCKS * COLUMNS);
  readonly #acted: Uint8Array = new Uint8Array(KEPT_BLOCKS);
  #added = 0;
  #workedOutAt = 0;
  #effects: DescribedEffects | undefined;

  /** @param random 0 to below 1 */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** A block, in the order of their times; `quantile` is asked for each of its quantiles, in any unit. `above`: of its requests. */
  add(acted: boolean, quantile: (share: number) => number, above: number): void {
    const at = this.#added % KEPT_BLOCKS;
    this.#acted[at] = acted ? 1 : 0;
    NAMES.forEach((name, i) => {
      this.#values[at * COLUMNS + i] = quantile(QUANTILES[name]);
    });
    this.#values[at * COLUMNS + NAMES.length] = above;
    this.#added += 1;
  }

  /** `undefined` until each arm has ten blocks. Cost: about 1 ms where ten blocks have come since it was last asked for. */
  get effects(): DescribedEffects | undefined {
    if (this.#added - this.#workedOutAt >= EVERY_BLOCKS) {
      this.#workedOutAt = this.#added;
      this.#effects = this.#estimate();
    }
    return this.#effects;
  }

  #estimate(): DescribedEffects | undefined {
    const n = Math.min(this.#added, KEPT_BLOCKS);
    const acted = this.#acted.subarray(0, n).reduce((sum, one) => sum + one, 0);
    if (Math.min(acted, n - acted) < MIN_BLOCKS) return undefined;
    const oldest = this.#added - n;
    const seen = this.#shares(Int32Array.from({ length: n }, (_, i) => (oldest + i) % KEPT_BLOCKS))!;
    const replicates: number[][] = [];
    const drawn = new Int32Array(n);
    for (let i = 0; i < REPLICATES; i++) {
      this.#draw(drawn, oldest);
      const shares = this.#shares(drawn);
      if (shares) replicates.push(shares);
    }
    const effect = (i: number): QuantileEffect => {
      const sorted = replicates.map((shares) => shares[i]!).sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
      return { share: seen[i]!, low: at(OUTSIDE / 2), high: at(1 - OUTSIDE / 2) };
    };
    const exceedances = effect(NAMES.length);
    return {
      quantiles: Object.fromEntries(NAMES.map((name, i) => [name, effect(i)])) as unknown as QuantileEffects,
      exceedances: Object.values(exceedances).every(Number.isFinite) ? exceedances : undefined,
    };
  }

  /** A replicate of the sequence: places of blocks, from the oldest on in a circle. */
  #draw(places: Int32Array, oldest: number): void {
    const n = places.length;
    const breakOff = 1 / Math.cbrt(n);
    let at = 0;
    for (let i = 0; i < n; i++) {
      at = i === 0 || this.#random() < breakOff ? Math.floor(this.#random() * n) : (at + 1) % n;
      places[i] = (oldest + at) % KEPT_BLOCKS;
    }
  }

  /** `undefined` where an arm is not among them. */
  #shares(places: Int32Array): number[] | undefined {
    const size = COLUMNS;
    const values = this.#values;
    /** Of the blocks that held, then of those that acted. */
    const sums = new Float64Array(2 * size);
    let acted = 0;
    for (let k = 0; k < places.length; k++) {
      const place = places[k]!;
      const arm = this.#acted[place]!;
      acted += arm;
      for (let i = 0; i < size; i++) sums[arm * size + i]! += values[place * size + i]!;
    }
    const held = places.length - acted;
    if (held === 0 || acted === 0) return undefined;
    return Array.from({ length: size }, (_, i) => sums[size + i]! / acted / (sums[i]! / held) - 1);
  }
}

/** Quantiles of trials: each challenger's are its own. */
export class TrialQuantiles {
  readonly #random: () => number;
  readonly #of: WeakMap<Challenger, QuantileBootstrap> = new WeakMap();

  constructor(random: () => number) {
    this.#random = random;
  }

  add(
    challenger: Challenger | undefined,
    acted: boolean,
    quantile: (share: number) => number,
    above: number,
  ): void {
    if (!challenger || challenger.learning) return;
    const bootstrap = this.#of.get(challenger) ?? new QuantileBootstrap(this.#random);
    this.#of.set(challenger, bootstrap);
    bootstrap.add(acted, quantile, above);
  }

  effectsOf(challenger: Challenger | undefined): DescribedEffects | undefined {
    return challenger && this.#of.get(challenger)?.effects;
  }
}
