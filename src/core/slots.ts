import { Status } from "./exports.ts";
import type { Core } from "./load.ts";
import { addressOf, requireCapacity } from "./table.ts";

/** What a release came to. */
export type ReleaseStatus = "kept" | "surplus" | "double" | "stale" | "unknown";

const RELEASES: readonly ReleaseStatus[] = ["kept", "surplus", "double", "stale", "unknown"];

/** One lease of a place: a handle is place + generation * this, exact in a number. */
const GENERATION = 2 ** -32;

/** The head of a table (assembly/slots.ts), in words of 32 bits; `LEASES` in words of 64. */
const TOP = 3;
const LIMIT = 4;
const FLOOR = 5;
const LEASES = 7;
const HEADER_BYTES = 104;

export interface SlotStats {
  readonly capacity: number;
  readonly maxIdle: number;
  readonly idle: number;
  readonly inUse: number;
  /** Most ever in use at once. */
  readonly highWater: number;
  readonly created: number;
  readonly reused: number;
  readonly discarded: number;
  /** Of the discarded: given back when enough were idle already. */
  readonly surplus: number;
  readonly doubleReleases: number;
  readonly staleReleases: number;
  /** Places that used up their generations (2^32 leases each). */
  readonly retired: number;
}

/**
 * Pool slot accounting: which places are leased, idle or free. It holds no objects.
 *
 * A place is an index; a lease of it is a handle, place and generation in one number, so that a release
 * that comes too late is told apart from a good one. The table lies in the core's memory and the core does
 * whatever changes it, but for the two steps that a pool takes all the time: a lease of an idle place and a
 * release that is kept are done here, over the same memory. A call into the core costs 2 to 3 ns, more than
 * such a step: `npm run bench pool` prints both.
 */
export class SlotTable {
  readonly #core: Core;
  #table: number;
  #capacity: number;
  // The head of the table, while the core is not asked. `floor` and `limit` bound what `top` may do here.
  #top = 0;
  #floor = 0;
  #limit = 0;
  /** All leases, modulo 2^32, and how many of them the core knows of. */
  #leases = 0;
  #told = 0;
  // Views of the core's memory: empty once it has grown, so that nothing is found in them.
  #handles: Float64Array = new Float64Array(0);
  #idle: Int32Array = new Int32Array(0);
  #head: Int32Array = new Int32Array(0);
  #counts: Float64Array = new Float64Array(0);

  /** @param options `maxIdle`: how many returned ones are kept; `capacity`: leased and idle together, at most */
  constructor(core: Core, options: { maxIdle: number; capacity: number }) {
    const maxIdle = requireCapacity("maxIdle", options?.maxIdle, 0);
    this.#capacity = requireCapacity("capacity", options?.capacity);
    this.#core = core;
    this.#table = addressOf("a slot table", core.exports.slotsCreate(maxIdle, this.#capacity));
    this.#readHead();
  }

  /** The index of a kept one (>= 0), `~index` of a place that needs a new one (< 0), or `undefined` when full. */
  acquire(): number | undefined {
    const top = this.#top - 1;
    if (top < this.#floor || this.#idle.length === 0) return this.#acquireByCore();
    this.#top = top;
    this.#leases = (this.#leases + 1) | 0;
    const index = this.#idle[top]!;
    this.#handles[index] = -this.#handles[index]!;
    return index;
  }

  /** As `acquire`, by handle: below 0 (`-handle`) where the place needs a new one, 0 when full. */
  acquireHandle(): number {
    const top = this.#top - 1;
    if (top < this.#floor || this.#idle.length === 0) {
      const answer = this.#acquireByCore();
      if (answer === undefined) return 0;
      return answer < 0 ? -this.handle(~answer) : this.handle(answer);
    }
    this.#top = top;
    this.#leases = (this.#leases + 1) | 0;
    const index = this.#idle[top]!;
    const handle = -this.#handles[index]!;
    this.#handles[index] = handle;
    return handle;
  }

  #acquireByCore(): number | undefined {
    this.#writeHead();
    const answer = this.#core.exports.slotsAcquire(this.#table);
    this.#readHead();
    return answer === Status.full ? undefined : answer;
  }

