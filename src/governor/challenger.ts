import { BettingTest, ConfidenceSequence } from "./betting.ts";
import { BASELINE_BLOCKS, Metric } from "./metric.ts";
import type { GovernorObjective } from "./options.ts";

/** What one block came to; NaN: cannot be read, or no request came. Less is better for each. */
export interface Outcomes {
  /** Capped time above the frozen p99, in ms per 1,000 requests, with the waits during our own pauses. */
  readonly latency: number;
  /** CPU time in ms per request. */
  readonly cpu: number;
  /** Mean bytes in use over the block. */
  readonly memory: number;
}

/** What became of a policy under trial. `harmful`: it worsened the objective or another one; `carry-over`: its effects outlasted its blocks. */
export type Verdict = "running" | "adopted" | "harmful" | "no gain" | "undecided" | "carry-over";

const OBJECTIVES: readonly GovernorObjective[] = ["latency", "cpu", "memory"];
/** The others may get worse by this share of their baseline. */
export const MARGINS: Readonly<Record<GovernorObjective, number>> = { latency: 0.1, cpu: 0.05, memory: 0.1 };
/** What counts as usual where most blocks have none of it, so that there is something that may not get worse. */
const LEAST: Readonly<Record<GovernorObjective, number>> = { latency: 1, cpu: 0, memory: 0 };
/** Trial blocks after which no decision is a decision. */
export const HORIZON_BLOCKS = 1200;
/** The same where the gain is sure, and what it may cost is not yet: latency is told apart more slowly than memory or CPU time. */
export const GUARDED_HORIZON_BLOCKS = 4800;
/** Stopping is safe: it may be wrong more often than adopting. */
const STOP_ALPHA = 0.02;
const LAG_ALPHA = 0.004;
/** A gain surely below this share of the baseline is none. */
const MIN_GAIN = 0.05;
/** What the next block gives back of a gain must be below this share of it, by this many standard errors. */
const MAX_GIVEN_BACK = 0.5;
const LAG_ERRORS = 2;
/** 1 / propensity: an outcome weighs this much, so that means of weighted outcomes are effects. */
const WEIGHT = 2;

/**
 * One challenger against doing nothing: blocks in which it acts or holds by a fair coin. The effect of acting
 * is the mean of the outcomes weighted by the inverse propensity (Horvitz and Thompson), each taken from a
 * centre that was known before. Its sign is tested by betting, valid at every block.
 */
export class Challenger {
  readonly #objective: GovernorObjective;
  readonly #alpha: number;
  readonly #metrics: Record<GovernorObjective, Metric>;
  #gain: BettingTest = new BettingTest(0, -1);
  #harm: BettingTest = new BettingTest(0, 1);
  #effect: ConfidenceSequence;
  #guards: { metric: GovernorObjective; kept: BettingTest; broken: BettingTest }[] = [];
  readonly #lagUp: BettingTest = new BettingTest(0, 1);
  readonly #lagDown: BettingTest = new BettingTest(0, -1);
  readonly #revoke: BettingTest = new BettingTest(0, 1);
  #lastSign = 0;
  #sum = 0;
  /** Blocks whose outcome could be read. */
  #judged = 0;
  #lagSum = 0;
  #lagSquares = 0;
  #lagBlocks = 0;
  /** Without action, before the trial. */
  baselineBlocks = 0;
  /** Of the trial. */
  blocks = 0;
  acted = 0;
  /** Since it was adopted. */
  watched = 0;
  verdict: Verdict = "running";

  /** @param alpha how often a challenger that gains nothing may be adopted */
  constructor(objective: GovernorObjective, alpha: number) {
    this.#objective = objective;
    this.#alpha = alpha;
    this.#metrics = { latency: new Metric(), cpu: new Metric(), memory: new Metric() };
    this.#effect = new ConfidenceSequence(alpha);
  }

  /** Whether the blocks still only teach what is usual. */
  get learning(): boolean {
    return this.baselineBlocks < BASELINE_BLOCKS;
  }

  learn(outcomes: Outcomes): void {
    for (const name of OBJECTIVES) this.#metrics[name].learn(outcomes[name]);
    this.baselineBlocks += 1;
    if (!this.learning) this.#freeze();
  }

