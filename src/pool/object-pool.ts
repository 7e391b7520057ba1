import type { Core } from "../core/load.ts";
import { type ReleaseStatus, SlotTable } from "../core/slots.ts";
import { MAX_CAPACITY } from "../core/table.ts";
import { isObject, show, VelithonError } from "../shared/errors.ts";
import { integer, options, parseOptions } from "../shared/options.ts";
import { isThenable } from "../shared/thenable.ts";
import { Lease } from "./lease.ts";
import { capacityFor, type ObjectPoolOptions, type ObjectPoolStats, parsePoolOptions } from "./options.ts";

const OVERFLOW = -1;

/**
 * Keeps heavy objects for their next use. Last in, first out. Slot accounting is the core's; the pool
 * holds the idle objects and, weakly, knows which object has which slot: an object in use is not kept
 * alive by its pool.
 *
 * Cost: `acquire` + `release(object)` two calls into the core and one `WeakMap` look-up. Pooling a small
 * object gains nothing (an engine allocates one in about 7 ns): see `npm run bench`.
 */
export class ObjectPool<T extends object> {
  readonly name: string;
  readonly #create: () => T;
  readonly #reset: ((object: T) => T | undefined | void) | undefined;
  readonly #slots: SlotTable;
  readonly #slotOf = new WeakMap<T, number>();
  /** By slot, while idle or leased by handle. */
  readonly #objects: (T | undefined)[] = [];
  readonly #onClose: (() => void) | undefined;
  #maxSize: number;
  #closed = false;
  #resetFailures = 0;
  #overflow = 0;
  #overflowed = 0;

  /** @throws `INVALID_OPTION` */
  constructor(core: Core, given: ObjectPoolOptions<T>, defaultMaxSize = 100, onClose?: () => void) {
    const parsed = parsePoolOptions(given);
    this.name = parsed.name;
    this.#create = parsed.create;
    this.#reset = parsed.reset;
    this.#maxSize = parsed.maxSize ?? defaultMaxSize;
    this.#slots = new SlotTable(core, { maxIdle: this.#maxSize, capacity: capacityFor(this.#maxSize) });
    this.#onClose = onClose;
  }

  /**
   * An object for the caller alone: an idle one, or a new one.
   *
   * @throws what the factory throws, and `NOT_AN_OBJECT` where it makes no object; the pool is as before
   */
  acquire(): T {
    const index = this.#slots.acquire();
    if (index === undefined || index < 0) return this.#make(index);
    const object = this.#objects[index]!;
    this.#objects[index] = undefined;
    return object;
  }

