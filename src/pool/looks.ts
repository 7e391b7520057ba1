import type { Bypass } from "./bypass.ts";
import type { Economy, PoolMode } from "./economy.ts";
import type { Inventory } from "./inventory.ts";
import type { LeakWatch } from "./leaks.ts";
import { findMark } from "./mark.ts";
import type { Returns } from "./returns.ts";

/** Acquires from one look to the next; without anything to look after, and with. */
export const SELDOM: number = 2 ** 30;
const SAMPLED = 128;

export interface Looked<T extends object> {
  readonly store: Inventory<T>;
  readonly bypass: Bypass<T>;
  readonly economy: Economy<T> | undefined;
  readonly leaks: LeakWatch | undefined;
  readonly returns: Returns<T> | undefined;
  readonly now: () => number;
}

/** The acquires that a pool looks at closely: to sample what things cost, to watch a lease, to go out of the way. */
export class Looks<T extends object> {
  readonly #on: Looked<T>;
  /** Acquires from one look to the next. */
  interval: number;
  #count = 0;

  constructor(on: Looked<T>) {
    this.#on = on;
    const any = on.economy !== undefined || on.leaks !== undefined;
    this.interval = on.leaks?.all ? 1 : any ? SAMPLED : SELDOM;
  }

  get mode(): PoolMode {
    return this.#on.bypass.sinceMs === undefined ? "pooling" : "bypass";
  }

  get bypassedMs(): number {
    return this.#on.bypass.lastedMs(this.#on.now());
  }

  get figures(): ReturnType<Economy<T>["figures"]> | undefined {
    return this.#on.economy?.figures();
  }

  /** One acquire in so many. */
  acquire(lend: () => T): T {
    const { store, leaks, returns } = this.#on;
    this.#count += 1;
    const sampled = leaks?.all !== true || this.#count % SAMPLED === 0;
    const economy = sampled ? this.#on.economy : undefined;
    const due = economy?.due;
    const object = due ? store.makeLoose(() => economy!.make()) : lend();
    if (due && returns !== undefined) returns.sample = true;
    const mark = findMark(object);
    if (leaks !== undefined && mark !== undefined) {
      leaks.begin(object, mark, store.handleOf(mark), sampled);
    }
    if (economy !== undefined) this.#follow(economy);
    return object;
  }

  /** Does what the samples led to. */
  #follow(economy: Economy<T>): void {
    const { store, bypass, leaks, now } = this.#on;
    if (leaks?.all !== true) this.interval = economy.interval;
    if (economy.mode !== "bypass") return;
    store.drop(Number.POSITIVE_INFINITY);
    bypass.begin(now());
  }

  /** Reports leaks. True where the pool has been out of the way for long enough, and is back at work. */
  tick(nowMs: number): boolean {
    const { bypass, economy, leaks } = this.#on;
    leaks?.check(nowMs);
    if (bypass.sinceMs === undefined) return false;
    bypass.settle();
    if (!economy?.rested(nowMs - bypass.sinceMs)) return false;
    bypass.end(nowMs);
    if (leaks?.all !== true) this.interval = economy.interval;
    return true;
  }

  close(): void {
    this.#on.bypass.end(this.#on.now());
    this.#on.leaks?.close();
    this.#on.economy?.destroy();
  }
}