  #freeze(): void {
    for (const name of OBJECTIVES) {
      const isObjective = name === this.#objective;
      const judged = this.#metrics[name].freeze(isObjective ? 0 : LEAST[name]);
      if (isObjective) {
        if (!judged) this.verdict = "no gain";
      } else if (judged) {
        const bound = this.#metrics[name].units(MARGINS[name]) / WEIGHT;
        this.#guards.push({
          metric: name,
          kept: new BettingTest(bound, -1),
          broken: new BettingTest(bound, 1),
        });
      }
    }
  }

  /** A block of the trial. */
  record(act: boolean, outcomes: Outcomes): Verdict {
    if (this.verdict !== "running") return this.verdict;
    const sign = act ? 1 : -1;
    this.blocks += 1;
    if (act) this.acted += 1;
    for (const guard of this.#guards) {
      const distance = this.#metrics[guard.metric].distance(outcomes[guard.metric], sign);
      if (Number.isNaN(distance)) continue;
      guard.kept.add(sign * distance);
      guard.broken.add(sign * distance);
    }
    const distance = this.#metrics[this.#objective].distance(outcomes[this.#objective], sign);
    if (!Number.isNaN(distance)) this.#judge(sign, distance);
    this.#lastSign = sign;
    this.verdict = this.#decide();
    return this.verdict;
  }

  #judge(sign: number, distance: number): void {
    const x = sign * distance;
    this.#gain.add(x);
    this.#harm.add(x);
    this.#effect.add(x);
    this.#sum += x;
    this.#judged += 1;
    if (this.#lastSign === 0) return;
    const lag = this.#lastSign * distance;
    this.#lagUp.add(lag);
    this.#lagDown.add(lag);
    this.#lagSum += lag;
    this.#lagSquares += lag * lag;
    this.#lagBlocks += 1;
  }

  #decide(): Verdict {
    if (this.#harm.rejects(STOP_ALPHA)) return "harmful";
    if (this.#guards.some((guard) => guard.broken.rejects(STOP_ALPHA))) return "harmful";
    if (this.#lagUp.rejects(LAG_ALPHA) || this.#lagDown.rejects(LAG_ALPHA)) return "carry-over";
    if (
      this.#gain.rejects(this.#alpha) &&
      this.#guards.every((guard) => guard.kept.rejects(this.#alpha)) &&
      this.#keepsItsGain()
    ) {
      return "adopted";
    }
    const [best] = this.#effect.interval();
    if (this.#metrics[this.#objective].share(best * WEIGHT) > -MIN_GAIN) return "no gain";
    return this.blocks >= this.horizonBlocks ? "undecided" : "running";
  }

  get horizonBlocks(): number {
    return this.#gain.rejects(this.#alpha) ? GUARDED_HORIZON_BLOCKS : HORIZON_BLOCKS;
  }

  /**
   * Whether the block after one that acted gives back little of the gain. A test at one look, made at every block: how often
   * it errs is not proven but measured (`npm run verify:experiment`).
   */
  #keepsItsGain(): boolean {
    const blocks = this.#lagBlocks;
    if (blocks === 0) return false;
    const direct = this.#sum / this.#judged;
    const lag = this.#lagSum / blocks;
    const error = Math.sqrt(Math.max(0, this.#lagSquares / blocks - lag * lag) / blocks);
    return lag + LAG_ERRORS * error < -direct * MAX_GIVEN_BACK;
  }

  /**
   * A block after it was adopted, in which it holds with a probability of `holdOut`. True where the evidence
   * has come to say that acting is worse.
   */
  watch(act: boolean, outcomes: Outcomes, holdOut: number): boolean {
    const distance = this.#metrics[this.#objective].distance(outcomes[this.#objective], 0);
    if (Number.isNaN(distance)) return false;
    // Weighted by the inverse propensity, and brought back to -1 .. 1 by the largest weight, 1 / holdOut.
    this.#revoke.add(act ? (distance * holdOut) / (1 - holdOut) : -distance);
    this.watched += 1;
    return this.#revoke.rejects(STOP_ALPHA);
  }

  /** The effect of acting as a share of the baseline (-0.25: a quarter less), and an interval valid at all times. */
  effect(): { readonly share: number; readonly low: number; readonly high: number } | undefined {
    const metric = this.#metrics[this.#objective];
    if (this.#judged === 0 || !metric.judged) return undefined;
    const [low, high] = this.#effect.interval();
    const share = (units: number) => metric.share(units * WEIGHT);
    return { share: share(this.#sum / this.#judged), low: share(low), high: share(high) };
  }
}
