import type { Core } from "../core/load.ts";
import { show, VelithonError } from "../shared/errors.ts";
import type { Ghosts } from "./ghosts.ts";
import type { RemoveReason, WeakCacheSettings } from "./options.ts";
import { Tier } from "./tier.ts";
import { type Buryable, unwatch, ValueRef, watch } from "./value-ref.ts";

/**
 * What an entry takes beside its value, on 64 bits: its share of a `Map` and three arrays, a place of 12 bytes
 * in the core, a `WeakRef` with its finalizer. `npm run bench -- cache` measures it.
 */
export const ENTRY_BYTES = 200;

interface Gone<K, V> {
  readonly key: K;
  readonly value: V | undefined;
}

/**
 * The entries of a cache in one or two tiers. `#at` tells where a key's entry is: place `n` of the strong tier
 * as `n`, of the weak tier as `~n`. `onRemove` is called once an operation has left all in order, since it
 * may call the cache.
 */
export class Store<K, V extends object> implements Buryable {
  readonly #at = new Map<K, number>();
  readonly #weak: Tier<K, ValueRef<V>>;
  readonly #strong: Tier<K, V> | undefined;
  readonly #settings: WeakCacheSettings<K, V>;
  readonly #ttlMs: number | undefined;
  readonly #now: () => number;
  readonly #self: WeakRef<Buryable> = new WeakRef<Buryable>(this);
  /** The limits at work. */
  #maxSize: number;
  #maxBytes: number;
  /** Remembers what had to go for want of bytes; only under a budget. */
  ghosts: Ghosts | undefined;
  strongBytes = 0;
  demoted = 0;
  promoted = 0;
  collected = 0;
  expired = 0;
  removeFailures = 0;

  constructor(core: Core, settings: WeakCacheSettings<K, V>, maxSize: number, now: () => number) {
    this.#settings = settings;
    this.#ttlMs = settings.ttlMs;
    this.#now = now;
    this.#maxSize = maxSize;
    this.#maxBytes = settings.strong?.maxBytes ?? 0;
    this.#weak = new Tier(core, maxSize);
    this.#strong = settings.strong === undefined ? undefined : new Tier(core, maxSize);
  }

  get size(): number {
    return this.#at.size;
  }
  get strongSize(): number {
    return this.#strong?.order.size ?? 0;
  }
  get maxSize(): number {
    return this.#maxSize;
  }
  get maxBytes(): number {
    return this.#maxBytes;
  }

