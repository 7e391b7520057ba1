import type { Core } from "../core/load.ts";
import type { Ghosts } from "./ghosts.ts";
import type { WeakCacheSettings } from "./options.ts";
import { Tier } from "./tier.ts";
import { type Buryable, unwatch, ValueRef, watch } from "./value-ref.ts";

/**
 * What an entry takes beside its value, on 64 bits: its share of a `Map` and three arrays, a place of 12 bytes
 * in the core, a `WeakRef` with its finalizer. `npm run bench -- cache` measures it.
 */
export const ENTRY_BYTES = 200;

/** An entry that had to go for another. */
export interface Gone<K, V> {
  readonly key: K;
  readonly value: V | undefined;
}

/**
 * Which entries are held, which are weak, and which have to go: SIEVE in each tier, and the moves between the
 * two. `at` tells where a key's entry is: place `n` of the strong tier as `n`, of the weak tier as `~n`.
 */
export class Tiers<K, V extends object> {
  readonly at: Map<K, number> = new Map();
  readonly weak: Tier<K, ValueRef<V>>;
  readonly strong: Tier<K, V> | undefined;
  readonly #home: WeakRef<Buryable>;
  readonly #finalizers: boolean;
  readonly #tells: boolean;
  /** The limits at work. */
  maxSize: number;
  maxBytes: number;
  /** Remembers what had to go for want of bytes; only under a budget. */
  ghosts: Ghosts | undefined;
  strongBytes = 0;
  demoted = 0;
  promoted = 0;

  /** @param home is told when a finalizer finds a value collected; not held */
  constructor(core: Core, settings: WeakCacheSettings<K, V>, maxSize: number, home: Buryable) {
    this.#home = new WeakRef(home);
    this.#finalizers = settings.finalizers;
    this.#tells = settings.onRemove !== undefined;
    this.maxSize = maxSize;
    this.maxBytes = settings.strong?.maxBytes ?? 0;
    this.weak = new Tier(core, maxSize);
    this.strong = settings.strong === undefined ? undefined : new Tier(core, maxSize);
  }

  /** The value at a place, unless it was collected. */
  value(at: number): V | undefined {
    return at >= 0 ? this.strong!.held[at] : this.weak.held[~at]!.deref();
  }

