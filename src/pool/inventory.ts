import type { Core } from "../core/load.ts";
import { type ReleaseStatus, SlotTable } from "../core/slots.ts";
import { MAX_CAPACITY } from "../core/table.ts";
import { isObject } from "../shared/errors.ts";
import { findMark, type Mark, markOf, setMark } from "./mark.ts";
import { capacityFor, type ObjectPoolSettings, type ObjectPoolStats } from "./options.ts";
import { Refusals } from "./refusals.ts";

/** Of a mark: the object has no place. One that is leased by a handle has that handle's negative there. */
const LOOSE = -1;
/** Handles of those are whole numbers from here to there: no place can be so far, and a lease of a place is no whole number. */
const FIRST_LOOSE_HANDLE = MAX_CAPACITY;
const LAST_LOOSE_HANDLE = 2 ** 31 - 1;

export type InventoryStats = Omit<
  ObjectPoolStats,
  "resetFailures" | "mode" | "bypassedMs" | "factoryNs" | "pooledNs" | "abandoned" | "leaked"
>;

/** The objects of a pool and their places: how they come, how they go, and how many there are. */
export class Inventory<T extends object> {
  readonly slots: SlotTable;
  readonly refusals: Refusals;
  /** By place, while idle or leased by handle. */
  readonly objects: (T | undefined)[] = [];
  readonly #owner: object;
  readonly #dispose: ((object: T) => void) | undefined;
  readonly #maxTotal: number | undefined;
  readonly #objectBytes: number | undefined;
  /** Places in the table: planned when the pool is made or resized, so that no acquire ever makes it larger. */
  #capacity: number;
  #maxSize: number;
  closed = false;
  /** Some objects came past the pool. */
  lenient = false;
  /** Objects without a place: in use, and ever. */
  loose = 0;
  looseEver = 0;
  /** Those that are leased by handle, which holds them as a place would. */
  readonly looseByHandle: Map<number, T> = new Map();
  #looseHandle = FIRST_LOOSE_HANDLE;
  #looseDoubleReleases = 0;
  /** Most in use when one of those was made. */
  #looseHighWater = 0;
  disposeFailures = 0;

