import type { SieveStats } from "../../src/core/index.ts";

/** SIEVE the obvious way: an array of entries, oldest first, and the position of the hand. */
export class NaiveSieve {
  limit: number;
  queue: { readonly place: number; visited: boolean }[] = [];
  /** Where the hand looks next; -1: it starts over at the oldest. */
  hand = -1;
  /** Entries that it has let stay since it started at the oldest. */
  passed = 0;
  /** Entries that it has evicted since then among the oldest 10 of 32. */
  unread = 0;
  hits = 0;
  misses = 0;
  evictions = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  #position(place: number): number {
    return this.queue.findIndex((entry) => entry.place === place);
  }

  has(place: number): boolean {
    return this.#position(place) >= 0;
  }

  insert(place: number): void {
    this.queue.push({ place, visited: false });
  }

  hit(place: number): boolean {
    const position = this.#position(place);
    const entry = this.queue[position];
    if (!entry) return false;
    // Where there is room enough, the two newest are too young to be marked.
    if (this.limit < 64 || position < this.queue.length - 2) entry.visited = true;
    this.hits++;
    return true;
  }

  evict(): number | undefined {
    const held = this.queue.length;
    if (held === 0) return undefined;
    // Never into the newest 3 of 32.
    const most = Math.floor((held * 29) / 32);
    const oldestPart = Math.floor((held * 10) / 32);
    for (;;) {
      if (this.hand < 0 || this.hand === held || this.passed > most) {
        this.hand = 0;
        this.passed = 0;
        this.unread = 0;
      }
      const entry = this.queue[this.hand]!;
      if (!entry.visited) break;
      entry.visited = false;
      const tastesChange = this.passed < oldestPart && this.unread > Math.floor(held / 32);
      if (tastesChange) {
        this.queue.splice(this.hand, 1);
        this.queue.push(entry);
        if (this.hand === held - 1) this.hand = held;
      } else this.hand++;
      this.passed++;
    }
    if (this.passed < oldestPart) this.unread++;
    this.evictions++;
    const { place } = this.queue[this.hand]!;
    this.remove(place);
    return place;
  }

  remove(place: number): boolean {
    const position = this.#position(place);
    if (position < 0) return false;
    this.queue.splice(position, 1);
    if (position < this.hand) this.hand--;
    if (this.hand === this.queue.length) this.hand = -1;
    return true;
  }

  /** The lowest place from `from` on that was not visited goes; visited ones on the way lose their mark. */
  takeCold(from: number): number | undefined {
    const inOrder = this.queue.filter((entry) => entry.place >= from).sort((a, b) => a.place - b.place);
    for (const entry of inOrder) {
      if (!entry.visited) {
        this.remove(entry.place);
        this.evictions++;
        return entry.place;
      }
      entry.visited = false;
    }
    return undefined;
  }

  stats(): SieveStats {
    const { limit, hits, misses, evictions } = this;
    return { limit, size: this.queue.length, hits, misses, evictions };
  }
}
