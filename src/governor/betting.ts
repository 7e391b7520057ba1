/**
 * Tests and confidence sequences for means of bounded numbers by betting: Waudby-Smith and Ramdas,
 * "Estimating means of bounded random variables by betting" (2024). A gambler who starts with 1 bets against
 * the hypothesis; while it holds, the expected fortune never grows, so by Ville's inequality it reaches 1 / α
 * with a probability of at most α, however often one looks. Instead of predicting the best stake, the fortune
 * is spread over a fixed set of stakes: the mean of their fortunes is a valid fortune too.
 *
 * @module
 */

/** Shares of the largest stake that cannot lose everything. */
const STAKES: Float64Array = Float64Array.from({ length: 12 }, (_, i) => 0.9 * 0.72 ** i);

/** Evidence that the mean of numbers from -1 to 1 lies below (`side` -1) or above (1) `bound`. */
export class BettingTest {
  readonly #bound: number;
  readonly #side: 1 | -1;
  readonly #fortunes: Float64Array = new Float64Array(STAKES.length).fill(1);
  /** The largest fortune so far. */
  evidence = 1;

  constructor(bound: number, side: 1 | -1) {
    this.#bound = bound;
    this.#side = side;
  }

  /** `x` from -1 to 1. */
  add(x: number): void {
    const gain = (this.#side * (x - this.#bound)) / (1 + Math.abs(this.#bound));
    let sum = 0;
    for (let i = 0; i < STAKES.length; i++) {
      const fortune = this.#fortunes[i]! * (1 + STAKES[i]! * gain);
      this.#fortunes[i] = fortune;
      sum += fortune;
    }
    this.evidence = Math.max(this.evidence, sum / STAKES.length);
  }

  /** Whether the hypothesis "not beyond the bound" is rejected at this level. */
  rejects(alpha: number): boolean {
    return this.evidence >= 1 / alpha;
  }
}

const GRID = 40;

/**
 * An interval that holds the mean of numbers from -1 to 1 at all times at once, with a probability of 1 - α:
 * all means that no gambler has refuted, on a grid of 1/40.
 */
export class ConfidenceSequence {
  readonly #above: readonly BettingTest[];
  readonly #below: readonly BettingTest[];
  readonly #alpha: number;

  constructor(alpha: number) {
    const grid = Array.from({ length: 2 * GRID + 1 }, (_, i) => (i - GRID) / GRID);
    this.#alpha = alpha;
    this.#above = grid.map((mean) => new BettingTest(mean, 1));
    this.#below = grid.map((mean) => new BettingTest(mean, -1));
  }

  add(x: number): void {
    for (const test of this.#above) test.add(x);
    for (const test of this.#below) test.add(x);
  }

  /** The outermost means next to those refuted. */
  interval(): readonly [number, number] {
    const level = this.#alpha / 2;
    const low = this.#above.findLastIndex((test) => test.rejects(level));
    const high = this.#below.findIndex((test) => test.rejects(level));
    return [low < 0 ? -1 : (low - GRID) / GRID, high < 0 ? 1 : (high - GRID) / GRID];
  }
}
