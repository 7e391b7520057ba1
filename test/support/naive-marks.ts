import type { GateKind } from "../../src/core/index.ts";

/** Gates: every `interval`-th request that passes one opens it. */
export class NaiveGates {
  readonly gates: Map<number, { interval: number; passed: number; kind: GateKind; whileBusy: boolean }> =
    new Map();

  create(gate: number, interval: number, kind: GateKind, whileBusy: boolean): void {
    this.gates.set(gate, { interval, passed: 0, kind, whileBusy });
  }

  /** The gates of a mask that this request opens. */
  pass(mask: number): { gate: number; kind: GateKind; whileBusy: boolean }[] {
    const opened = [];
    for (const [gate, state] of this.gates) {
      if ((mask & (1 << gate)) === 0) continue;
      state.passed++;
      if (state.passed % state.interval === 0) opened.push({ gate, ...state });
    }
    return opened;
  }
}

/** Turns that sit out after so many poor ones in a row. */
const SITS_OUT: readonly number[] = [0, 1, 3, 7, 15, 31, 63];

/** How many turns still sit out: by what those that were judged came to, and how many sat out since the last of them. */
export function stillSitOut(wasPoor: readonly boolean[], satOut: number): number {
  const inARow = wasPoor.length - 1 - wasPoor.lastIndexOf(false);
  return Math.max(0, SITS_OUT[Math.min(6, inARow)]! - satOut);
}

/** Clean-ups: due by count, by time, by hand; what they freed is kept in a list, and all else read off it. */
export class NaiveCleanup {
  #intervalMs = 0;
  #minFreedBytes = 1_048_576;
  /** When the wait of `intervalMs` last began, and how many requests had finished at the last one. */
  #waitsFrom = 0;
  #finishedThen = 0;
  readonly #freed: (number | undefined)[] = [];
  readonly #wasPoor: boolean[] = [];
  #satOut = 0;
  due = false;
  skipped = 0;

  configure(intervalMs: number, minFreedBytes: number, now: number): void {
    this.#intervalMs = intervalMs;
    this.#minFreedBytes = minFreedBytes;
    this.#waitsFrom = now;
  }

  get willSkip(): number {
    return stillSitOut(this.#wasPoor, this.#satOut);
  }

  get performed(): number {
    return this.#freed.length;
  }

  makeDue(): void {
    const sitsOut = this.willSkip > 0;
    if (sitsOut) this.#satOut++;
    if (sitsOut) this.skipped++;
    else this.due = true;
  }

  tick(now: number, finished: number): void {
    if (this.#intervalMs === 0 || now - this.#waitsFrom < this.#intervalMs) return;
    this.#waitsFrom = now;
    if (finished > this.#finishedThen) this.makeDue();
    this.#finishedThen = finished;
  }

  done(now: number, freedBytes: number | undefined, finished: number): void {
    this.#waitsFrom = now;
    this.#finishedThen = finished;
    this.#freed.push(freedBytes);
    if (freedBytes === undefined) return;
    this.#wasPoor.push(freedBytes < this.#minFreedBytes);
    this.#satOut = 0;
  }

  stats(): { performed: number; skipped: number; freedBytes: number; willSkip: number } {
    const { performed, skipped, willSkip } = this;
    const freedBytes = this.#freed.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
    return { performed, skipped, freedBytes, willSkip };
  }
}

/** The memory mark: which side it is on is read off the readings, how long it waits off what the actions freed. */
export class NaiveWatermark {
  #highBytes = 0;
  #lowBytes = 0;
  #cooldownMs = 0;
  /** The readings that decide, at or above `high` and below `low`: of those of one side in a row only the first. */
  #sides: ("high" | "low")[] = [];
  /** Of marks that were set before. */
  #crossedBefore = 0;
  #last: number | undefined;
  readonly #freed: (number | undefined)[] = [];
  /** Actions in a row that freed under 5 % of the last reading, since a better one, since the mark was left or set. */
  #poorInARow = 0;
  /** The last time that it acted or was answered, with the wait as it was then. */
  #rests = { from: Number.NEGATIVE_INFINITY, ms: 0 };

  configure(highBytes: number, lowBytes: number, cooldownMs: number): void {
    this.#crossedBefore = this.crossings;
    this.#highBytes = highBytes;
    this.#lowBytes = lowBytes;
    this.#cooldownMs = cooldownMs;
    this.#sides = [];
    this.#poorInARow = 0;
    this.#rests = { from: Number.NEGATIVE_INFINITY, ms: 0 };
  }

  get above(): boolean {
    return this.#sides.at(-1) === "high";
  }

  get crossings(): number {
    return this.#crossedBefore + this.#sides.filter((side) => side === "high").length;
  }

  get actions(): number {
    return this.#freed.length;
  }

  /** Twice as long after each poor one, up to 10 minutes, or to the cool-down where that is longer. */
  get waitMs(): number {
    return Math.min(Math.max(600_000, this.#cooldownMs), this.#cooldownMs * 2 ** this.#poorInARow);
  }

  sample(now: number, bytes: number | undefined): boolean {
    this.#last = bytes;
    if (this.#highBytes === 0 || bytes === undefined) return false;
    const side = bytes >= this.#highBytes ? "high" : bytes < this.#lowBytes ? "low" : undefined;
    if (side === "low" && this.above) this.#poorInARow = 0;
    if (side !== undefined && side !== this.#sides.at(-1)) this.#sides.push(side);
    if (!this.above || now < this.#rests.from + this.#rests.ms) return false;
    this.#rests = { from: now, ms: this.waitMs };
    return true;
  }

  done(now: number, freedBytes: number | undefined): void {
    this.#freed.push(freedBytes);
    const share = (freedBytes ?? Number.NaN) / (this.#last ?? Number.NaN);
    this.#poorInARow = share >= 0.05 ? 0 : this.#poorInARow + 1;
    this.#rests = { from: now, ms: this.waitMs };
  }

  stats(): Record<string, unknown> {
    const { above, crossings, actions, waitMs } = this;
    const freedBytes = this.#freed.reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
    return {
      highBytes: this.#highBytes,
      lowBytes: this.#lowBytes,
      above,
      crossings,
      actions,
      freedBytes,
      waitMs,
    };
  }
}

/** What was seen from one tick to the next. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly perSecond: number;
}

/**
 * Requests per second, as a mean over all time up to the last tick in which a moment weighs exp(-age / tau): the
 * integral, stretch by stretch. What was before the first stretch is taken to have been as in that.
 */
export class NaiveRates {
  readonly #stretches: Stretch[] = [];
  #last: { now: number; count: number } | undefined;
  rates: [number | undefined, number | undefined] = [undefined, undefined];

  tick(now: number, count: number): void {
    const last = this.#last;
    if (last && now <= last.now) return;
    this.#last = { now, count };
    if (!last) return;
    const from = this.#stretches.length === 0 ? Number.NEGATIVE_INFINITY : last.now;
    this.#stretches.push({ from, to: now, perSecond: (count - last.count) / ((now - last.now) / 1000) });
    this.rates = [this.#mean(now, 10_000), this.#mean(now, 60_000)];
  }

  #mean(now: number, tauMs: number): number {
    const weightSince = (time: number): number => 1 - Math.exp((time - now) / tauMs);
    return this.#stretches.reduce(
      (sum, { from, to, perSecond }) => sum + perSecond * (weightSince(from) - weightSince(to)),
      0,
    );
  }
}
