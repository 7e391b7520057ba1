import { MemoryBudget } from "../budget/budget.ts";
import { readCacheOptions, type WeakCacheOptions } from "../cache/options.ts";
import { WeakCache } from "../cache/weak-cache.ts";
import type { GovernorCore } from "../core/governor.ts";
import type { Core } from "../core/load.ts";
import { BufferShare, PoolShare } from "../pool/budget-share.ts";
import { type BufferPoolOptions, parseBufferPoolOptions } from "../pool/buffer-options.ts";
import { BufferPool } from "../pool/buffer-pool.ts";
import { ObjectPool } from "../pool/object-pool.ts";
import { type ObjectPoolOptions, readPoolOptions } from "../pool/options.ts";
import { show, VelithonError } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import type { CleanupStats, MemoryStats } from "./stats.ts";

/** Before anything is made, so that a refused one takes no memory of the core. */
function requireFree(registry: ReadonlyMap<string, unknown>, what: string, name: string): void {
  if (!registry.has(name)) return;
  throw new VelithonError(
    "NAME_TAKEN",
    `there is a ${what} named ${show(name)} already; accepted: another name, or close() the first`,
  );
}

/** What `read` answers for each, by name: any name is an own key, `__proto__` as well. */
function byName<T, R>(registry: ReadonlyMap<string, T>, read: (item: T) => R): Record<string, R> {
  const out: Record<string, R> = {};
  for (const [name, item] of registry) {
    const value = read(item);
    if (name === "__proto__") {
      Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true });
    } else {
      out[name] = value;
    }
  }
  return out;
}

interface StoreDefaults {
  readonly poolMaxSize: number;
  readonly cacheMaxSize: number;
  readonly budgetBytes?: number | undefined;
  readonly logger: Logger;
}

/** The pools and caches of one optimizer, by name, and what they may hold together. */
export class Stores {
  readonly budget: MemoryBudget;
  readonly #core: Core;
  readonly #governor: () => GovernorCore;
  readonly #now: () => number;
  readonly #defaults: StoreDefaults;
  // biome-ignore lint/suspicious/noExplicitAny: pools of any objects
  readonly #pools = new Map<string, ObjectPool<any>>();
  readonly #bufferPools = new Map<string, BufferPool>();
  // biome-ignore lint/suspicious/noExplicitAny: caches of any values
  readonly #caches = new Map<string, WeakCache<any, any>>();

  constructor(core: Core, governor: () => GovernorCore, now: () => number, defaults: StoreDefaults) {
    this.#core = core;
    this.#governor = governor;
    this.#now = now;
    this.#defaults = defaults;
    this.budget = new MemoryBudget(defaults.budgetBytes, now, governor);
  }

  #requirePoolFits(where: string, given: { name: string; pinnedBytes?: number | undefined }): void {
    requireFree(this.#pools, "pool", given.name);
    requireFree(this.#bufferPools, "buffer pool", given.name);
    this.budget.requirePinned(where, given.pinnedBytes);
  }

  #left(registry: Map<string, unknown>, kind: string, name: string): void {
    registry.delete(name);
    this.budget.leave(`${kind} ${name}`);
  }

  createObjectPool<T extends object>(given: ObjectPoolOptions<T>): ObjectPool<T> {
    const options = readPoolOptions(given);
    this.#requirePoolFits("createObjectPool", options);
    const pool: ObjectPool<T> = new ObjectPool<T>(this.#core, options, {
      maxSize: this.#defaults.poolMaxSize,
      now: this.#now,
      logger: this.#defaults.logger,
      governor: this.#governor,
      onClose: () => this.#left(this.#pools, "pool", pool.name),
    });
    this.#pools.set(pool.name, pool);
    this.budget.join(`pool ${pool.name}`, new PoolShare(pool, options));
    return pool;
  }

  createBufferPool(given: BufferPoolOptions): BufferPool {
    const options = parseBufferPoolOptions(given);
    this.#requirePoolFits("createBufferPool", options);
    const pool = new BufferPool(this.#core, options, () => this.#left(this.#bufferPools, "pool", pool.name));
    this.#bufferPools.set(pool.name, pool);
    this.budget.join(`pool ${pool.name}`, new BufferShare(pool, options));
    return pool;
  }

  createWeakCache<K, V extends object>(given: WeakCacheOptions<K, V>): WeakCache<K, V> {
    const options = readCacheOptions(given);
    requireFree(this.#caches, "cache", options.name);
    this.budget.requirePinned("createWeakCache", options.pinnedBytes);
    const cache = new WeakCache<K, V>(this.#core, options, {
      defaultMaxSize: this.#defaults.cacheMaxSize,
      now: this.#now,
      governor: this.#governor,
      onClose: () => this.#left(this.#caches, "cache", cache.name),
    });
    this.#caches.set(cache.name, cache);
    this.budget.join(`cache ${cache.name}`, cache);
    return cache;
  }

  getStats(): Pick<MemoryStats, "objectPools" | "bufferPools" | "weakCaches" | "budget"> {
    return {
      objectPools: byName(this.#pools, (pool) => pool.getStats()),
      bufferPools: byName(this.#bufferPools, (pool) => pool.getStats()),
      weakCaches: byName(this.#caches, (cache) => cache.getStats()),
      budget: this.budget.active ? this.budget.getStats() : undefined,
    };
  }

  /** Lets go of all that is idle. */
  clearPools(): Pick<CleanupStats, "objectPools" | "bufferPools"> {
    return {
      objectPools: byName(this.#pools, (pool) => pool.clear()),
      bufferPools: byName(this.#bufferPools, (pool) => pool.clear()),
    };
  }

  /** Takes out of the caches what was collected or is cold. */
  sweepAll(): CleanupStats["weakCaches"] {
    return byName(this.#caches, (cache) => ({
      collected: cache.sweep(Number.POSITIVE_INFINITY),
      cold: cache.dropCold(),
    }));
  }

  /** Lets go of idle objects that nobody needed since the last time. */
  trimPools(): void {
    for (const pool of this.#pools.values()) pool.trim();
    for (const pool of this.#bufferPools.values()) pool.trim();
  }

  /** About once a second: idle objects age out of their pools, leaks are told. */
  tick(nowMs: number): void {
    for (const pool of this.#pools.values()) pool.tick(nowMs);
  }

  /** Looks at a bounded number of entries of each cache. */
  sweepSome(): void {
    for (const cache of this.#caches.values()) cache.sweep();
  }

  /** 1: what nobody needed since the last clean-up; 2: all that is idle or cold. */
  trim(step: 1 | 2): void {
    if (step === 1) this.trimPools();
    else this.clearPools();
    for (const cache of this.#caches.values()) {
      cache.sweep(Number.POSITIVE_INFINITY);
      if (step === 2) cache.dropCold();
    }
  }
}
