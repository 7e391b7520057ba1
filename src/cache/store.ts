import type { GovernorCore } from "../core/governor.ts";
import type { Core } from "../core/load.ts";
import { show, VelithonError } from "../shared/errors.ts";
import { Demotion } from "./demotion.ts";
import type { RemoveReason, WeakCacheSettings } from "./options.ts";
import { Tiers } from "./tiers.ts";
import type { Buryable } from "./value-ref.ts";

/** Entries that one `sweep` looks at unless told otherwise. */
export const SWEEP_LIMIT = 1000;

/**
 * The entries of a cache: what is found, what has expired, and who is told why an entry went. `onRemove` is
 * called once an operation has left all in order, since it may call the cache.
 */
export class Store<K, V extends object> implements Buryable {
  readonly tiers: Tiers<K, V>;
  readonly #settings: WeakCacheSettings<K, V>;
  readonly #ttlMs: number | undefined;
  readonly #now: () => number;
  collected = 0;
  expired = 0;
  removeFailures = 0;

  /** @param governor judges whether demoting pays */
  constructor(
    core: Core,
    governor: () => GovernorCore,
    settings: WeakCacheSettings<K, V>,
    maxSize: number,
    now: () => number,
  ) {
    const judged = settings.strong?.demotion === "auto";
    const demotion = judged ? new Demotion<K>(governor(), now) : undefined;
    this.tiers = new Tiers(core, settings, maxSize, this, demotion);
    this.#settings = settings;
    this.#ttlMs = settings.ttlMs;
    this.#now = now;
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

  /** Tells of those that went to make room, now that all is in order. */
  #tellGone(): void {
    for (const { key, value } of this.tiers.gone.splice(0)) this.#removed(key, "evicted", value);
  }

  /** The value at a place; `undefined` where it was collected or its time is up. */
  #live(at: number): V | undefined {
    if (this.#isExpired(at)) return undefined;
    return this.tiers.value(at);
  }

  #isExpired(at: number): boolean {
    if (this.#ttlMs === undefined) return false;
    const expiresAt = at >= 0 ? this.tiers.strong!.expiresAt[at] : this.tiers.weak.expiresAt[~at];
    return expiresAt! <= this.#now();
  }

  #remove(key: K, at: number, reason: RemoveReason): void {
    const value = this.tiers.value(at);
    this.tiers.detach(at, true);
    this.tiers.at.delete(key);
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
    if (this.tiers.weak.held[place] !== ref || this.tiers.weak.held[place]?.deref() !== undefined) return;
    this.#bury(this.tiers.weak.keys[place]!, ~place);
  }

  collectionSeen(): void {
    this.sweep(SWEEP_LIMIT);
    this.tiers.watchCollection();
  }

  get(key: K): V | undefined {
    const { tiers } = this;
    const at = tiers.at.get(key);
    if (at !== undefined) {
      const value = this.#live(at);
      if (value !== undefined) {
        if (at >= 0) {
          tiers.strong!.order.hit(at);
        } else {
          tiers.weak.order.hit(~at);
          if (tiers.strong !== undefined) tiers.promote(key, ~at, value);
          if (tiers.gone.length > 0) this.#tellGone();
        }
        return value;
      }
      this.#bury(key, at);
    }
    tiers.ghosts?.missed(key);
    tiers.demotion?.missed(key);
    tiers.weak.order.miss();
    return undefined;
  }

  /** Without counting. */
  peek(key: K): V | undefined {
    const at = this.tiers.at.get(key);
    return at === undefined ? undefined : this.#live(at);
  }

  /** @throws where `sizeOf` throws or answers no size; the cache is as before */
  put(key: K, value: V): void {
    const bytes = this.tiers.strong === undefined ? 0 : this.#sizeOf(key, value);
    const expiresAt = this.#ttlMs === undefined ? 0 : this.#now() + this.#ttlMs;
    const { tiers } = this;
    tiers.demotion?.put(key);
    const at = tiers.at.get(key);
    if (at === undefined) tiers.add(key, value, bytes, expiresAt);
    else this.#replace(key, at, value, bytes, expiresAt);
    if (tiers.gone.length > 0) this.#tellGone();
  }

  #sizeOf(key: K, value: V): number {
    const bytes = this.#settings.strong!.sizeOf(value, key);
    if (typeof bytes === "number" && bytes >= 0 && bytes < Number.POSITIVE_INFINITY) return bytes;
    throw new VelithonError(
      "INVALID_OPTION",
      `cache ${this.#settings.name}: sizeOf returned ${show(bytes)} for ${show(key)}; accepted: a number of bytes from 0`,
    );
  }

  #replace(key: K, at: number, value: V, bytes: number, expiresAt: number): void {
    const old = this.tiers.value(at);
    if (at < 0 && this.tiers.strong === undefined) {
      // The place in the order stays.
      if (this.#ttlMs !== undefined) this.tiers.weak.expiresAt[~at] = expiresAt;
      if (old === value) return;
      this.tiers.replaceWeak(~at, value);
    } else if (at >= 0 && bytes <= this.tiers.maxBytes) {
      if (this.#ttlMs !== undefined) this.tiers.strong!.expiresAt[at] = expiresAt;
      this.tiers.replaceStrong(at, value, bytes);
    } else {
      this.tiers.detach(at, true);
      this.tiers.insert(key, value, bytes, expiresAt);
    }
    if (old !== value) this.#removed(key, "replaced", old);
  }

  delete(key: K, reason: RemoveReason = "deleted"): boolean {
    const at = this.tiers.at.get(key);
    if (at === undefined) return false;
    this.#remove(key, at, reason);
    return true;
  }

  /** Takes out expired entries and those whose value was collected, among the next `limit` places of each tier. */
  sweep(limit: number): number {
    const before = this.collected + this.expired;
    if (this.#ttlMs !== undefined && this.tiers.strong !== undefined) {
      for (const place of this.tiers.strong.swept(limit)) {
        if (this.#isExpired(place)) this.#bury(this.tiers.strong.keys[place] as K, place);
      }
    }
    for (const place of this.tiers.weak.swept(limit)) {
      if (this.#live(~place) === undefined) this.#bury(this.tiers.weak.keys[place] as K, ~place);
    }
    return this.collected + this.expired - before;
  }

  /** Takes out weak entries that were not read since the last such call, or since they came; how many. */
  dropCold(): number {
    let count = 0;
    const { order } = this.tiers.weak;
    for (let place = order.takeCold(0); place !== undefined; place = order.takeCold(place + 1)) {
      const key = this.tiers.weak.keys[place] as K;
      const value = this.#settings.onRemove && this.tiers.weak.held[place]!.deref();
      this.tiers.detach(~place, false);
      this.tiers.at.delete(key);
      this.#removed(key, "cold", value);
      count += 1;
    }
    return count;
  }

  /** New limits; what is too much goes, or is demoted. */
  limit(maxSize: number, maxBytes: number): void {
    this.tiers.resize(maxSize, maxBytes);
    while (this.tiers.at.size > maxSize) this.tiers.makeRoom(maxSize);
    if (this.tiers.strong !== undefined) this.tiers.fit(0);
    this.#tellGone();
  }

  /** Live entries. May be changed on the way, as a `Map` may. */
  *entries(): Generator<[K, V]> {
    for (const [key, at] of this.tiers.at) {
      const value = this.#live(at);
      if (value !== undefined) yield [key, value];
    }
  }

  clear(): number {
    const keys = [...this.tiers.at.keys()];
    for (const key of keys) this.delete(key, "cleared");
    return keys.length;
  }
}
