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

/** Clean-ups: due by count, by time, by hand; one that frees too little makes the next 1, 3, 7 .. 63 sit out. */
export class NaiveCleanup {
  #intervalMs = 0;
  #minFreedBytes = 1_048_576;
  #lastAt = 0;
  #finishedAtLast = 0;
  #poor = 0;
  due = false;
  performed = 0;
  skipped = 0;
  freedBytes = 0;
  willSkip = 0;

  configure(intervalMs: number, minFreedBytes: number, now: number): void {
    this.#intervalMs = intervalMs;
    this.#minFreedBytes = minFreedBytes;
    this.#lastAt = now;
  }

  makeDue(): void {
    if (this.willSkip === 0) {
      this.due = true;
    } else {
      this.willSkip--;
      this.skipped++;
    }
  }

  tick(now: number, finished: number): void {
    if (this.#intervalMs === 0 || now - this.#lastAt < this.#intervalMs) return;
    this.#lastAt = now;
    if (finished > this.#finishedAtLast) this.makeDue();
    this.#finishedAtLast = finished;
  }

  done(now: number, freedBytes: number | undefined, finished: number): void {
    this.#lastAt = now;
    this.#finishedAtLast = finished;
    this.performed++;
    if (freedBytes === undefined) return;
    this.freedBytes += freedBytes;
    this.#poor = freedBytes < this.#minFreedBytes ? this.#poor + 1 : 0;
    this.willSkip = 2 ** Math.min(6, this.#poor) - 1;
  }

  stats(): { performed: number; skipped: number; freedBytes: number; willSkip: number } {
    const { performed, skipped, freedBytes, willSkip } = this;
    return { performed, skipped, freedBytes, willSkip };
  }
}

/** The memory mark, with hysteresis, a cool-down, and a longer one after each action that freed under 5 %. */
export class NaiveWatermark {
  highBytes = 0;
  lowBytes = 0;
  #cooldownMs = 0;
  #notBefore = 0;
  #last = 0;
  #waitMs = 0;
  above = false;
  crossings = 0;
  actions = 0;
  freedBytes = 0;

  configure(highBytes: number, lowBytes: number, cooldownMs: number): void {
    Object.assign(this, { highBytes, lowBytes, above: false });
    this.#cooldownMs = cooldownMs;
    this.#waitMs = cooldownMs;
    this.#notBefore = 0;
  }

  sample(now: number, bytes: number | undefined): boolean {
    this.#last = bytes ?? Number.NaN;
    if (this.highBytes === 0 || bytes === undefined) return false;
    if (this.above && bytes < this.lowBytes) {
      this.above = false;
      this.#waitMs = this.#cooldownMs;
    } else if (!this.above && bytes >= this.highBytes) {
      this.above = true;
      this.crossings++;
    }
    if (!this.above || now < this.#notBefore) return false;
    this.#notBefore = now + this.#waitMs;
    return true;
  }

  done(now: number, freedBytes: number | undefined): void {
    this.actions++;
    this.freedBytes += freedBytes ?? 0;
    const enough = freedBytes !== undefined && freedBytes >= 0.05 * this.#last;
    const longest = Math.max(600_000, this.#cooldownMs);
    this.#waitMs = enough ? this.#cooldownMs : Math.min(longest, 2 * this.#waitMs);
    this.#notBefore = now + this.#waitMs;
  }

  stats(): Record<string, unknown> {
    const { highBytes, lowBytes, above, crossings, actions, freedBytes } = this;
    return { highBytes, lowBytes, above, crossings, actions, freedBytes, waitMs: this.#waitMs };
  }
}

/** Requests per second, weighted by exp(-age / tau), from one tick to the next. */
export class NaiveRates {
  #last: { now: number; count: number } | undefined;
  rates: [number | undefined, number | undefined] = [undefined, undefined];

  tick(now: number, count: number): void {
    if (this.#last && now <= this.#last.now) return;
    if (this.#last) {
      const dtMs = now - this.#last.now;
      const seen = ((count - this.#last.count) / dtMs) * 1000;
      this.rates = [10_000, 60_000].map((tauMs, i) => {
        const keep = Math.exp(-dtMs / tauMs);
        const before = this.rates[i as 0 | 1];
        return before === undefined ? seen : before * keep + seen * (1 - keep);
      }) as [number, number];
    }
    this.#last = { now, count };
  }
}
