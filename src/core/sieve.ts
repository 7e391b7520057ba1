import { checkCore, checkIndex } from "./check.ts";
import { Status } from "./exports.ts";
import type { Core } from "./load.ts";
import { addressOf, requireCapacity } from "./table.ts";

/** Counts of a `SieveOrder` since it was made. */
export interface SieveStats {
  /** Most entries. */
  readonly limit: number;
  /** Entries now. */
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

/**
 * Eviction order by SIEVE (NSDI 2024) over places `0 .. limit - 1`. It holds no keys and no values. Its table has
 * 12 bytes for each place from the start: only making and resizing it take memory from the host.
 */
export class SieveOrder {
  readonly #core: Core;
  #table: number;
  #limit: number;
  #size = 0;
  #misses = 0;

  constructor(core: Core, limit: number) {
    checkCore("SieveOrder", core, "sieveCreate", "one from createCore()");
    requireCapacity("limit", limit);
    this.#core = core;
    this.#limit = limit;
    this.#table = addressOf("an eviction order", core.exports.sieveCreate(limit));
  }

  /** A place for a new entry. At the limit it is the place of the entry that had to go. */
  insert(): number {
    if (this.#size < this.#limit) this.#size += 1;
    return this.#core.exports.sieveInsert(this.#table);
  }

  /** Counts a hit and marks the entry as visited. @throws `INVALID_OPTION` for no whole number, as each call that takes a place */
  hit(index: number): boolean {
    checkIndex("hit: index", index);
    return this.#core.exports.sieveHit(this.#table, index) === Status.ok;
  }

  /** Counts a miss. */
  miss(): void {
    if (this.#table !== 0) this.#misses += 1;
  }

  /** Takes an entry out; false where there is none. */
  remove(index: number): boolean {
    checkIndex("remove: index", index);
    const removed = this.#core.exports.sieveRemove(this.#table, index) === Status.ok;
    if (removed) this.#size -= 1;
    return removed;
  }

  #taken(index: number): number | undefined {
    if (index === Status.none) return undefined;
    this.#size -= 1;
    return index;
  }

  /** Takes out the entry that would go next; its place, or `undefined`. */
  evict(): number | undefined {
    return this.#taken(this.#core.exports.sieveEvict(this.#table));
  }

  /**
   * Takes out the next entry at or behind place `from` that was not read since the last pass; its place, or
   * `undefined`. A whole pass costs O(limit).
   */
  takeCold(from: number): number | undefined {
    checkIndex("takeCold: from", from);
    return this.#taken(this.#core.exports.sieveCold(this.#table, from));
  }

  /** Changes the limit. Entries above it stay until `evict` takes them. @throws `OUT_OF_MEMORY`; the order is as before */
  resize(limit: number): void {
    requireCapacity("limit", limit);
    if (this.#table === 0) return;
    this.#table = addressOf("a larger eviction order", this.#core.exports.sieveResize(this.#table, limit));
    this.#limit = limit;
  }

  /** Entries held. */
  get size(): number {
    return this.#size;
  }

  /** Returns the counts. */
  stats(): SieveStats {
    this.#core.exports.sieveStats(this.#table);
    const s = this.#core.scratch;
    return { limit: this.#limit, size: s[0]!, hits: s[1]!, misses: this.#misses, evictions: s[2]! };
  }

  /** Gives the memory back to the core. From then on the order is empty and takes nothing in. */
  destroy(): void {
    if (this.#table !== 0) this.#core.exports.sieveDestroy(this.#table);
    // The core's memory below its data is zero: address 0 reads as an order of no places.
    this.#table = 0;
    this.#limit = this.#size = this.#misses = 0;
  }
}