  /** The handle of the place's lease; below 0 where it is not leased, `NaN` where there is no such place. */
  handle(index: number): number {
    if (this.#handles.length === 0) this.#look();
    return this.#handles[index] ?? Number.NaN;
  }

  /** The place of a handle. */
  static index(handle: number): number {
    return handle | 0;
  }

  /** Whether exactly this lease is open. */
  isLeased(handle: number): boolean {
    return handle > 0 && this.handle(handle | 0) === handle;
  }

  release(index: number): ReleaseStatus {
    this.#writeHead();
    const status = this.#core.exports.slotsRelease(this.#table, index);
    this.#readHead();
    return RELEASES[status]!;
  }

  releaseHandle(handle: number): ReleaseStatus {
    const index = handle | 0;
    const top = this.#top;
    const next = handle + GENERATION;
    // A lease that is open, is not its place's last one, and finds the stack below its limit.
    if (handle > 0 && this.#handles[index] === handle && top < this.#limit && (next | 0) === index) {
      this.#handles[index] = -next;
      this.#idle[top] = index;
      this.#top = top + 1;
      return "kept";
    }
    this.#writeHead();
    const status = this.#core.exports.slotsReleaseHandle(this.#table, handle);
    this.#readHead();
    return RELEASES[status]!;
  }

  /** Ends a lease without keeping what was leased; false where the place was not leased. */
  discard(index: number): boolean {
    this.#writeHead();
    const status = this.#core.exports.slotsDiscard(this.#table, index);
    this.#readHead();
    return status === Status.ok;
  }

  /** Takes back an acquire whose object could not be made; false where the place was not leased. */
  abandon(index: number): boolean {
    this.#writeHead();
    const status = this.#core.exports.slotsAbandon(this.#table, index);
    this.#readHead();
    return status === Status.ok;
  }

  /** Gives up the place that has been idle longest; its index, or `undefined`. */
  evict(): number | undefined {
    this.#writeHead();
    const index = this.#core.exports.slotsEvict(this.#table);
    this.#readHead();
    return index === Status.none ? undefined : index;
  }

  /** How many idle ones nobody needed since this was last asked. */
  unneeded(): number {
    this.#writeHead();
    const unneeded = this.#core.exports.slotsUnneeded(this.#table);
    this.#readHead();
    return unneeded;
  }

  /** Changes how many are kept idle and, upwards only, the capacity. */
  resize(options: { maxIdle: number; capacity: number }): void {
    const maxIdle = requireCapacity("maxIdle", options?.maxIdle, 0);
    const capacity = requireCapacity("capacity", options?.capacity);
    if (this.#table === 0) return;
    this.#writeHead();
    const answer = this.#core.exports.slotsResize(this.#table, maxIdle, capacity);
    this.#table = addressOf("a larger slot table", answer);
    this.#capacity = Math.max(capacity, this.#capacity);
    this.#look();
    this.#readHead();
  }

  stats(): SlotStats {
    this.#writeHead();
    this.#core.exports.slotsStats(this.#table);
    this.#readHead();
    const s = this.#core.scratch;
    return {
      capacity: s[0]!,
      maxIdle: s[1]!,
      idle: s[2]!,
      inUse: s[3]!,
      highWater: s[4]!,
      created: s[5]!,
      reused: s[6]!,
      discarded: s[7]!,
      surplus: s[8]!,
      doubleReleases: s[9]!,
      staleReleases: s[10]!,
      retired: s[11]!,
    };
  }

  /** Gives the memory back to the core. From then on the table is empty and takes nothing in. */
  destroy(): void {
    if (this.#table !== 0) this.#core.exports.slotsDestroy(this.#table);
    // The core's memory below its data is zero: address 0 reads as a full table without places.
    this.#table = this.#capacity = 0;
    this.#top = this.#floor = this.#limit = 0;
    this.#handles = this.#counts = new Float64Array(0);
    this.#idle = this.#head = new Int32Array(0);
  }

  /** Makes the views anew where the core's memory has grown, or the table has moved. */
  #look(): void {
    if (this.#table === 0) return;
    const { buffer } = this.#core.exports.memory;
    const handles = this.#table + HEADER_BYTES;
    this.#head = new Int32Array(buffer, this.#table, HEADER_BYTES / 4);
    this.#counts = new Float64Array(buffer, this.#table, HEADER_BYTES / 8);
    this.#handles = new Float64Array(buffer, handles, this.#capacity);
    this.#idle = new Int32Array(buffer, handles + this.#capacity * 8, this.#capacity);
  }

  /** Before the core is asked. */
  #writeHead(): void {
    if (this.#handles.length === 0) this.#look();
    const head = this.#head;
    if (head.length === 0) return;
    head[TOP] = this.#top;
    head[FLOOR] = this.#floor;
    this.#counts[LEASES]! += (this.#leases - this.#told) >>> 0;
    this.#told = this.#leases;
  }

  /** After the core was asked. */
  #readHead(): void {
    if (this.#handles.length === 0) this.#look();
    const head = this.#head;
    if (head.length === 0) return;
    this.#top = head[TOP]!;
    this.#floor = head[FLOOR]!;
    this.#limit = head[LIMIT]!;
  }
}
