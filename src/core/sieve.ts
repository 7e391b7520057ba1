import { Status } from "./exports.ts";
import type { Core } from "./load.ts";
import { addressOf, requireCapacity } from "./table.ts";

export interface SieveStats {
  /** Entries at most, and now. */
  readonly limit: number;
  readonly size: number;
  readonly hits: number;
  readonly misses: number;
  readonly evictions: number;
}

/** The core gives blocks of 2^k bytes: a header of 56 and so many places of 12 fill one of 1 KiB, twice as many and 4 the next. */
const FIRST_PLACES = 80;
const MORE_PLACES = 4;

/**
 * Eviction order by SIEVE (NSDI 2024) over places `0 .. limit - 1`. It holds no keys and no values. Its table
 * starts with 80 places of 12 bytes and doubles, up to `limit`, when an `insert` finds it full.
 */
export class SieveOrder {
  readonly #core: Core;
  #table: number;
  #limit: number;
  /** What the core takes for the limit: the places that it has room for. */
  #places: number;
  #size = 0;
  #misses = 0;

  constructor(core: Core, limit: number) {
    requireCapacity("limit", limit);
    this.#core = core;
    this.#limit = limit;
    this.#places = Math.min(limit, FIRST_PLACES);
    this.#table = addressOf("an eviction order", core.exports.sieveCreate(this.#places));
  }

  /**
   * A place for a new entry. At the limit it is the place of the entry that had to go.
   *
   * @throws `OUT_OF_MEMORY` where the table must grow and cannot; the order is as before
   */
  insert(): number {
    if (this.#size < this.#places) this.#size += 1;
    else if (this.#places < this.#limit) this.#grow();
    return this.#core.exports.sieveInsert(this.#table);
  }

  #grow(): void {
    const places = Math.min(this.#limit, this.#places * 2 + MORE_PLACES);
    this.#table = addressOf("a larger eviction order", this.#core.exports.sieveResize(this.#table, places));
    this.#places = places;
    this.#size += 1;
  }

  /** Counts a hit and marks the entry as visited. */
  hit(index: number): boolean {
    return this.#core.exports.sieveHit(this.#table, index) === Status.ok;
  }

  /** Counts a miss. */
  miss(): void {
    if (this.#table !== 0) this.#misses += 1;
  }

  /** Takes an entry out; false where there is none. */
  remove(index: number): boolean {
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
    return this.#taken(this.#core.exports.sieveCold(this.#table, from));
  }

  /** Changes the limit. Entries above it stay until `evict` takes them. */
  resize(limit: number): void {
    requireCapacity("limit", limit);
    if (this.#table === 0) return;
    // Above what is held there is no haste: the table grows as it is used.
    const places = Math.min(limit, Math.max(FIRST_PLACES, this.#places, this.#size));
    this.#table = addressOf("a larger eviction order", this.#core.exports.sieveResize(this.#table, places));
    this.#places = places;
    this.#limit = limit;
  }

  /** Entries held. */
  get size(): number {
    return this.#size;
  }

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
    this.#limit = this.#places = this.#size = this.#misses = 0;
  }
}
