import { type GovernorCore, governorOf } from "../core/governor.ts";
import type { Core } from "../core/load.ts";
import { MAX_CAPACITY } from "../core/table.ts";
import type { BudgetMember, BudgetReading } from "../shared/budget-member.ts";
import { isObject, show, VelithonError } from "../shared/errors.ts";
import { integer, number, options, parseOptions, requireRecord } from "../shared/options.ts";
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

const sweepFields = options({ limit: number(0, Number.POSITIVE_INFINITY) });

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
 * A cache of values by key. With tier `weak` it keeps no value alive: an entry lives as long as other code holds its
 * value, and may disappear at any collection. With tier `strong+weak` it keeps values alive up to `maxBytes`, and still
 * finds the others until the garbage collector takes them: use it for what must be found again, such as sessions. At
 * `maxSize` it evicts by SIEVE.
 *
 * Cost: a `get` is one look-up and one call into the core, and one `deref` for a weak entry. A `put` is three calls, and
 * for a weak value also a `WeakRef` and a finalizer, about 1 µs.
 *
 * @example
 * ```ts
 * const users = getMemoryOptimizer().createWeakCache<string, User>({
 *   name: "users", tier: "strong+weak", maxSize: 10_000, maxBytes: 32 * 1024 * 1024, sizeOf: (user) => 200 + 2 * user.name.length,
 * });
 * const user = await users.getOrCreate(id, (key, signal) => database.user(key, { signal }));
 * ```
 */
export class WeakCache<K, V extends object> implements BudgetMember {
  /** The name given in the options. */
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
    requireRecord("WeakCache: owner", owner);
    const now = owner.now ?? (() => performance.now());
    this.name = settings.name;
    this.#settings = settings;
    this.#maxSize = settings.maxSize ?? owner.defaultMaxSize ?? 1000;
    const governor = owner.governor ?? (() => governorOf(core));
    this.#store = new Store(core, governor, settings, this.#maxSize, now);
    this.#flights = new Flights((key, value) => this.#put(key, value), now);
    this.#onClose = owner.onClose;
  }

  /** Returns the value, or `undefined` if there is none, it was collected, or it expired. Counts a hit or a miss. */
  get(key: K): V | undefined {
    return this.#store.get(key);
  }

  /**
   * Stores a value under a key in place of an earlier one, and starts its time to live. A value larger than `maxBytes` is
   * held weakly.
   *
   * @throws `NOT_AN_OBJECT` for a value that cannot be held weakly; `CLOSED`; what `sizeOf` throws, or `INVALID_OPTION` if
   * it returns no size. The cache is then unchanged.
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
   * Returns the value, and loads it if there is none. Callers that ask while it is being loaded share that load. If it
   * fails, all of them get the error, and it is not remembered. If the key is put or deleted during the load, that takes
   * precedence: the callers get the loaded value, but the cache does not keep it.
   *
   * @param options `signal`: aborts the waiting of this caller only. The load's own signal aborts once every caller has
   * given up; a value that arrives after that is not kept.
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

  /** Tells whether there is a live value. Counts neither a hit nor a miss. */
  has(key: K): boolean {
    return this.#store.peek(key) !== undefined;
  }

  /** Removes an entry, and returns whether there was one. A load that is under way for the key will not be kept. */
  delete(key: K): boolean {
    this.#flights.forget(key);
    return this.#store.delete(key);
  }

  /** Removes all entries, and returns how many. Loads that are under way will not be kept. */
  clear(): number {
    this.#flights.forgetAll();
    return this.#store.clear();
  }

  /** Number of entries, including those whose value was collected and not yet noticed. */
  get size(): number {
    return this.#store.tiers.at.size;
  }

  /** Iterates over the live entries in the order of their insertion. Counts nothing. Each value stays alive for the turn. */
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
   * Removes entries that expired or whose value was collected, and returns how many. Looks at `limit` places of each tier
   * from where the last sweep stopped. Values that it finds alive stay alive until the end of the turn, so call it after a
   * collection, not before.
   *
   * @throws `INVALID_OPTION` for a limit that is no number, or below 0
   */
  sweep(limit: number = SWEEP_LIMIT): number {
    parseOptions("sweep", sweepFields, { limit });
    return this.#store.sweep(limit);
  }

  /** Removes weakly held entries that were not read since the last such call or their insertion, and returns how many. */
  dropCold(): number {
    return this.#store.dropCold();
  }

  /** Changes how many entries it may have. @throws `INVALID_OPTION`, `CLOSED`; the cache is then unchanged */
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

  /** Returns the statistics. */
  getStats(): WeakCacheStats {
    return cacheStats(this.#store, this.#flights);
  }

  /** Removes all entries, and the cache from the optimizer's statistics. A later `put` throws `CLOSED`. */
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
