import type { Closable } from "../../src/shared/port.ts";

interface Timer {
  readonly intervalMs: number;
  readonly tick: () => void;
  readonly once?: boolean;
  nextMs: number;
}

/** Time under the test's hand: it stands still until `advance`, and deferred tasks wait for `runDeferred`. */
export class FakeClock {
  nowMs = 1_000_000;
  readonly #timers = new Set<Timer>();
  #deferred: (() => void)[] = [];

  now(): number {
    return this.nowMs;
  }

  every(intervalMs: number, tick: () => void): Closable {
    const timer: Timer = { intervalMs, tick, nextMs: this.nowMs + intervalMs };
    this.#timers.add(timer);
    return { close: () => this.#timers.delete(timer) };
  }

  after(delayMs: number, task: () => void): Closable {
    const timer: Timer = { intervalMs: delayMs, tick: task, once: true, nextMs: this.nowMs + delayMs };
    this.#timers.add(timer);
    return { close: () => this.#timers.delete(timer) };
  }

  defer(task: () => void): void {
    this.#deferred.push(task);
  }

  get openTimers(): number {
    return this.#timers.size;
  }

  get deferredTasks(): number {
    return this.#deferred.length;
  }

  /** Runs what was deferred until nothing is left. */
  runDeferred(): void {
    while (this.#deferred.length > 0) {
      const tasks = this.#deferred;
      this.#deferred = [];
      for (const task of tasks) task();
    }
  }

  /** Moves the clock, with the ticks of the timers that come due on the way, each followed by what it deferred. */
  advance(ms: number): void {
    const until = this.nowMs + ms;
    for (;;) {
      const next = [...this.#timers].sort((a, b) => a.nextMs - b.nextMs)[0];
      if (!next || next.nextMs > until) break;
      this.nowMs = Math.max(this.nowMs, next.nextMs);
      if (next.once) this.#timers.delete(next);
      else next.nextMs += next.intervalMs;
      next.tick();
      this.runDeferred();
    }
    this.nowMs = Math.max(this.nowMs, until);
  }
}
