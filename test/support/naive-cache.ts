export interface NaiveSettings {
  maxSize: number;
  /** `undefined`: no strong tier. */
  maxBytes: number | undefined;
  ttlMs: number | undefined;
  /** What must leave the strong tier goes. */
  drops?: boolean;
}

interface Item<V> {
  key: number;
  value: V;
  bytes: number;
  expiresAt: number;
  visited: boolean;
  strong: boolean;
}

/**
 * SIEVE's queue: oldest first, and where the hand looks next. Before it starts over, it passes 29 of 32 entries. Once it
 * has evicted more than one of 32 among the oldest 10, what it passes of those joins the newest.
 */
class Queue<V> {
  items: Item<V>[] = [];
  #hand: number | undefined;
  #passed = 0;
  #unread = 0;

  push(item: Item<V>): void {
    item.visited = false;
    this.items.push(item);
  }

  remove(item: Item<V>): void {
    const at = this.items.indexOf(item);
    this.items.splice(at, 1);
    if (this.#hand === undefined) return;
    if (at < this.#hand) this.#hand -= 1;
    if (this.#hand === this.items.length) this.#hand = undefined;
  }

  evict(): Item<V> | undefined {
    if (this.items.length === 0) return undefined;
    const { length } = this.items;
    const oldestPart = Math.floor((length * 10) / 32);
    let item: Item<V>;
    for (;;) {
      if (
        this.#hand === undefined ||
        this.#hand === length ||
        this.#passed > Math.floor((length * 29) / 32)
      ) {
        this.#hand = this.#passed = this.#unread = 0;
      }
      item = this.items[this.#hand]!;
      if (!item.visited) break;
      item.visited = false;
      if (this.#passed < oldestPart && this.#unread > Math.floor(length / 32)) {
        this.items.splice(this.#hand, 1);
        this.items.push(item);
        if (this.#hand === length - 1) this.#hand = length;
      } else this.#hand += 1;
      this.#passed += 1;
    }
    if (this.#passed < oldestPart) this.#unread += 1;
    this.remove(item);
    return item;
  }
}

/** What a cache of less than 64 entries must do, the obvious way, while no value is collected. */
export class NaiveCache<V> {
  readonly settings: NaiveSettings;
  readonly all: Map<number, Item<V>> = new Map();
  readonly #strong = new Queue<V>();
  readonly #weak = new Queue<V>();
  nowMs = 0;
  hits = 0;
  misses = 0;
  evictions = 0;
  expired = 0;
  demoted = 0;
  dropped = 0;
  promoted = 0;
  /** `key reason value` of each entry that went. */
  log: string[] = [];

  constructor(settings: NaiveSettings) {
    this.settings = settings;
  }

  get strongBytes(): number {
    return this.#strong.items.reduce((sum, item) => sum + item.bytes, 0);
  }

  get strongSize(): number {
    return this.#strong.items.length;
  }

  #went(key: number, reason: string, value: V): void {
    this.log.push(`${key} ${reason} ${JSON.stringify(value)}`);
  }

  #queue(item: Item<V>): Queue<V> {
    return item.strong ? this.#strong : this.#weak;
  }

  #take(item: Item<V>, reason: string): void {
    this.#queue(item).remove(item);
    this.all.delete(item.key);
    this.#went(item.key, reason, item.value);
  }

  #isExpired(item: Item<V>): boolean {
    return this.settings.ttlMs !== undefined && item.expiresAt <= this.nowMs;
  }

  #demoteUntil(limit: number): void {
    while (this.strongBytes > limit) {
      const item = this.#strong.evict()!;
      if (this.settings.drops) {
        this.#evicted(item);
        this.dropped += 1;
        continue;
      }
      item.strong = false;
      this.#weak.push(item);
      this.demoted += 1;
    }
  }

  #place(item: Item<V>): void {
    const { maxBytes } = this.settings;
    item.strong = maxBytes !== undefined && item.bytes <= maxBytes;
    if (item.strong) this.#demoteUntil(maxBytes! - item.bytes);
    this.#queue(item).push(item);
  }

  #evictOne(): void {
    this.#evicted(this.#weak.evict() ?? this.#strong.evict()!);
  }

  #evicted(item: Item<V>): void {
    this.all.delete(item.key);
    this.evictions += 1;
    this.#went(item.key, "evicted", item.value);
  }

  put(key: number, value: V, bytes: number): void {
    const { maxSize, maxBytes, ttlMs } = this.settings;
    const expiresAt = this.nowMs + (ttlMs ?? 0);
    const item = this.all.get(key);
    if (item === undefined) {
      if (this.all.size >= maxSize) this.#evictOne();
      const fresh = { key, value, bytes, expiresAt, visited: false, strong: false };
      this.all.set(key, fresh);
      this.#place(fresh);
      return;
    }
    const old = item.value;
    const stays = maxBytes === undefined || (item.strong && bytes <= maxBytes);
    if (!stays) this.#queue(item).remove(item);
    Object.assign(item, { value, bytes, expiresAt });
    if (!stays) this.#place(item);
    else if (maxBytes !== undefined) this.#demoteUntil(maxBytes);
    if (old !== value) this.#went(key, "replaced", old);
  }

  get(key: number): V | undefined {
    const item = this.all.get(key);
    if (item === undefined || this.#isExpired(item)) {
      this.misses += 1;
      if (item !== undefined) this.#expire(item);
      return undefined;
    }
    this.hits += 1;
    item.visited = true;
    const { maxBytes } = this.settings;
    if (!item.strong && maxBytes !== undefined && item.bytes <= maxBytes) {
      this.#weak.remove(item);
      this.#place(item);
      this.promoted += 1;
    }
    return item.value;
  }

  #expire(item: Item<V>): void {
    this.expired += 1;
    this.#take(item, "expired");
  }

  has(key: number): boolean {
    const item = this.all.get(key);
    return item !== undefined && !this.#isExpired(item);
  }

  delete(key: number): boolean {
    const item = this.all.get(key);
    if (item !== undefined) this.#take(item, "deleted");
    return item !== undefined;
  }

  /** All that expired. */
  sweep(): number {
    const gone = [...this.all.values()].filter((item) => this.#isExpired(item));
    for (const item of gone) this.#expire(item);
    return gone.length;
  }

  dropCold(): number {
    let count = 0;
    for (const item of [...this.#weak.items]) {
      if (item.visited) {
        item.visited = false;
      } else {
        this.#take(item, "cold");
        this.evictions += 1;
        count += 1;
      }
    }
    return count;
  }

  limit(maxSize: number, maxBytes: number | undefined): void {
    this.settings.maxSize = maxSize;
    this.settings.maxBytes = maxBytes;
    while (this.all.size > maxSize) this.#evictOne();
    if (maxBytes !== undefined) this.#demoteUntil(maxBytes);
  }

  clear(): number {
    const items = [...this.all.values()];
    for (const item of items) this.#take(item, "cleared");
    return items.length;
  }

  live(): number[] {
    return [...this.all.values()].filter((item) => !this.#isExpired(item)).map((item) => item.key);
  }
}
