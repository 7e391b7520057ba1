import type { ReleaseStatus, SlotStats } from "../../src/core/index.ts";

/** A pool's accounting, the obvious way: an array of idle places, a set of leased ones, a count of leases each. */
export class NaiveSlots {
  capacity: number;
  maxIdle: number;
  /** Idle longest first. */
  idle: number[] = [];
  leased: Set<number> = new Set();
  leases: Map<number, number> = new Map();
  highWater = 0;
  created = 0;
  reused = 0;
  discarded = 0;
  surplus = 0;
  doubleReleases = 0;
  staleReleases = 0;
  lowestIdle = 0;

  constructor(maxIdle: number, capacity: number) {
    this.maxIdle = maxIdle;
    this.capacity = capacity;
  }

  /** The place that must be reused, "new" where any free one will do, `undefined` when full. */
  next(): number | "new" | undefined {
    if (this.idle.length > 0) return this.idle.at(-1);
    return this.leased.size < this.capacity ? "new" : undefined;
  }

  isFree(place: number): boolean {
    return (
      Number.isInteger(place) &&
      place >= 0 &&
      place < this.capacity &&
      !this.leased.has(place) &&
      !this.idle.includes(place)
    );
  }

  lease(place: number): void {
    if (this.idle.at(-1) === place) {
      this.idle.pop();
      this.reused++;
      this.lowestIdle = Math.min(this.lowestIdle, this.idle.length);
    } else {
      this.created++;
    }
    this.leased.add(place);
    this.leases.set(place, this.generation(place) + 1);
    this.highWater = Math.max(this.highWater, this.leased.size);
  }

  generation(place: number): number {
    return this.leases.get(place) ?? 0;
  }

  /** Ends a lease: what stands in the way, or `undefined`. */
  #end(place: number): "unknown" | "double" | undefined {
    // A place that was never leased has no table entry yet.
    if (!this.leases.has(place)) return "unknown";
    if (this.leased.delete(place)) return undefined;
    this.doubleReleases++;
    return "double";
  }

  release(place: number): ReleaseStatus {
    const refused = this.#end(place);
    if (refused) return refused;
    if (this.idle.length < this.maxIdle) {
      this.idle.push(place);
      return "kept";
    }
    this.surplus++;
    this.discarded++;
    return "surplus";
  }

  releaseLease(place: number, generation: number): ReleaseStatus {
    if (place >= this.capacity) return "unknown";
    if (generation === this.generation(place)) return this.release(place);
    this.staleReleases++;
    return "stale";
  }

  discard(place: number): boolean {
    if (this.#end(place)) return false;
    this.discarded++;
    return true;
  }

  abandon(place: number): boolean {
    if (this.#end(place)) return false;
    this.created--;
    return true;
  }

  evict(): number | undefined {
    const place = this.idle.shift();
    if (place !== undefined) this.discarded++;
    this.lowestIdle = Math.min(this.lowestIdle, this.idle.length);
    return place;
  }

  unneeded(): number {
    const lowest = this.lowestIdle;
    this.lowestIdle = this.idle.length;
    return lowest;
  }

  resize(maxIdle: number, capacity: number): void {
    this.maxIdle = maxIdle;
    this.capacity = Math.max(this.capacity, capacity);
  }

  stats(): SlotStats {
    return {
      capacity: this.capacity,
      maxIdle: this.maxIdle,
      idle: this.idle.length,
      inUse: this.leased.size,
      highWater: this.highWater,
      created: this.created,
      reused: this.reused,
      discarded: this.discarded,
      surplus: this.surplus,
      doubleReleases: this.doubleReleases,
      staleReleases: this.staleReleases,
      retired: 0,
    };
  }
}
