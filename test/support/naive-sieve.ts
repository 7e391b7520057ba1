import type { SieveStats } from "../../src/core/index.ts";

/** SIEVE the obvious way: an array of entries, oldest first, and the position of the hand. */
export class NaiveSieve {
  limit: number;
  queue: { readonly place: number; visited: boolean }[] = [];
  /** Where the hand looks next; -1: it starts over at the oldest. */
  hand = -1;
  /** Entries that it has let stay since it started at the oldest. */
  passed = 0;
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
    if (this.queue.length === 0) return undefined;
    for (;;) {
      // Never into the newest 5 of 32.
      const most = this.queue.length - Math.floor((this.queue.length * 5) / 32);
      if (this.hand < 0 || this.hand === this.queue.length || this.passed > most) {
        this.hand = 0;
        this.passed = 0;
      }
      if (!this.queue[this.hand]!.visited) break;
      this.queue[this.hand]!.visited = false;
      this.passed++;
      this.hand++;
    }
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