  /** Empties a place, whose entry its order has given up or gives up now. */
  detach(at: number, fromOrder: boolean): void {
    if (at >= 0) {
      const strong = this.strong!;
      this.strongBytes -= strong.bytes[at]!;
      strong.clear(at);
      if (fromOrder) strong.order.remove(at);
    } else {
      const place = ~at;
      if (this.#finalizers) unwatch(this.weak.held[place]!);
      this.weak.clear(place);
      if (fromOrder) this.weak.order.remove(place);
    }
  }

  /** Another value at a place, which stays in the order. */
  replaceWeak(place: number, value: V): void {
    if (this.#finalizers) unwatch(this.weak.held[place]!);
    this.weak.held[place] = this.#refer(value, place);
  }

  /** As `replaceWeak`; others may have to go for what it has more. */
  replaceStrong(place: number, value: V, bytes: number): void {
    const strong = this.strong!;
    strong.held[place] = value;
    this.strongBytes += bytes - strong.bytes[place]!;
    strong.bytes[place] = bytes;
    this.fit(0);
  }

  #refer(value: V, place: number): ValueRef<V> {
    const ref = new ValueRef(value, this.#home);
    ref.place = place;
    if (this.#finalizers) watch(ref, value);
    return ref;
  }

  /** Takes an entry in. Where `maxSize` is reached another one goes: a weak one, where there is any. */
  add(key: K, value: V, bytes: number, expiresAt: number): Gone<K, V> | undefined {
    const full = this.at.size === this.maxSize && this.weak.order.size === 0;
    if (full && this.strongBytes + bytes <= this.maxBytes) return this.#swap(key, value, bytes, expiresAt);
    const gone = this.makeRoom();
    this.insert(key, value, bytes, expiresAt);
    return gone;
  }

  /** Into the place of the strong entry that goes, which is where the order puts it: one call into the core. */
  #swap(key: K, value: V, bytes: number, expiresAt: number): Gone<K, V> | undefined {
    const strong = this.strong!;
    const place = strong.order.insert();
    const old = strong.keys[place] as K;
    const gone = this.#tells ? { key: old, value: strong.held[place] } : undefined;
    this.at.delete(old);
    this.strongBytes += bytes - strong.bytes[place]!;
    strong.keys[place] = key;
    strong.held[place] = value;
    strong.bytes[place] = bytes;
    if (expiresAt !== 0) strong.expiresAt[place] = expiresAt;
    this.at.set(key, place);
    return gone;
  }

  /** There is room. */
  insert(key: K, value: V, bytes: number, expiresAt: number): void {
    const strong = this.strong;
    if (strong === undefined || bytes > this.maxBytes) {
      this.#insertWeak(key, value, bytes, expiresAt);
      return;
    }
    this.fit(bytes);
    const place = strong.order.insert();
    strong.keys[place] = key;
    strong.held[place] = value;
    strong.bytes[place] = bytes;
    if (expiresAt !== 0) strong.expiresAt[place] = expiresAt;
    this.strongBytes += bytes;
    this.at.set(key, place);
  }

  #insertWeak(key: K, value: V, bytes: number, expiresAt: number): void {
    const place = this.weak.order.insert();
    this.weak.keys[place] = key;
    this.weak.held[place] = this.#refer(value, place);
    if (this.strong !== undefined) this.weak.bytes[place] = bytes;
    if (expiresAt !== 0) this.weak.expiresAt[place] = expiresAt;
    this.at.set(key, ~place);
  }

  /** Demotes until the strong tier has room for so many bytes. */
  fit(bytes: number): void {
    const strong = this.strong!;
    while (this.strongBytes + bytes > this.maxBytes) {
      const place = strong.order.evict();
      if (place === undefined) return;
      const key = strong.keys[place] as K;
      const value = strong.held[place]!;
      const size = strong.bytes[place]!;
      this.detach(place, false);
      this.#insertWeak(key, value, size, strong.expiresAt[place] ?? 0);
      this.demoted += 1;
      this.ghosts?.add(key, size);
    }
  }

  /** A weak entry that was read, back into the strong tier where it fits. */
  promote(key: K, place: number, value: V): void {
    const bytes = this.weak.bytes[place]!;
    if (bytes > this.maxBytes) return;
    const expiresAt = this.weak.expiresAt[place] ?? 0;
    this.detach(~place, true);
    this.insert(key, value, bytes, expiresAt);
    this.promoted += 1;
    this.ghosts?.forget(key);
  }

  /** One entry goes where `maxSize` is reached: a weak one, where there is any. */
  makeRoom(limit: number = this.maxSize - 1): Gone<K, V> | undefined {
    if (this.at.size <= limit) return undefined;
    let key: K;
    let value: V | undefined;
    if (this.weak.order.size > 0) {
      const place = this.weak.order.evict()!;
      key = this.weak.keys[place] as K;
      if (this.#tells) value = this.weak.held[place]!.deref();
      this.detach(~place, false);
      if (this.strong === undefined) this.ghosts?.add(key, ENTRY_BYTES);
    } else {
      const from = this.strong!.order.evict()!;
      key = this.strong!.keys[from] as K;
      value = this.strong!.held[from];
      this.detach(from, false);
    }
    this.at.delete(key);
    return this.#tells ? { key, value } : undefined;
  }

  /** New limits. Entries above `maxSize` stay until `makeRoom` takes them. */
  resize(maxSize: number, maxBytes: number): void {
    this.weak.order.resize(maxSize);
    this.strong?.order.resize(maxSize);
    this.maxSize = maxSize;
    this.maxBytes = maxBytes;
  }

  counts(): { hits: number; misses: number; evictions: number } {
    const weak = this.weak.order.stats();
    if (this.strong === undefined) return weak;
    const { hits, evictions } = this.strong.order.stats();
    return {
      hits: hits + weak.hits,
      misses: weak.misses,
      evictions: evictions + weak.evictions - this.demoted,
    };
  }

  destroy(): void {
    this.weak.destroy();
    this.strong?.destroy();
  }
}
