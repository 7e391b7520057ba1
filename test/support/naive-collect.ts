import type { CollectSettings, Generation, KindStats } from "../../src/core/index.ts";

const BUCKET_MS = 60_000;

/** What a pause takes from the budget: a major counts fifty times, for the code that goes with it. */
const cost = (generation: Generation, pauseMs: number): number => (generation === 2 ? 50 * pauseMs : pauseMs);

class Kind {
  due = 0;
  performed = 0;
  dropped = 0;
  overBudget = 0;
  notWorth = 0;
  unsupported = 0;
  merged = 0;
  manual = 0;
  totalPauseMs = 0;
  maxPauseMs = 0;
  freedBytes = 0;
  expectedMs = 0;
  /** Poor ones in a row: the n-th makes the next 2^n - 1 sit out, 63 at most. */
  poor = 0;
  sittingOut = 0;

  stats(): KindStats {
    const { expectedMs, poor, sittingOut, ...stats } = this;
    return stats;
  }
}

/** What the comments on collections say, one sentence at a time. */
export class NaiveCollect {
  settings: CollectSettings;
  readonly minor: Kind = new Kind();
  readonly major: Kind = new Kind();
  counts: [number, number, number] = [0, 0, 0];
  pending: { generation: Generation; since: number; whileBusy: boolean } | undefined;
  #tokensMs = 0;
  #filledAt = 0;
  readonly #isIdle: () => boolean;

  constructor(settings: CollectSettings, isIdle: () => boolean) {
    this.settings = settings;
    this.#isIdle = isIdle;
  }

  configure(settings: CollectSettings, now: number): void {
    this.settings = settings;
    this.#tokensMs = 0;
    this.#filledAt = now;
  }

  kind(generation: Generation): Kind {
    return generation === 2 ? this.major : this.minor;
  }

  budgetMs(now: number): number {
    const { budgetRatio } = this.settings;
    return Math.min(budgetRatio * BUCKET_MS, this.#tokensMs + (now - this.#filledAt) * budgetRatio);
  }

  /** A second one due is merged: the older generation stays, the time of the first counts. */
  makeDue(generation: Generation, now: number, whileBusy: boolean): void {
    this.kind(generation).due++;
    if (!this.pending) {
      this.pending = { generation, since: now, whileBusy };
      return;
    }
    const [younger, older] = [generation, this.pending.generation].sort() as [Generation, Generation];
    this.kind(younger).merged++;
    this.pending.generation = older;
    this.pending.whileBusy ||= whileBusy;
  }

  gateOpened(generation: Generation, now: number, whileBusy: boolean): void {
    if (this.settings.policy === 1) this.makeDue(generation, now, whileBusy);
  }

  requestFinished(now: number): void {
    this.counts[0]++;
    if (this.settings.policy === 0 || this.pending) return;
    const exceeds = (generation: Generation): boolean =>
      this.counts[generation] > this.settings.thresholds[generation];
    if (!exceeds(0)) return;
    const oldest = ([2, 1, 0] as const).find(exceeds)!;
    this.makeDue(oldest, now, false);
  }

  #settle(): void {
    this.pending = undefined;
    this.counts[0] = 0;
  }

  wanted(now: number): boolean {
    if (!this.pending) return false;
    if (now - this.pending.since > this.settings.deferralMs) {
      this.kind(this.pending.generation).dropped++;
      this.#settle();
      return false;
    }
    return this.pending.whileBusy || this.#isIdle();
  }

  decide(now: number): Generation | undefined {
    if (!this.wanted(now)) return undefined;
    const { generation } = this.pending!;
    const kind = this.kind(generation);
    this.#tokensMs = this.budgetMs(now);
    this.#filledAt = now;
    if (generation !== 2 && !this.settings.hasMinor) kind.unsupported++;
    else if (kind.sittingOut > 0) {
      kind.sittingOut--;
      kind.notWorth++;
    } else if (
      this.#tokensMs < Math.min(this.settings.budgetRatio * BUCKET_MS, cost(generation, kind.expectedMs))
    )
      kind.overBudget++;
    else return generation;
    this.#settle();
    return undefined;
  }

  #ran(generation: Generation, pauseMs: number, freedBytes: number | undefined): Kind {
    const kind = this.kind(generation);
    this.counts[0] = 0;
    if (generation === 0) this.counts[1]++;
    if (generation === 1) this.counts[2]++;
    if (generation >= 1) this.counts[1] = 0;
    if (generation === 2) this.counts[2] = 0;
    kind.totalPauseMs += pauseMs;
    kind.maxPauseMs = Math.max(kind.maxPauseMs, pauseMs);
    kind.freedBytes += freedBytes ?? 0;
    kind.expectedMs = kind.expectedMs === 0 ? pauseMs : kind.expectedMs + 0.3 * (pauseMs - kind.expectedMs);
    return kind;
  }

  done(generation: Generation, pauseMs: number, freedBytes: number | undefined): void {
    const kind = this.#ran(generation, pauseMs, freedBytes);
    kind.performed++;
    this.#tokensMs -= cost(generation, pauseMs);
    this.pending = undefined;
    if (freedBytes === undefined) return;
    kind.poor = freedBytes < this.settings.minFreedBytesPerMs * pauseMs ? kind.poor + 1 : 0;
    kind.sittingOut = 2 ** Math.min(6, kind.poor) - 1;
  }

  manual(generation: Generation, pauseMs: number, freedBytes: number | undefined): void {
    this.#ran(generation, pauseMs, freedBytes).manual++;
  }
}
