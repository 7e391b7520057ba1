import { checkCore, checkIndex, checkNumber } from "./check.ts";
import { type CoreExports, Status } from "./exports.ts";
import type { Core } from "./load.ts";
import { addressOf, requireCapacity } from "./table.ts";

/** What a release came to. */
export type ReleaseStatus = "kept" | "surplus" | "double" | "stale" | "unknown";

/** @internal By number (`Status`), which is what the core answers. */
export const RELEASES: readonly ReleaseStatus[] = ["kept", "surplus", "double", "stale", "unknown"];

/** Counts of a `SlotTable` since it was made. */
export interface SlotStats {
  /** Places in the table. */
  readonly capacity: number;
  /** Most objects kept idle. */
  readonly maxIdle: number;
  readonly idle: number;
  readonly inUse: number;
  /** Most ever in use at once. */
  readonly highWater: number;
  /** Objects made: `inUse` + `idle` + `discarded`. */
  readonly created: number;
  /** Leases that reused an object. */
  readonly reused: number;
  /** Objects let go of. */
  readonly discarded: number;
  /** Of the discarded: given back when enough were idle already. */
  readonly surplus: number;
  /** Refused: given back before. */
  readonly doubleReleases: number;
  /** Refused: the handle is of an earlier lease. */
  readonly staleReleases: number;
  /** Places that used up their generations (2^32 leases each). */
  readonly retired: number;
}

/**
 * Pool slot accounting: which places are leased, idle or free. It holds no objects.
 *
 * A place is an index; a lease of it is a handle, place and generation in one number, so that a release
 * that comes too late is told apart from a good one. Each call is one call into the core.
 */
export class SlotTable {
  readonly #core: Core;
  readonly #exports: CoreExports;
  #table: number;

  /**
   * Takes memory for all places at once: 16 bytes each, which are written when they are first used.
   *
   * @param options `maxIdle`: how many returned ones are kept; `capacity`: leased and idle together, at most
   */
  constructor(core: Core, options: { maxIdle: number; capacity: number }) {
    checkCore("SlotTable", core, "slotsCreate", "one from createCore()");
    const maxIdle = requireCapacity("maxIdle", options?.maxIdle, 0);
    const capacity = requireCapacity("capacity", options?.capacity);
    this.#core = core;
    this.#exports = core.exports;
    this.#table = addressOf("a slot table", core.exports.slotsCreate(maxIdle, capacity));
  }

  /** @internal Where it lies in the core, until it is resized or destroyed. */
  get address(): number {
    return this.#table;
  }

  /** The index of a kept one (>= 0), `~index` of a place that needs a new one (< 0), or `undefined` when full. */
  acquire(): number | undefined {
    const index = this.#exports.slotsTake(this.#table);
    return index === Status.full ? undefined : index;
  }

  /** As `acquire`, by handle: below 0 (`-handle`) where the place needs a new one, 0 when full. */
  acquireHandle(): number {
    return this.#exports.slotsAcquire(this.#table);
  }

  /** The handle of the place's lease; below 0 where it is not leased, `NaN` where it never was. */
  handle(index: number): number {
    checkIndex("handle: index", index);
    return this.#exports.slotsHandle(this.#table, index);
  }

  /** The place of a handle. */
  static index(handle: number): number {
    checkNumber("index: handle", handle);
    return handle | 0;
  }

  /** Whether exactly this lease is open. */
  isLeased(handle: number): boolean {
    checkNumber("isLeased: handle", handle);
    return handle > 0 && this.#exports.slotsHandle(this.#table, handle | 0) === handle;
  }

  /** @throws `INVALID_OPTION` for no whole number, as each call that takes a place, or a handle that is no number */
  release(index: number): ReleaseStatus {
    checkIndex("release: index", index);
    return RELEASES[this.#exports.slotsRelease(this.#table, index)]!;
  }

  /** As `release`, for one lease: `stale` if the place has been leased again since. */
  releaseHandle(handle: number): ReleaseStatus {
    checkNumber("releaseHandle: handle", handle);
    return RELEASES[this.#exports.slotsReleaseHandle(this.#table, handle)]!;
  }

  /** Ends a lease without keeping what was leased; false where the place was not leased. */
  discard(index: number): boolean {
    checkIndex("discard: index", index);
    return this.#exports.slotsDiscard(this.#table, index) === Status.ok;
  }

  /** Takes back an acquire whose object could not be made; false where the place was not leased. */
  abandon(index: number): boolean {
    checkIndex("abandon: index", index);
    return this.#exports.slotsAbandon(this.#table, index) === Status.ok;
  }

  /** Gives up the place that has been idle longest; its index, or `undefined`. */
  evict(): number | undefined {
    const index = this.#exports.slotsEvict(this.#table);
    return index === Status.none ? undefined : index;
  }

  /** How many idle ones nobody needed since this was last asked. */
  unneeded(): number {
    return this.#exports.slotsUnneeded(this.#table);
  }

  /** Changes how many are kept idle and, upwards only, the capacity. */
  resize(options: { maxIdle: number; capacity: number }): void {
    const maxIdle = requireCapacity("maxIdle", options?.maxIdle, 0);
    const capacity = requireCapacity("capacity", options?.capacity);
    if (this.#table === 0) return;
    const answer = this.#exports.slotsResize(this.#table, maxIdle, capacity);
    this.#table = addressOf("a larger slot table", answer);
  }

  /** Returns the counts. */
  stats(): SlotStats {
    this.#exports.slotsStats(this.#table);
    const s = this.#core.scratch;
    return {
      capacity: s[0]!,
      maxIdle: s[1]!,
      idle: s[2]!,
      inUse: s[3]!,
      highWater: s[4]!,
      created: s[7]!,
      reused: s[6]! - s[7]!,
      discarded: s[8]!,
      surplus: s[9]!,
      doubleReleases: s[10]!,
      staleReleases: s[11]!,
      retired: s[5]!,
    };
  }

  /** Gives the memory back to the core. From then on the table is empty and takes nothing in. */
  destroy(): void {
    if (this.#table !== 0) this.#exports.slotsDestroy(this.#table);
    // The core's memory below its data is zero: address 0 reads as a full table without places.
    this.#table = 0;
  }
}
