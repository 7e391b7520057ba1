/** Blocks without action at the start, to learn what is usual. */
export const BASELINE_BLOCKS = 20;
/** An effect counts as known in so far as it has more blocks than this behind it. */
const PRIOR_BLOCKS = 20;
const CENTRE_WEIGHT = 0.1;
/** Share of the usual that is told apart at least, however alike the blocks of the baseline were. */
const LEAST_SCALE = 0.1;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

/**
 * One outcome of blocks, made bounded: distance from a centre that is known before the block, in units of a
 * scale frozen at the baseline, cut off at one unit. Whatever the outcomes do (drift, bursts, heavy tails),
 * what the coin says about them stays unbiased, since the centre knows nothing of the coin.
 */
export class Metric {
  #learnt: number[] = [];
  #usual = 0;
  #sum = 0;
  #blocks = 0;
  #centre = Number.NaN;
  #scale = Number.NaN;

  /** A block of the baseline. */
  learn(outcome: number): void {
    if (!Number.isNaN(outcome)) this.#learnt.push(outcome);
  }

  /**
   * The baseline is over. False where this cannot be judged: too few blocks had it, or most were 0 and there is no
   * `least` that would matter.
   */
  freeze(least: number): boolean {
    const learnt = this.#learnt;
    this.#learnt = [];
    if (learnt.length < BASELINE_BLOCKS / 2) return false;
    this.#centre = median(learnt);
    if (this.#centre > 0) {
      this.#usual = this.#centre;
      // Medians: a burst within the baseline must not blow up the scale for the whole trial.
      const deviation = 1.4826 * median(learnt.map((outcome) => Math.abs(outcome - this.#usual)));
      this.#scale = Math.min(Math.max(3 * deviation, LEAST_SCALE * this.#usual), this.#usual);
    } else if (least > 0) {
      this.#usual = Math.max(least, learnt.reduce((sum, outcome) => sum + outcome, 0) / learnt.length);
      this.#scale = this.#usual;
    }
    return this.judged;
  }

  get judged(): boolean {
    return !Number.isNaN(this.#scale);
  }

  /** The usual, as of the baseline. */
  get baseline(): number {
    return this.#usual;
  }

  /** How many units a share of the baseline is. */
  units(share: number): number {
    return (share * this.#usual) / this.#scale;
  }

  /** What share of the baseline so many units are. */
  share(units: number): number {
    return (units * this.#scale) / this.#usual;
  }

  /**
   * From -1 to 1, and the centre moves on; NaN in, NaN out. What the arm (`sign`: 1 acted, -1 held) is known
   * to do by now is left out of the centre, else the next block would seem to give it back.
   */
  distance(outcome: number, sign: number): number {
    if (Number.isNaN(outcome)) return outcome;
    const distance = Math.max(-1, Math.min(1, (outcome - this.#centre) / this.#scale));
    const known = this.#sum / (this.#blocks + PRIOR_BLOCKS);
    this.#centre += CENTRE_WEIGHT * this.#scale * (distance - sign * known);
    this.#sum += sign * distance;
    this.#blocks += 1;
    return distance;
  }
}
