import { type GovernorCore, governorOf } from "../core/governor.ts";
import type { Core } from "../core/load.ts";
import { MAX_CAPACITY } from "../core/table.ts";
import type { BudgetMember, BudgetReading } from "../shared/budget-member.ts";
import { isObject, show, VelithonError } from "../shared/errors.ts";
import { integer, options, parseOptions } from "../shared/options.ts";
import { checkLoad, Flights, type Load } from "./flights.ts";
import { ghostsFor, readMargin } from "./margin.ts";
import {
  parseCacheOptions,
  type WeakCacheOptions,
  type WeakCacheSettings,
  type WeakCacheStats,
} from "./options.ts";
import { cacheStats } from "./stats.ts";
import { Store, SWEEP_LIMIT } from "./store.ts";
import { ENTRY_BYTES } from "./tiers.ts";

/** @internal What its optimizer passes. */
export interface CacheOwner {
  readonly defaultMaxSize?: number;
  readonly onClose?: () => void;
  /** A monotonic clock in ms. */
  readonly now?: () => number;
  /** Whose core judges whether demoting pays. */
  readonly governor?: () => GovernorCore;
}

/**
 * Values by key. In the tier `weak` it holds no value alive: an entry lives as long as somebody else holds its
 * value, and may be gone after any collection. In `strong+weak` it holds what SIEVE protects within `maxBytes`,
 * and still finds what it had to let go of until the collector takes it: the tier for what must be found
 * again, such as sessions. Evicts by SIEVE at `maxSize`.
 *
 * Cost: `get` one look-up and one call into the core, and one `deref` for a weak entry. `put` three calls; of
 * a weak value also a `WeakRef` and a finalizer, about 1 µs.
 */
export class WeakCache<K, V extends object> implements BudgetMember {
  readonly name: string;
  readonly #settings: WeakCacheSettings<K, V>;
  readonly #store: Store<K, V>;
  readonly #flights: Flights<K, V>;
  readonly #onClose: (() => void) | undefined;
  #maxSize: number;
  #limitBytes = Number.POSITIVE_INFINITY;
  #closed = false;

  /** @throws `INVALID_OPTION` */
  constructor(core: Core, given: WeakCacheOptions<K, V>, owner: CacheOwner = {}) {
    const settings = parseCacheOptions(given);
    const now = owner.now ?? (() => performance.now());
    this.name = settings.name;
    this.#settings = settings;
    this.#maxSize = settings.maxSize ?? owner.defaultMaxSize ?? 1000;
    const governor = owner.governor ?? (() => governorOf(core));
    this.#store = new Store(core, governor, settings, this.#maxSize, now);
    this.#flights = new Flights((key, value) => this.#put(key, value), now);
    this.#onClose = owner.onClose;
  }

  /** The value, or `undefined` where there is none, it was collected, or its time is up. Counts a hit or a miss. */
  get(key: K): V | undefined {
    return this.#store.get(key);
  }

  /**
   * Holds a value under a key, in place of an earlier one; its time to live starts. A value of more than
   * `maxBytes` is held weakly.
   *
   * @throws `NOT_AN_OBJECT` for a value that cannot be held weakly, `CLOSED`, and where `sizeOf` throws or
   * answers no size (`INVALID_OPTION`); the cache is as before
   */
  put(key: K, value: V): void {
    this.#put(key, value);
    this.#flights.forget(key);
  }

  #put(key: K, value: V): void {
    if (!isObject(value)) {
      throw new VelithonError(
        "NOT_AN_OBJECT",
        `cache ${this.name}: the value for ${show(key)} is ${show(value)}; accepted: an object or a function, which can be held weakly`,
      );
    }
    if (this.#closed) this.#refuse("put");
    this.#store.put(key, value);
  }