  #removed(key: K, reason: RemoveReason, value: V | undefined): void {
    const { onRemove } = this.#settings;
    if (onRemove === undefined) return;
    try {
      if (value === undefined) onRemove(key, reason);
      else onRemove(key, reason, value);
    } catch {
      this.removeFailures += 1;
    }
  }

  /** The value at a place; `undefined` where it was collected or its time is up. */
  #live(at: number): V | undefined {
    if (this.#isExpired(at)) return undefined;
    return at >= 0 ? this.#strong!.held[at] : this.#weak.held[~at]!.deref();
  }

  #isExpired(at: number): boolean {
    if (this.#ttlMs === undefined) return false;
    const expiresAt = at >= 0 ? this.#strong!.expiresAt[at] : this.#weak.expiresAt[~at];
    return expiresAt! <= this.#now();
  }

  /** Empties a place, whose entry its order has given up or gives up now. */
  #detach(at: number, fromOrder: boolean): void {
    if (at >= 0) {
      const strong = this.#strong!;
      this.strongBytes -= strong.bytes[at]!;
      strong.clear(at);
      if (fromOrder) strong.order.remove(at);
    } else {
      const place = ~at;
      if (this.#settings.finalizers) unwatch(this.#weak.held[place]!);
      this.#weak.clear(place);
      if (fromOrder) this.#weak.order.remove(place);
    }
  }

  #remove(key: K, at: number, reason: RemoveReason): void {
    const value = at >= 0 ? this.#strong!.held[at] : this.#weak.held[~at]!.deref();
    this.#detach(at, true);
    this.#at.delete(key);
    this.#removed(key, reason, reason === "collected" ? undefined : value);
  }

  /** Takes out an entry that is found dead. */
  #bury(key: K, at: number): void {
    const expired = this.#isExpired(at);
    if (expired) this.expired += 1;
    else this.collected += 1;
    this.#remove(key, at, expired ? "expired" : "collected");
  }

  /** By a finalizer: unless the place has another value by now. */
  bury(place: number, ref: object): void {
    if (this.#weak.held[place] !== ref || this.#weak.held[place]?.deref() !== undefined) return;
    this.#bury(this.#weak.keys[place]!, ~place);
  }

  get(key: K): V | undefined {
    const at = this.#at.get(key);
    if (at === undefined) {
      this.ghosts?.missed(key);
      this.#weak.order.miss();
      return undefined;
    }
    const value = this.#live(at);
    if (value === undefined) {
      this.#bury(key, at);
      this.#weak.order.miss();
      return undefined;
    }
    if (at >= 0) {
      this.#strong!.order.hit(at);
      return value;
    }
    this.#weak.order.hit(~at);
    if (this.#strong !== undefined) this.#promote(key, ~at, value);
    return value;
  }

  /** Without counting. */
  peek(key: K): V | undefined {
    const at = this.#at.get(key);
    return at === undefined ? undefined : this.#live(at);
  }

  /** @throws where `sizeOf` throws or answers no size; the cache is as before */
  put(key: K, value: V): void {
    const bytes = this.#strong === undefined ? 0 : this.#sizeOf(key, value);
    const expiresAt = this.#ttlMs === undefined ? 0 : this.#now() + this.#ttlMs;
    const at = this.#at.get(key);
    if (at !== undefined) {
      this.#replace(key, at, value, bytes, expiresAt);
      return;
    }
    const gone = this.#makeRoom();
    this.#insert(key, value, bytes, expiresAt);
    if (gone !== undefined) this.#removed(gone.key, "evicted", gone.value);
  }

  #sizeOf(key: K, value: V): number {
    const bytes = this.#settings.strong!.sizeOf(value, key);
    if (typeof bytes === "number" && bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return bytes;
    throw new VelithonError(
      "INVALID_OPTION",
      `cache ${this.#settings.name}: sizeOf answered ${show(bytes)} for ${show(key)}; accepted: a number of bytes from 0`,
    );
  }

  #replace(key: K, at: number, value: V, bytes: number, expiresAt: number): void {
    const old = at >= 0 ? this.#strong!.held[at] : this.#weak.held[~at]!.deref();
    if (at < 0 && this.#strong === undefined) {
      // The place in the order stays.
      if (this.#ttlMs !== undefined) this.#weak.expiresAt[~at] = expiresAt;
      if (old === value) return;
      if (this.#settings.finalizers) unwatch(this.#weak.held[~at]!);
      this.#weak.held[~at] = this.#refer(value, ~at);
    } else if (at >= 0 && bytes <= this.#maxBytes) {
      const strong = this.#strong!;
      strong.held[at] = value;
      this.strongBytes += bytes - strong.bytes[at]!;
      strong.bytes[at] = bytes;
      if (this.#ttlMs !== undefined) strong.expiresAt[at] = expiresAt;
      this.#fit(0);
    } else {
      this.#detach(at, true);
      this.#insert(key, value, bytes, expiresAt);
    }
    if (old !== value) this.#removed(key, "replaced", old);
  }

  #refer(value: V, place: number): ValueRef<V> {
    const ref = new ValueRef(value, this.#self);
    ref.place = place;
    if (this.#settings.finalizers) watch(ref, value);
    return ref;
  }

  /** There is room. */
  #insert(key: K, value: V, bytes: number, expiresAt: number): void {
    const strong = this.#strong;
    if (strong === undefined || bytes > this.#maxBytes) {
      this.#insertWeak(key, value, bytes, expiresAt);
      return;
    }
    this.#fit(bytes);
    const place = strong.order.insert();
    strong.keys[place] = key;
    strong.held[place] = value;
    strong.bytes[place] = bytes;
    if (this.#ttlMs !== undefined) strong.expiresAt[place] = expiresAt;
    this.strongBytes += bytes;
    this.#at.set(key, place);
  }

  #insertWeak(key: K, value: V, bytes: number, expiresAt: number): void {
    const place = this.#weak.order.insert();
    this.#weak.keys[place] = key;
    this.#weak.held[place] = this.#refer(value, place);
    if (this.#strong !== undefined) this.#weak.bytes[place] = bytes;
    if (this.#ttlMs !== undefined) this.#weak.expiresAt[place] = expiresAt;
    this.#at.set(key, ~place);
  }

  /** Demotes until the strong tier has room for so many bytes. */
  #fit(bytes: number): void {
    const strong = this.#strong!;
    while (this.strongBytes + bytes > this.#maxBytes) {
      const place = strong.order.evict();
      if (place === undefined) return;
      const key = strong.keys[place] as K;
      const value = strong.held[place]!;
      const size = strong.bytes[place]!;
      this.#detach(place, false);
      this.#insertWeak(key, value, size, strong.expiresAt[place] ?? 0);
      this.demoted += 1;
      this.ghosts?.add(key, size);
    }
  }

  /** A weak entry that was read, back into the strong tier where it fits. */
  #promote(key: K, place: number, value: V): void {
    const bytes = this.#weak.bytes[place]!;
    if (bytes > this.#maxBytes) return;
    const expiresAt = this.#weak.expiresAt[place] ?? 0;
    this.#detach(~place, true);
    this.#insert(key, value, bytes, expiresAt);
    this.promoted += 1;
    this.ghosts?.forget(key);
  }

  /** One entry goes where `maxSize` is reached: a weak one, where there is any. */
  #makeRoom(limit: number = this.#maxSize - 1): Gone<K, V> | undefined {
    if (this.#at.size <= limit) return undefined;
    let key: K;
    let value: V | undefined;
    const place = this.#weak.order.evict();
    if (place !== undefined) {
      key = this.#weak.keys[place] as K;
      if (this.#settings.onRemove !== undefined) value = this.#weak.held[place]!.deref();
      this.#detach(~place, false);
      if (this.#strong === undefined) this.ghosts?.add(key, ENTRY_BYTES);
    } else {
      const from = this.#strong!.order.evict()!;
      key = this.#strong!.keys[from] as K;
      value = this.#strong!.held[from];
      this.#detach(from, false);
    }
    this.#at.delete(key);
    return this.#settings.onRemove === undefined ? undefined : { key, value };
  }

  delete(key: K, reason: RemoveReason = "deleted"): boolean {
    const at = this.#at.get(key);
    if (at === undefined) return false;
    this.#remove(key, at, reason);
    return true;
  }

  /** Takes out expired entries and those whose value was collected, among the next `limit` places of each tier. */
  sweep(limit: number): number {
    const before = this.collected + this.expired;
    if (this.#ttlMs !== undefined && this.#strong !== undefined) {
      for (const place of this.#strong.swept(limit)) {
        if (this.#isExpired(place)) this.#bury(this.#strong.keys[place] as K, place);
      }
    }
    for (const place of this.#weak.swept(limit)) {
      if (this.#live(~place) === undefined) this.#bury(this.#weak.keys[place] as K, ~place);
    }
    return this.collected + this.expired - before;
  }

  /** Takes out weak entries that were not read since the last such call, or since they came; how many. */
  dropCold(): number {
    let count = 0;
    const { order } = this.#weak;
    for (let place = order.takeCold(0); place !== undefined; place = order.takeCold(place + 1)) {
      const key = this.#weak.keys[place] as K;
      const value = this.#settings.onRemove && this.#weak.held[place]!.deref();
      this.#detach(~place, false);
      this.#at.delete(key);
      this.#removed(key, "cold", value);
      count += 1;
    }
    return count;
  }

  /** New limits; what is too much goes, or is demoted. */
  limit(maxSize: number, maxBytes: number): void {
    this.#weak.order.resize(maxSize);
    this.#strong?.order.resize(maxSize);
    this.#maxSize = maxSize;
    this.#maxBytes = maxBytes;
    while (this.#at.size > this.#maxSize) {
      const gone = this.#makeRoom(this.#maxSize);
      if (gone !== undefined) this.#removed(gone.key, "evicted", gone.value);
    }
    if (this.#strong !== undefined) this.#fit(0);
  }

  /** Live entries. May be changed on the way, as a `Map` may. */
  *entries(): Generator<[K, V]> {
    for (const [key, at] of this.#at) {
      const value = this.#live(at);
      if (value !== undefined) yield [key, value];
    }
  }

  clear(): number {
    const keys = [...this.#at.keys()];
    for (const key of keys) this.delete(key, "cleared");
    return keys.length;
  }

  counts(): { hits: number; misses: number; evictions: number } {
    const weak = this.#weak.order.stats();
    if (this.#strong === undefined) return weak;
    const { hits, evictions } = this.#strong.order.stats();
    return {
      hits: hits + weak.hits,
      misses: weak.misses,
      evictions: evictions + weak.evictions - this.demoted,
    };
  }

  destroy(): void {
    this.#weak.destroy();
    this.#strong?.destroy();
  }
}
