import type { CollectSettings, Generation, KindStats } from "../../src/core/index.ts";
import { stillSitOut } from "./naive-marks.ts";

type Outcome = "performed" | "dropped" | "overBudget" | "notWorth" | "unsupported" | "merged" | "manual";

/** What the bucket of the budget holds at most: that of a minute. */
const BUCKET_MS = 60_000;

/** What a pause takes from the budget: a major counts fifty times, for the code that goes with it. */
const cost = (generation: Generation, pauseMs: number): number => (generation === 2 ? 50 * pauseMs : pauseMs);

/** What became of the collections of one kind. */
class Kind {
  due = 0;
  readonly outcomes: Record<Outcome, number> = {
    performed: 0,
    dropped: 0,
    overBudget: 0,
    notWorth: 0,
    unsupported: 0,
    merged: 0,
    manual: 0,
  };
  readonly pauses: number[] = [];
  readonly wasPoor: boolean[] = [];
  /** Turns that sat out since the last one that was judged. */
  satOut = 0;
  totalPauseMs = 0;
  freedBytes = 0;

  /** A mean in which each pause weighs 0.7 of the one after it; the first has what is left. */
  get expectedMs(): number {
    const newestFirst = this.pauses.slice(-150).reverse();
    let left = 1;
    return newestFirst.reduce((sum, pauseMs, i) => {
      const weight = i === newestFirst.length - 1 ? left : 0.3 * 0.7 ** i;
      left -= weight;
      return sum + weight * pauseMs;
    }, 0);
  }

  stats(): KindStats {
    const { due, outcomes, totalPauseMs, freedBytes } = this;
    const maxPauseMs = this.pauses.reduce((most, pauseMs) => Math.max(most, pauseMs), 0);
    return { due, ...outcomes, totalPauseMs, maxPauseMs, freedBytes };
  }
}

/** What is said of collections, read off lists of what happened: nothing is carried forward but the lists. */
export class NaiveCollect {
  settings: CollectSettings;
  readonly minor: Kind = new Kind();
  readonly major: Kind = new Kind();
  pending: { generation: Generation; since: number; whileBusy: boolean } | undefined;
  /** All that ran, by hand too. */
  readonly #runs: Generation[] = [];
  /** Requests finished since the last that ran, or that came to nothing. */
  #finished = 0;
  /** Since the settings were made, with an empty bucket. */
  #configuredAt = 0;
  #spent: { at: number; ms: number }[] = [];
  #decidedAt = 0;
  readonly #isIdle: () => boolean;

  constructor(settings: CollectSettings, isIdle: () => boolean) {
    this.settings = settings;
    this.#isIdle = isIdle;
  }

  configure(settings: CollectSettings, now: number): void {
    this.settings = settings;
    this.#configuredAt = now;
    this.#spent = [];
  }

  kind(generation: Generation): Kind {
    return generation === 2 ? this.major : this.minor;
  }

  /** Runs of a generation since the last one of an older one. */
  #runsOf(generation: Generation): number {
    const since = this.#runs.slice(this.#runs.findLastIndex((ran) => ran > generation) + 1);
    return since.filter((ran) => ran === generation).length;
  }

  get counts(): [number, number, number] {
    return [this.#finished, this.#runsOf(0), this.#runsOf(1)];
  }

  /**
   * A bucket that wall time fills and pauses empty, below 0 too. It was full, if ever, last at one of these times: so
   * the least of what it would hold now, had it been empty at the start, or full right before each spending, or now.
   */
  budgetMs(now: number): number {
    const { budgetRatio } = this.settings;
    const full = budgetRatio * BUCKET_MS;
    let spent = 0;
    let least = full;
    for (const { at, ms } of this.#spent.toReversed()) {
      spent += ms;
      least = Math.min(least, full + (now - at) * budgetRatio - spent);
    }
    return Math.min(least, (now - this.#configuredAt) * budgetRatio - spent);
  }

  /** A second one due is merged: the older generation stays, the time of the first counts. */
  makeDue(generation: Generation, now: number, whileBusy: boolean): void {
    this.kind(generation).due++;
    if (!this.pending) {
      this.pending = { generation, since: now, whileBusy };
      return;
    }
    const [younger, older] = [generation, this.pending.generation].sort() as [Generation, Generation];
    this.kind(younger).outcomes.merged++;
    this.pending.generation = older;
    this.pending.whileBusy ||= whileBusy;
  }

  gateOpened(generation: Generation, now: number, whileBusy: boolean): void {
    if (this.settings.policy === 1) this.makeDue(generation, now, whileBusy);
  }

  requestFinished(now: number): void {
    this.#finished++;
    if (this.settings.policy === 0 || this.pending) return;
    const { thresholds } = this.settings;
    const exceeded = this.counts.map((count, generation) => count > thresholds[generation]!);
    if (exceeded[0]) this.makeDue(exceeded.lastIndexOf(true) as Generation, now, false);
  }

  /** What is pending comes to this, and to no collection. */
  #settle(outcome: Outcome): void {
    this.kind(this.pending!.generation).outcomes[outcome]++;
    this.pending = undefined;
    this.#finished = 0;
  }

  wanted(now: number): boolean {
    if (!this.pending) return false;
    const isLate = now - this.pending.since > this.settings.deferralMs;
    if (isLate) this.#settle("dropped");
    return !isLate && (this.pending!.whileBusy || this.#isIdle());
  }

  decide(now: number): Generation | undefined {
    if (!this.wanted(now)) return undefined;
    const { generation } = this.pending!;
    const kind = this.kind(generation);
    this.#decidedAt = now;
    const needed = Math.min(this.settings.budgetRatio * BUCKET_MS, cost(generation, kind.expectedMs));
    if (generation !== 2 && !this.settings.hasMinor) this.#settle("unsupported");
    else if (stillSitOut(kind.wasPoor, kind.satOut) > 0) {
      kind.satOut++;
      this.#settle("notWorth");
    } else if (this.budgetMs(now) < needed) this.#settle("overBudget");
    else return generation;
    return undefined;
  }

  #ran(generation: Generation, outcome: Outcome, pauseMs: number, freedBytes: number | undefined): void {
    const kind = this.kind(generation);
    kind.outcomes[outcome]++;
    kind.pauses.push(pauseMs);
    kind.totalPauseMs += pauseMs;
    kind.freedBytes += freedBytes ?? 0;
    this.#runs.push(generation);
    this.#finished = 0;
  }

  /** What `decide` answered has run; it is paid for at that time. */
  done(generation: Generation, pauseMs: number, freedBytes: number | undefined): void {
    this.#ran(generation, "performed", pauseMs, freedBytes);
    this.#spent.push({ at: this.#decidedAt, ms: cost(generation, pauseMs) });
    this.pending = undefined;
    if (freedBytes === undefined) return;
    const kind = this.kind(generation);
    kind.wasPoor.push(freedBytes / pauseMs < this.settings.minFreedBytesPerMs);
    kind.satOut = 0;
  }

  manual(generation: Generation, pauseMs: number, freedBytes: number | undefined): void {
    this.#ran(generation, "manual", pauseMs, freedBytes);
  }
}