  #refuse(action: string): never {
    throw new VelithonError("CLOSED", `cache ${this.name}: ${action} after close; accepted: an open cache`);
  }

  /**
   * The value, loaded where there is none. Callers who come while it is being loaded share that load; a
   * failure reaches all of them and is not remembered. A key that is put or deleted meanwhile keeps that
   * outcome: the callers get what was loaded, the cache does not.
   *
   * @param options `signal`: this caller gives up when it aborts, and only this one. The load's own signal
   * aborts once every caller has given up; what it still answers is not kept.
   * @returns rejects with what `load` throws, the reason of `signal`, `NOT_AN_OBJECT`, `INVALID_OPTION`, or `CLOSED`
   */
  getOrCreate(key: K, load: Load<K, V>, options?: { signal?: AbortSignal | undefined }): Promise<V> {
    try {
      if (typeof load !== "function" || options !== undefined)
        checkLoad(`cache ${this.name}: getOrCreate`, load, options);
      const signal = options?.signal;
      if (signal?.aborted) return Promise.reject(signal.reason);
      const value = this.#store.get(key);
      if (value !== undefined) return Promise.resolve(value);
      if (this.#closed) this.#refuse("getOrCreate");
      return this.#flights.join(key, load, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Whether there is a live value. Counts neither a hit nor a miss. */
  has(key: K): boolean {
    return this.#store.peek(key) !== undefined;
  }

  /** True where there was an entry. What is being loaded for the key will not be kept. */
  delete(key: K): boolean {
    this.#flights.forget(key);
    return this.#store.delete(key);
  }

  /** Takes out all entries; how many. What is being loaded will not be kept. */
  clear(): number {
    this.#flights.forgetAll();
    return this.#store.clear();
  }

  /** Entries, including those whose value was collected and not yet noticed. */
  get size(): number {
    return this.#store.tiers.at.size;
  }

  /** Of the live entries, as they came. Counts nothing. A value that was looked at stays alive for the turn. */
  entries(): IterableIterator<[K, V]> {
    return this.#store.entries();
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.#store.entries()) yield key;
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.#store.entries()) yield value;
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries();
  }

  /**
   * Takes out entries that expired or whose value was collected, looking at `limit` places of each tier from
   * where the last sweep stopped; how many. What it finds alive stays alive until the end of the turn: call
   * it after a collection, not before.
   */
  sweep(limit: number = SWEEP_LIMIT): number {
    return this.#store.sweep(limit);
  }

  /** Takes out weakly held entries that were not read since the last such call, or since they came; how many. */
  dropCold(): number {
    return this.#store.dropCold();
  }

  /** Changes how many entries are held. @throws `INVALID_OPTION`, `CLOSED`; the cache is as before */
  resize(maxSize: number): void {
    const parsed = parseOptions("resize", options({ maxSize: integer(1, MAX_CAPACITY) }), { maxSize });
    if (this.#closed) this.#refuse("resized");
    this.#maxSize = parsed.maxSize;
    this.#applyLimits();
  }

  #applyLimits(): void {
    const { strong } = this.#settings;
    const entries =
      strong === undefined ? Math.max(1, Math.floor(this.#limitBytes / ENTRY_BYTES)) : MAX_CAPACITY;
    this.#store.limit(Math.min(this.#maxSize, entries), Math.min(strong?.maxBytes ?? 0, this.#limitBytes));
  }

  getStats(): WeakCacheStats {
    return cacheStats(this.#store, this.#flights);
  }

  /** Takes out all entries and leaves the optimizer's statistics. A `put` after that throws `CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.clear();
    this.#store.tiers.destroy();
    this.#onClose?.();
  }

  get pinnedBytes(): number {
    return this.#settings.pinnedBytes;
  }

  /** @internal */
  watchMargin(): void {
    this.#store.tiers.ghosts ??= ghostsFor(this.#maxSize);
  }

  /** @internal A strong tier counts what `sizeOf` told, a weak cache about 200 bytes an entry. */
  readBudget(): BudgetReading {
    return readMargin(this.#settings, this.#store.tiers, this.#maxSize, this.#flights.meanMs);
  }

  /** @internal */
  limitBytes(bytes: number): void {
    this.#limitBytes = bytes;
    if (!this.#closed) this.#applyLimits();
  }
}
