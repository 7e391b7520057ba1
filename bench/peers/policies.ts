/**
 * Replacement policies, the short way, to compare hit ratios: keys only, no bytes, no time.
 *
 * @module
 */
import { type Core, SieveOrder } from "../../src/core/index.ts";

/** Looks a key up, and takes it in where it is missing. True for a hit. */
export interface Policy {
  access(key: number): boolean;
}

export type PolicyName = "SIEVE" | "LRU" | "S3-FIFO" | "W-TinyLFU";

/** The oldest key of a queue kept as a `Set`. */
function oldest(queue: Set<number> | Map<number, unknown>): number {
  return queue.keys().next().value!;
}

class Lru implements Policy {
  readonly #queue = new Set<number>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  access(key: number): boolean {
    const hit = this.#queue.delete(key);
    if (!hit && this.#queue.size >= this.#size) this.#queue.delete(oldest(this.#queue));
    this.#queue.add(key);
    return hit;
  }
}

/** The library's own order. */
class Sieve implements Policy {
  readonly #order: SieveOrder;
  readonly #places = new Map<number, number>();
  readonly #keys: number[] = [];

  constructor(size: number, core: Core) {
    this.#order = new SieveOrder(core, size);
  }

  access(key: number): boolean {
    const place = this.#places.get(key);
    if (place !== undefined) return this.#order.hit(place);
    const free = this.#order.insert();
    const evicted = this.#keys[free];
    if (evicted !== undefined) this.#places.delete(evicted);
    this.#keys[free] = key;
    this.#places.set(key, free);
    return false;
  }
}

/** Yang, Zhang, Qiu, Yue, Rashmi: "FIFO queues are all you need for cache eviction", SOSP 2023. */
class S3Fifo implements Policy {
  readonly #small = new Map<number, number>();
  readonly #main = new Map<number, number>();
  readonly #ghosts = new Set<number>();
  readonly #size: number;
  readonly #smallSize: number;

  constructor(size: number) {
    this.#size = size;
    this.#smallSize = Math.max(1, Math.round(size / 10));
  }

  access(key: number): boolean {
    for (const queue of [this.#small, this.#main]) {
      const frequency = queue.get(key);
      if (frequency === undefined) continue;
      queue.set(key, Math.min(3, frequency + 1));
      return true;
    }
    while (this.#small.size + this.#main.size >= this.#size) this.#evict();
    if (this.#ghosts.delete(key)) this.#main.set(key, 0);
    else this.#small.set(key, 0);
    return false;
  }

  #evict(): void {
    if (this.#small.size >= this.#smallSize || this.#main.size === 0) {
      const key = oldest(this.#small);
      const frequency = this.#small.get(key)!;
      this.#small.delete(key);
      if (frequency > 1) {
        this.#main.set(key, 0);
        return;
      }
      if (this.#ghosts.size >= this.#size - this.#smallSize && this.#ghosts.size > 0)
        this.#ghosts.delete(oldest(this.#ghosts));
      this.#ghosts.add(key);
      return;
    }
    for (;;) {
      const key = oldest(this.#main);
      const frequency = this.#main.get(key)!;
      this.#main.delete(key);
      if (frequency === 0) return;
      this.#main.set(key, frequency - 1);
    }
  }
}

/** How often keys came lately: four rows of counters up to 15, halved every `10 * size` additions. */
class Sketch {
  readonly #rows: Uint8Array[];
  readonly #mask: number;
  readonly #limit: number;
  #additions = 0;

  constructor(size: number) {
    const width = 2 ** Math.ceil(Math.log2(size * 2));
    this.#rows = Array.from({ length: 4 }, () => new Uint8Array(width));
    this.#mask = width - 1;
    this.#limit = size * 10;
  }

  #slot(key: number, row: number): number {
    let h = Math.imul(key + 1, 0x9e3779b1) ^ Math.imul(row + 1, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 15), 0xc2b2ae35);
    return (h ^ (h >>> 13)) & this.#mask;
  }

  add(key: number): void {
    this.#rows.forEach((row, i) => {
      const slot = this.#slot(key, i);
      if (row[slot]! < 15) row[slot]! += 1;
    });
    this.#additions += 1;
    if (this.#additions < this.#limit) return;
    this.#additions = 0;
    for (const row of this.#rows) for (let i = 0; i < row.length; i++) row[i]! >>= 1;
  }

  estimate(key: number): number {
    return Math.min(...this.#rows.map((row, i) => row[this.#slot(key, i)]!));
  }
}

/** Einziger, Friedman, Manes: "TinyLFU", ACM ToS 2017: a window of 1 %, then a segmented LRU of 20 and 80 %. */
class WTinyLfu implements Policy {
  readonly #window = new Set<number>();
  readonly #probation = new Set<number>();
  readonly #protected = new Set<number>();
  readonly #sketch: Sketch;
  readonly #windowSize: number;
  readonly #mainSize: number;
  readonly #protectedSize: number;

  constructor(size: number) {
    this.#sketch = new Sketch(size);
    this.#windowSize = Math.max(1, Math.round(size / 100));
    this.#mainSize = size - this.#windowSize;
    this.#protectedSize = Math.round(this.#mainSize * 0.8);
  }

  access(key: number): boolean {
    this.#sketch.add(key);
    for (const queue of [this.#window, this.#protected]) {
      if (!queue.delete(key)) continue;
      queue.add(key);
      return true;
    }
    if (this.#probation.delete(key)) {
      this.#protected.add(key);
      if (this.#protected.size > this.#protectedSize) {
        const demoted = oldest(this.#protected);
        this.#protected.delete(demoted);
        this.#probation.add(demoted);
      }
      return true;
    }
    this.#window.add(key);
    if (this.#window.size > this.#windowSize) this.#admit();
    return false;
  }

  #admit(): void {
    const candidate = oldest(this.#window);
    this.#window.delete(candidate);
    if (this.#probation.size + this.#protected.size >= this.#mainSize) {
      const victim = oldest(this.#probation);
      if (this.#sketch.estimate(candidate) <= this.#sketch.estimate(victim)) return;
      this.#probation.delete(victim);
    }
    this.#probation.add(candidate);
  }
}

export const policies: Readonly<Record<PolicyName, (size: number, core: Core) => Policy>> = {
  LRU: (size) => new Lru(size),
  SIEVE: (size, core) => new Sieve(size, core),
  "S3-FIFO": (size) => new S3Fifo(size),
  "W-TinyLFU": (size) => new WTinyLfu(size),
};
