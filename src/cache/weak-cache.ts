import type { Core } from "../core/load.ts";
import { SieveOrder } from "../core/sieve.ts";
import { MAX_CAPACITY } from "../core/table.ts";
import { isObject, show, VelithonError } from "../shared/errors.ts";
import { integer, name, optional, options, parseOptions } from "../shared/options.ts";

export interface WeakCacheOptions {
  /** Unique within its optimizer; the key in the statistics. */
  name: string;
  /** Entries held at most, 1 to 1,048,576. Default 1000, or `VELITHON_CACHE_MAX_SIZE`. */
  maxSize?: number | undefined;
}

export interface WeakCacheStats {
  /** Entries, including those whose value was collected and not yet noticed. */
  readonly size: number;
  readonly maxSize: number;
  readonly hits: number;
  /** Keys that were not there, or whose value had been collected. */
  readonly misses: number;
  /** Hits out of all look-ups, 0 .. 1; `undefined` before the first. */
  readonly hitRatio: number | undefined;
  /** Entries that had to go for others, or that a clean-up found cold. */
  readonly evictions: number;
  /** Entries that went because their value was collected. */
  readonly collected: number;
}

interface Entry<K, V extends object> {
  readonly key: K;
  readonly place: number;
  value: WeakRef<V>;
}

const schema = options({ name: name(), maxSize: optional(integer(1, MAX_CAPACITY)) });

/** Entries that one `sweep` looks at unless told otherwise. */
const SWEEP_LIMIT = 1000;

/**
 * Values by key, weakly held: an entry lives as long as somebody else holds its value. It keeps nothing
 * alive, so it cannot leak; and it may forget at any collection, so it is no place for what must be found
 * again (sessions, say). Evicts by SIEVE at `maxSize`.
 *
 * Cost: `get` one look-up, one `deref`, one call into the core; `put` also a `WeakRef` and a finalizer,
 * about 1 µs.
 */
export class WeakCache<K, V extends object> {
  readonly name: string;
  readonly #order: SieveOrder;
  readonly #entries = new Map<K, Entry<K, V>>();
  /** By place. */
  readonly #places: (Entry<K, V> | undefined)[] = [];
  readonly #finalizers: FinalizationRegistry<Entry<K, V>>;
  readonly #onClose: (() => void) | undefined;
  #maxSize: number;
  #collected = 0;
  #cursor = 0;
  #closed = false;

  /** @throws `INVALID_OPTION` */
  constructor(core: Core, given: WeakCacheOptions, defaultMaxSize = 1000, onClose?: () => void) {
    const parsed = parseOptions("createWeakCache", schema, given);
    this.name = parsed.name;
    this.#maxSize = parsed.maxSize ?? defaultMaxSize;
    this.#order = new SieveOrder(core, this.#maxSize);
    this.#onClose = onClose;
    this.#finalizers = new FinalizationRegistry((entry) => this.#bury(entry));
  }

  /** Takes out an entry whose value was collected, unless it has another value by now. */
  #bury(entry: Entry<K, V>): void {
    if (this.#entries.get(entry.key) !== entry || entry.value.deref() !== undefined) return;
    this.#collected += 1;
    this.#forget(entry);
    this.#order.remove(entry.place);
  }

