import { Status } from "./exports.ts";
import type { Core } from "./load.ts";
import { addressOf, requireCapacity } from "./table.ts";

export interface SieveStats {
  readonly limit: number;
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

/** Eviction order by SIEVE (NSDI 2024) over places `0 .. limit - 1`. It holds no keys and no values. */
export class SieveOrder {
  readonly #core: Core;
  #table: number;

  constructor(core: Core, limit: number) {
    requireCapacity("limit", limit);
    this.#core = core;
    this.#table = addressOf("an eviction order", core.exports.sieveCreate(limit));
  }

  /** A place for a new entry. At the limit it is the place of the entry that had to go. */
  insert(): number {
    return this.#core.exports.sieveInsert(this.#table);
  }

  /** Counts a hit and marks the entry as visited. */
  hit(index: number): boolean {
    return this.#core.exports.sieveHit(this.#table, index) === Status.ok;
  }

  /** Counts a miss. */
  miss(): void {
    if (this.#table !== 0) this.#core.exports.sieveMiss(this.#table);
  }

  /** Takes an entry out; false where there is none. */
  remove(index: number): boolean {
    return this.#core.exports.sieveRemove(this.#table, index) === Status.ok;
  }

  /** Takes out the entry that would go next; its place, or `undefined`. */
  evict(): number | undefined {
    const index = this.#core.exports.sieveEvict(this.#table);
    return index === Status.none ? undefined : index;
  }

  /**
   * Takes out the next entry at or behind place `from` that was not read since the last pass; its place, or
   * `undefined`. A whole pass costs O(limit).
   */
  takeCold(from: number): number | undefined {
    const index = this.#core.exports.sieveCold(this.#table, from);
    return index === Status.none ? undefined : index;
  }

  /** Changes the limit. Entries above it stay until `evict` takes them. */
  resize(limit: number): void {
    requireCapacity("limit", limit);
    if (this.#table === 0) return;
    this.#table = addressOf("a larger eviction order", this.#core.exports.sieveResize(this.#table, limit));
  }

  stats(): SieveStats {
    this.#core.exports.sieveStats(this.#table);
    const s = this.#core.scratch;
    return { limit: s[0]!, size: s[1]!, hits: s[2]!, misses: s[3]!, evictions: s[4]! };
  }

  /** Gives the memory back to the core. From then on the order is empty and takes nothing in. */
  destroy(): void {
    if (this.#table !== 0) this.#core.exports.sieveDestroy(this.#table);
    // The core's memory below its data is zero: address 0 reads as an order of no places.
    this.#table = 0;
  }
}
