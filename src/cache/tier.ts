import type { Core } from "../core/load.ts";
import { SieveOrder } from "../core/sieve.ts";

/**
 * Entries by place: SIEVE's order in the core, keys and what is held in arrays that grow as they are used.
 * `H` is the value itself in a strong tier, a reference in a weak one.
 */
export class Tier<K, H extends object> {
  readonly order: SieveOrder;
  readonly keys: (K | undefined)[] = [];
  readonly held: (H | undefined)[] = [];
  /** Of the strong tier; else all 0, and the array stays empty. */
  readonly bytes: number[] = [];
  /** On the cache's clock; the array stays empty without a time to live. */
  readonly expiresAt: number[] = [];
  #cursor = 0;

  constructor(core: Core, limit: number) {
    this.order = new SieveOrder(core, limit);
  }

  /** Empties a place that the order has given up. */
  clear(place: number): void {
    this.keys[place] = undefined;
    this.held[place] = undefined;
  }

  /** The places from where the last sweep stopped, `limit` at most, each once. */
  *swept(limit: number): Generator<number> {
    for (let i = Math.min(limit, this.held.length); i > 0; i--) {
      if (this.#cursor >= this.held.length) this.#cursor = 0;
      const place = this.#cursor++;
      if (this.held[place] !== undefined) yield place;
    }
  }

  destroy(): void {
    this.order.destroy();
    this.keys.length = this.held.length = this.bytes.length = this.expiresAt.length = 0;
  }
}