  /** A new object for slot `~answer`, or one without a slot where the table is full. */
  #make(answer: number | undefined): T {
    if (this.#closed) {
      throw new VelithonError(
        "CLOSED",
        `pool ${this.name}: acquired from after close; accepted: an open pool`,
      );
    }
    const index = answer === undefined ? OVERFLOW : ~answer;
    let object: T | undefined;
    try {
      object = this.#create();
      if (!isObject(object) || this.#slotOf.has(object)) {
        const made = isObject(object) ? "an object that the pool has already" : show(object);
        throw new VelithonError(
          "NOT_AN_OBJECT",
          `pool ${this.name}: factory made ${made}; accepted: a new object each time`,
        );
      }
    } catch (error) {
      if (index !== OVERFLOW) this.#slots.abandon(index);
      throw error;
    }
    if (index === OVERFLOW) {
      this.#overflow += 1;
      this.#overflowed += 1;
    }
    this.#slotOf.set(object, index);
    return object;
  }

  /**
   * Gives an object back. It is reset, and kept unless enough are idle already. An object whose reset
   * throws, or answers with one that the pool has already, is dropped and counted; no error is passed on.
   *
   * @throws `DOUBLE_RELEASE` where it is not leased, `FOREIGN_OBJECT` where it is not of this pool; nothing is changed
   */
  release(object: T): void {
    const index = this.#slotOf.get(object);
    if (index === undefined) {
      throw new VelithonError(
        "FOREIGN_OBJECT",
        `pool ${this.name}: released ${show(object)} that it did not hand out, or has let go of; accepted: an object in use`,
      );
    }
    if (index === OVERFLOW) {
      this.#slotOf.delete(object);
      this.#overflow -= 1;
      return;
    }
    // What a handle holds may be given back by the object too; what is idle may not.
    if (this.#objects[index] !== undefined && !this.#slots.isLeased(this.#slots.handle(index))) {
      this.#refuse(this.#slots.release(index));
    }
    this.#return(index, object);
  }

  /** What to keep after a reset: a plain value that it answered with is no replacement. */
  #kept(object: T, answer: unknown): T {
    if (!isObject(answer)) return object;
    if (answer !== object && this.#slotOf.has(answer as T)) {
      throw new VelithonError(
        "NOT_AN_OBJECT",
        `pool ${this.name}: reset answered with an object of the pool`,
      );
    }
    return answer as T;
  }

  #return(index: number, object: T): void {
    if (this.#closed) return;
    let kept = object;
    if (this.#reset !== undefined) {
      try {
        kept = this.#kept(object, this.#reset(object));
      } catch {
        this.#resetFailures += 1;
        this.#slotOf.delete(object);
        this.#objects[index] = undefined;
        this.#slots.discard(index);
        return;
      }
    }
    const status = this.#slots.release(index);
    if (status === "kept") {
      if (kept !== object) {
        this.#slotOf.delete(object);
        this.#slotOf.set(kept, index);
      }
      this.#objects[index] = kept;
    } else if (status === "surplus") {
      this.#slotOf.delete(object);
      this.#objects[index] = undefined;
    } else {
      this.#refuse(status);
    }
  }

  #refuse(status: ReleaseStatus): never {
    if (status === "stale") {
      throw new VelithonError(
        "STALE_HANDLE",
        `pool ${this.name}: the handle is of an earlier lease; accepted: the handle of the open one`,
      );
    }
    throw new VelithonError(
      "DOUBLE_RELEASE",
      `pool ${this.name}: released what is not in use; accepted: one release for each acquire`,
    );
  }

  /** Hands an object to `fn` and takes it back when `fn` has returned, thrown, or what it answered with has settled. */
  use<R>(fn: (object: T) => R): R {
    const object = this.acquire();
    let result: R;
    try {
      result = fn(object);
    } catch (error) {
      this.release(object);
      throw error;
    }
    if (isThenable(result)) return Promise.resolve(result).finally(() => this.release(object)) as R;
    this.release(object);
    return result;
  }

  /**
   * As `acquire`, by a number instead of the object: index and generation of the lease. A late release is
   * told apart from a good one even when the slot is in use again. Unlike with `acquire`, the pool holds
   * the object while it is leased.
   *
   * @throws as `acquire`, and `POOL_EXHAUSTED` where more are in use than planned (4 x `maxSize`, at least 1024)
   */
  acquireHandle(): number {
    const index = this.#slots.acquire();
    if (index === undefined) {
      if (this.#closed) this.#make(index);
      throw new VelithonError(
        "POOL_EXHAUSTED",
        `pool ${this.name}: ${this.#slots.stats().inUse} objects are in use by handle; accepted: up to ${capacityFor(this.#maxSize)}`,
      );
    }
    if (index >= 0) return this.#slots.handle(index);
    this.#objects[~index] = this.#make(index);
    return this.#slots.handle(~index);
  }

  /** The object of an open lease. @throws `STALE_HANDLE` once it has ended */
  get(handle: number): T {
    const object = this.#slots.isLeased(handle) ? this.#objects[SlotTable.index(handle)] : undefined;
    return object ?? this.#refuse("stale");
  }

  /** Ends a lease. @throws `STALE_HANDLE` or `DOUBLE_RELEASE` where it has ended; nothing is changed */
  releaseHandle(handle: number): void {
    const index = SlotTable.index(handle);
    if (this.#closed) return;
    const object = this.#objects[index];
    if (object === undefined || (this.#reset !== undefined && !this.#slots.isLeased(handle))) {
      this.#refuse(this.#slots.releaseHandle(handle));
    }
    if (this.#reset !== undefined) {
      this.#objects[index] = undefined;
      this.#return(index, object);
      return;
    }
    const status = this.#slots.releaseHandle(handle);
    if (status === "kept") return;
    if (status !== "surplus") this.#refuse(status);
    this.#objects[index] = undefined;
    this.#slotOf.delete(object);
  }

  /** As `acquireHandle`, by an object for `using`, whose `value` throws once it was given back. */
  lease(): Lease<T> {
    return new Lease(this);
  }

  /** Lets go of the idle objects that were idle longest; how many. */
  #drop(count: number): number {
    for (let i = 0; i < count; i++) {
      const index = this.#slots.evict();
      if (index === undefined) return i;
      this.#slotOf.delete(this.#objects[index]!);
      this.#objects[index] = undefined;
    }
    return count;
  }

  /** Lets go of all idle objects; how many. Those in use stay with their holders. */
  clear(): number {
    return this.#drop(Number.POSITIVE_INFINITY);
  }

  /** Lets go of the idle objects that nobody needed since the last call; how many. */
  trim(): number {
    return this.#drop(this.#slots.unneeded());
  }

  /** Changes how many are kept idle. @throws `INVALID_OPTION`, `CLOSED`; the pool is as before */
  resize(maxSize: number): void {
    const parsed = parseOptions("resize", options({ maxSize: integer(0, MAX_CAPACITY) }), { maxSize });
    if (this.#closed) {
      throw new VelithonError("CLOSED", `pool ${this.name}: resized after close; accepted: an open pool`);
    }
    this.#slots.resize({ maxIdle: parsed.maxSize, capacity: capacityFor(parsed.maxSize) });
    this.#maxSize = parsed.maxSize;
    this.#drop(Math.max(0, this.#slots.stats().idle - parsed.maxSize));
  }

  getStats(): ObjectPoolStats {
    const s = this.#slots.stats();
    const acquired = s.created + s.reused + this.#overflowed;
    return {
      poolSize: s.idle,
      maxSize: this.#maxSize,
      inUse: s.inUse + this.#overflow,
      highWater: s.highWater,
      created: s.created + this.#overflowed,
      reused: s.reused,
      reuseRatio: acquired === 0 ? undefined : s.reused / acquired,
      discarded: s.discarded + this.#overflowed - this.#overflow,
      resetFailures: this.#resetFailures,
      doubleReleases: s.doubleReleases,
      staleReleases: s.staleReleases,
      overflow: this.#overflow,
    };
  }

  /** Lets go of all idle objects and leaves the optimizer's statistics. Releases after that do nothing, an acquire throws `CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.clear();
    this.#closed = true;
    this.#slots.destroy();
    this.#onClose?.();
  }
}