  #forget(entry: Entry<K, V>): void {
    this.#entries.delete(entry.key);
    this.#places[entry.place] = undefined;
    this.#finalizers.unregister(entry);
  }

  /** The value, or `undefined` where there is none or it was collected. Counts a hit or a miss. */
  get(key: K): V | undefined {
    const entry = this.#entries.get(key);
    const value = entry?.value.deref();
    if (value === undefined) {
      if (entry) this.#bury(entry);
      this.#order.miss();
      return undefined;
    }
    this.#order.hit(entry!.place);
    return value;
  }

  /**
   * Holds a value under a key, in place of an earlier one.
   *
   * @throws `NOT_AN_OBJECT` for a value that cannot be held weakly; the cache is as before
   */
  put(key: K, value: V): void {
    if (!isObject(value)) {
      throw new VelithonError(
        "NOT_AN_OBJECT",
        `cache ${this.name}: the value for ${show(key)} is ${show(value)}; accepted: an object or a function, which can be held weakly`,
      );
    }
    let entry = this.#entries.get(key);
    if (entry) {
      if (entry.value.deref() === value) return;
      this.#finalizers.unregister(entry);
      entry.value = new WeakRef(value);
    } else {
      const place = this.#order.insert();
      if (place < 0) {
        throw new VelithonError("CLOSED", `cache ${this.name}: put after close; accepted: an open cache`);
      }
      const evicted = this.#places[place];
      if (evicted) this.#forget(evicted);
      entry = { key, place, value: new WeakRef(value) };
      this.#places[place] = entry;
      this.#entries.set(key, entry);
    }
    this.#finalizers.register(value, entry, entry);
  }

  /** Whether there is a live value. Counts neither a hit nor a miss. */
  has(key: K): boolean {
    return this.#entries.get(key)?.value.deref() !== undefined;
  }

  /** True where there was an entry. */
  delete(key: K): boolean {
    const entry = this.#entries.get(key);
    if (!entry) return false;
    this.#forget(entry);
    this.#order.remove(entry.place);
    return true;
  }

  /** Takes out all entries; how many. */
  clear(): number {
    const count = this.#entries.size;
    for (const entry of [...this.#entries.values()]) this.delete(entry.key);
    return count;
  }

  /** Entries, including those whose value was collected and not yet noticed. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Takes out entries whose value was collected, looking at `limit` places from where the last sweep
   * stopped; how many. What it finds alive stays alive until the end of the turn: call it after a
   * collection, not before.
   */
  sweep(limit: number = SWEEP_LIMIT): number {
    const before = this.#collected;
    for (let i = Math.min(limit, this.#places.length); i > 0; i--) {
      if (this.#cursor >= this.#places.length) this.#cursor = 0;
      const entry = this.#places[this.#cursor++];
      if (entry && entry.value.deref() === undefined) this.#bury(entry);
    }
    return this.#collected - before;
  }

  /** Takes out entries that were not read since the last such call, or since they came; how many. */
  dropCold(): number {
    let count = 0;
    let place = this.#order.takeCold(0);
    while (place !== undefined) {
      const entry = this.#places[place];
      if (entry) this.#forget(entry);
      count += 1;
      place = this.#order.takeCold(place + 1);
    }
    return count;
  }

  /** Changes how many entries are held. @throws `INVALID_OPTION`, `CLOSED`; the cache is as before */
  resize(maxSize: number): void {
    const parsed = parseOptions("resize", options({ maxSize: integer(1, MAX_CAPACITY) }), { maxSize });
    if (this.#closed) {
      throw new VelithonError("CLOSED", `cache ${this.name}: resized after close; accepted: an open cache`);
    }
    this.#order.resize(parsed.maxSize);
    this.#maxSize = parsed.maxSize;
    while (this.#entries.size > parsed.maxSize) {
      const place = this.#order.evict();
      const entry = place === undefined ? undefined : this.#places[place];
      if (!entry) return;
      this.#forget(entry);
    }
  }

  getStats(): WeakCacheStats {
    const s = this.#order.stats();
    const lookups = s.hits + s.misses;
    return {
      size: s.size,
      maxSize: this.#maxSize,
      hits: s.hits,
      misses: s.misses,
      hitRatio: lookups === 0 ? undefined : s.hits / lookups,
      evictions: s.evictions,
      collected: this.#collected,
    };
  }

  /** Takes out all entries and leaves the optimizer's statistics. A `put` after that throws `CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.clear();
    this.#order.destroy();
    this.#onClose?.();
  }
}