  constructor(core: Core, owner: object, settings: ObjectPoolSettings<T>, maxSize: number) {
    this.#owner = owner;
    this.#dispose = settings.dispose;
    this.#maxTotal = settings.maxTotal;
    this.#objectBytes = settings.objectBytes;
    this.#maxSize = maxSize;
    this.#capacity = this.#maxTotal ?? capacityFor(maxSize);
    this.slots = new SlotTable(core, { maxIdle: maxSize, capacity: this.#capacity });
    this.refusals = new Refusals(settings.name);
  }

  get inUse(): number {
    return this.slots.stats().inUse + this.loose;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** A new object for a place that is leased already. @throws what the factory throws; the place is free again */
  make(index: number, create: () => T): T {
    try {
      return this.mark(this.refusals.made(create()), index);
    } catch (error) {
      this.slots.abandon(index);
      throw error;
    }
  }

  /** A new object without a place: it is let go of when it comes back. @throws `POOL_EXHAUSTED` where all are counted */
  makeLoose(create: () => T, index: number = LOOSE): T {
    if (this.closed) this.refusals.closed("acquired from");
    if (this.#maxTotal !== undefined) this.refusals.exhausted(this.slots.stats().inUse, this.#maxTotal);
    const object = this.mark(this.refusals.made(create()), index);
    this.loose += 1;
    this.looseEver += 1;
    this.#looseHighWater = Math.max(this.#looseHighWater, this.inUse);
    return object;
  }

  /** As `makeLoose`, for a lease by handle. */
  lendLoose(create: () => T): number {
    const handle = this.#looseHandle;
    this.looseByHandle.set(handle, this.makeLoose(create, -handle));
    this.#looseHandle = handle < LAST_LOOSE_HANDLE ? handle + 1 : FIRST_LOOSE_HANDLE;
    return handle;
  }

  /** The end of a lease by handle that is not open. */
  refuseHandle(handle: number, status: ReleaseStatus): never {
    const ended = status === "unknown" && handle >= FIRST_LOOSE_HANDLE && handle < this.#looseHandle;
    if (ended) this.#looseDoubleReleases += 1;
    return this.refusals.released(ended ? "double" : status);
  }

  /**
   * The handle of an object's lease; below 0 or NaN where it is not leased. For an object without a place that was not
   * acquired by handle it is 1, which is no lease's.
   */
  handleOf({ index }: Mark): number {
    return index < 0 ? -index : this.slots.handle(index);
  }

  /** Whether that is an open lease of this object. */
  isOpen(handle: number, object: T): boolean {
    if (this.slots.isLeased(handle)) return true;
    const mark = handle < FIRST_LOOSE_HANDLE ? undefined : findMark(object);
    return mark?.pool === this.#owner && mark.index === -handle;
  }

  mark(object: T, index: number): T {
    setMark(object, { pool: this.#owner, index, lease: undefined });
    return object;
  }

  /**
   * The mark of an object of this pool; `undefined` for one that may have come past it.
   *
   * @throws `FOREIGN_OBJECT`
   */
  markIn(object: T): Mark | undefined {
    let mark: Mark | undefined;
    try {
      mark = markOf(object);
    } catch {
      // It is no object at all.
    }
    if (mark !== undefined && mark.pool === this.#owner) return mark;
    mark = findMark(object);
    if (mark?.pool === this.#owner) return mark;
    if (this.closed || (this.lenient && isObject(object) && mark?.pool === undefined)) return undefined;
    return this.refusals.foreign(object);
  }

  /** A lease that nobody can end any more. */
  lost(index: number, handle: number): void {
    if (index < 0) this.loose -= 1;
    else if (this.slots.handle(index) === handle) this.slots.discard(index);
  }

  /** The object is none of the pool's any more, nor is what it holds to be freed. */
  forget(mark: Mark): void {
    mark.pool = undefined;
    if (mark.index < 0) this.looseByHandle.delete(-mark.index);
    else this.objects[mark.index] = undefined;
  }

  /** The object is none of the pool's any more. */
  letGo(object: T, mark: Mark): void {
    this.forget(mark);
    if (this.#dispose === undefined) return;
    try {
      this.#dispose(object);
    } catch {
      this.disposeFailures += 1;
    }
  }

  /** Lets go of the idle objects that were idle longest; how many. */
  drop(count: number): number {
    for (let i = 0; i < count; i++) {
      const index = this.slots.evict();
      if (index === undefined) return i;
      const object = this.objects[index]!;
      this.letGo(object, findMark(object)!);
    }
    return count;
  }

  resize(maxSize: number): void {
    if (this.closed) this.refusals.closed("resized");
    const capacity = Math.max(this.#capacity, this.#maxTotal ?? capacityFor(maxSize));
    this.slots.resize({ maxIdle: maxSize, capacity });
    this.#capacity = capacity;
    this.#maxSize = maxSize;
  }

  stats(): InventoryStats {
    const s = this.slots.stats();
    const acquired = s.created + s.reused + this.looseEver;
    return {
      poolSize: s.idle,
      maxSize: this.#maxSize,
      inUse: s.inUse + this.loose,
      highWater: Math.max(s.highWater, this.#looseHighWater),
      created: s.created + this.looseEver,
      reused: s.reused,
      reuseRatio: acquired === 0 ? undefined : s.reused / acquired,
      discarded: s.discarded + this.looseEver - this.loose,
      doubleReleases: s.doubleReleases + this.#looseDoubleReleases,
      staleReleases: s.staleReleases,
      overflow: this.loose,
      idleBytes: this.#objectBytes === undefined ? undefined : this.#objectBytes * s.idle,
      disposeFailures: this.disposeFailures,
    };
  }

  close(): void {
    this.closed = true;
    this.looseByHandle.clear();
    this.slots.destroy();
  }
}
