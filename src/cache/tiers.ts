import type { Core } from "../core/load.ts";
import type { Demotion } from "./demotion.ts";
import type { Ghosts } from "./ghosts.ts";
import type { WeakCacheSettings } from "./options.ts";
import { Tier } from "./tier.ts";
import { type Buryable, unwatch, ValueRef, watch, watchCollection } from "./value-ref.ts";

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
  readonly weak: Tier<K, WeakRef<V>>;
  readonly strong: Tier<K, V> | undefined;
  /** Whether demoting pays; `undefined` where that is settled by option. */
  readonly demotion: Demotion<K> | undefined;
  /** Entries that went to make room and are to be told of. Empty unless somebody is told. */
  readonly gone: Gone<K, V>[] = [];
  readonly #home: WeakRef<Buryable>;
  /** One for each value; else, in a cache with a strong tier, one for the next collection. */
  readonly #finalizers: boolean;
  readonly #sweeps: boolean;
  /** Whether what must leave the strong tier goes in any case. */
  readonly drops: boolean;
  readonly #tells: boolean;
  #watching = false;
  /** The limits at work. */
  maxSize: number;
  maxBytes: number;
  /** Remembers what had to go for want of bytes; only under a budget. */
  ghosts: Ghosts | undefined;
  strongBytes = 0;
  demoted = 0;
  dropped = 0;
  promoted = 0;

  /** @param home is told when a finalizer finds a value collected; not held */
  constructor(
    core: Core,
    settings: WeakCacheSettings<K, V>,
    maxSize: number,
    home: Buryable,
    demotion: Demotion<K> | undefined,
  ) {
    this.#home = new WeakRef(home);
    this.#finalizers = settings.finalizers && settings.strong === undefined;
    this.#sweeps = settings.finalizers && settings.strong !== undefined;
    this.drops = settings.strong?.demotion === "bypass";
    this.demotion = demotion;
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

  #refer(value: V, place: number): WeakRef<V> {
    if (!this.#finalizers) {
      if (this.#sweeps && !this.#watching) this.watchCollection();
      return new WeakRef(value);
    }
    const ref = new ValueRef(value, this.#home);
    ref.place = place;
    watch(ref, value);
    return ref;
  }

  /** The next collection is told to `home`, where there is anything weak. */
  watchCollection(): void {
    this.#watching = this.weak.order.size > 0;
    if (this.#watching) watchCollection(this.#home);
  }

  #went(key: K, value: V | undefined): void {
    this.at.delete(key);
    if (this.#tells) this.gone.push({ key, value });
  }

  /** Takes an entry in. Where `maxSize` is reached another one goes: a weak one, where there is any. */
  add(key: K, value: V, bytes: number, expiresAt: number): void {
    const full = this.at.size === this.maxSize && this.weak.order.size === 0;
    if (full && this.strongBytes + bytes <= this.maxBytes) this.#swap(key, value, bytes, expiresAt);
    else {
      this.makeRoom();
      this.insert(key, value, bytes, expiresAt);
    }
  }

  /** Into the place of the strong entry that goes, which is where the order puts it: one call into the core. */
  #swap(key: K, value: V, bytes: number, expiresAt: number): void {
    const strong = this.strong!;
    const place = strong.order.insert();
    this.#went(strong.keys[place] as K, strong.held[place]);
    this.strongBytes += bytes - strong.bytes[place]!;
    strong.keys[place] = key;
    strong.held[place] = value;
    strong.bytes[place] = bytes;
    if (expiresAt !== 0) strong.expiresAt[place] = expiresAt;
    this.at.set(key, place);
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

  /** Demotes, or lets go of, what must leave until the strong tier has room for so many bytes. */
  fit(bytes: number): void {
    const strong = this.strong!;
    while (this.strongBytes + bytes > this.maxBytes) {
      const place = strong.order.evict();
      if (place === undefined) return;
      const key = strong.keys[place] as K;
      const value = strong.held[place]!;
      const size = strong.bytes[place]!;
      this.detach(place, false);
      if (this.demotion === undefined ? this.drops : !this.demotion.next()) {
        this.#went(key, value);
        this.dropped += 1;
      } else {
        const beganAtMs = this.demotion?.begin();
        this.#insertWeak(key, value, size, strong.expiresAt[place] ?? 0);
        if (beganAtMs !== undefined) this.demotion!.done(beganAtMs);
        this.demoted += 1;
        if (this.demotion?.bypassed) this.#thinOut(this.demotion);
      }
      this.ghosts?.add(key, size);
    }
  }

  /** Once demoting has been found to lose, the weak tier shrinks to what those need that are demoted still. */
  #thinOut({ retried }: Demotion<K>): void {
    const room = (this.maxSize - this.strong!.order.size) / retried;
    for (let i = 0; i < retried && this.weak.order.size > room; i++) this.makeRoom(this.at.size - 1);
  }

  /** A weak entry that was read, back into the strong tier where it fits. */
  promote(key: K, place: number, value: V): void {
    const bytes = this.weak.bytes[place]!;
    if (bytes > this.maxBytes) return;
    const expiresAt = this.weak.expiresAt[place] ?? 0;
    this.detach(~place, true);
    this.insert(key, value, bytes, expiresAt);
    this.promoted += 1;
    this.demotion?.found();
    this.ghosts?.forget(key);
  }

  /** One entry goes where `maxSize` is reached: a weak one, where there is any. */
  makeRoom(limit: number = this.maxSize - 1): void {
    if (this.at.size <= limit) return;
    const weak = this.weak.order.size > 0;
    const tier: Tier<K, object> = weak ? this.weak : this.strong!;
    const place = tier.order.evict()!;
    const key = tier.keys[place] as K;
    const value = this.#tells ? this.value(weak ? ~place : place) : undefined;
    this.detach(weak ? ~place : place, false);
    this.#went(key, value);
    if (this.strong === undefined) this.ghosts?.add(key, ENTRY_BYTES);
  }

  /** New limits. Entries above `maxSize` stay until `makeRoom` takes them. */
  resize(maxSize: number, maxBytes: number): void {
    this.weak.order.resize(maxSize);
    this.strong?.order.resize(maxSize);
    this.maxSize = maxSize;
    this.maxBytes = maxBytes;
  }

  destroy(): void {
    this.weak.destroy();
    this.strong?.destroy();
    this.demotion?.destroy();
  }
}
