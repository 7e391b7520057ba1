import { type CoreExports, Status } from "../core/exports.ts";
import { governorOf } from "../core/governor.ts";
import type { Core } from "../core/load.ts";
import type { SlotTable } from "../core/slots.ts";
import { MAX_CAPACITY } from "../core/table.ts";
import { requireFunction } from "../shared/errors.ts";
import { integer, options, parseOptions, requireRecord } from "../shared/options.ts";
import { useAndRelease } from "../shared/use.ts";
import { Bypass } from "./bypass.ts";
import { cycleOf } from "./cycle.ts";
import { Economy } from "./economy.ts";
import { Handles } from "./handles.ts";
import type { PoolHost } from "./host.ts";
import { Inventory } from "./inventory.ts";
import { LeakWatch } from "./leaks.ts";
import { Lease } from "./lease.ts";
import { Looks, SELDOM } from "./looks.ts";
import type { Mark } from "./mark.ts";
import { type ObjectPoolOptions, type ObjectPoolStats, parsePoolOptions } from "./options.ts";
import { Returns, takeSeldom } from "./returns.ts";
import { poolStats } from "./stats.ts";

/** A constant that engines build in, unlike a field of `Status`. */
const OK: typeof Status.ok = 0;

/**
 * Keeps heavy objects for their next use. Last in, first out. Slot accounting is the core's; the pool
 * holds the idle objects, and each object privately knows its place: one in use is not kept alive by its pool.
 *
 * Cost: `acquire` + `release(object)` 10 to 15 ns, a plain stack 2 to 4 (`npm run bench pool`). Pooling a small
 * object gains nothing (an engine allocates one in about 7 ns): the pool finds that out and bypasses itself.
 */
export class ObjectPool<T extends object> {
  /** The name given in the options. */
  readonly name: string;
  readonly #create: () => T;
  /** The core itself, and the table in it: a layer in between costs 1 ns a lease (`npm run bench pool`). */
  readonly #exports: CoreExports;
  #table: number;
  /** Open, without a reset and leak detection: whatever comes back is only to be kept. */
  #plain: boolean;
  readonly #returns: Returns<T> | undefined;
  readonly #store: Inventory<T>;
  readonly #slots: SlotTable;
  readonly #objects: (T | undefined)[];
  readonly #leaks: LeakWatch | undefined;
  readonly #looks: Looks<T>;
  /** @internal A `Lease` asks it, and holds the object itself. */
  readonly handles: Handles<T>;
  readonly #host: PoolHost;
  readonly #maxIdleMs: number;
  /** Acquires until the next one that is looked at closely. */
  #untilLook: number;
  #agedAtMs: number;
  #abandoned = 0;

  /** @throws `INVALID_OPTION` */
  constructor(core: Core, given: ObjectPoolOptions<T>, host: PoolHost = {}) {
    const parsed = parsePoolOptions(given);
    requireRecord("ObjectPool: host", host);
    const now = host.now ?? (() => performance.now());
    this.name = parsed.name;
    this.#host = host;
    this.#create = parsed.create;
    this.#maxIdleMs = parsed.maxIdleMs;
    this.#store = new Inventory(core, this, parsed, parsed.maxSize ?? host.maxSize ?? 100);
    this.#slots = this.#store.slots;
    this.#exports = core.exports;
    this.#table = this.#slots.address;
    this.#plain = parsed.reset === undefined && parsed.leaks === undefined;
    this.#objects = this.#store.objects;
    let economy: Economy<T> | undefined;
    if (parsed.mode === "auto") {
      const cycle = cycleOf(core, (bare) => new ObjectPool<object>(core, bare));
      economy = new Economy(host.governor?.() ?? governorOf(core), now, parsed.create, cycle);
    }
    if (parsed.leaks !== undefined) {
      const lost = this.#store.lost.bind(this.#store);
      this.#leaks = new LeakWatch(this.name, parsed.leaks, now, host.logger, lost);
    }
    if (parsed.reset !== undefined) this.#returns = new Returns(this.#store, parsed.reset, economy);
    this.handles = new Handles(this.#store, parsed.create, this.#returns, this.#leaks);
    const bypass = new Bypass<T>(this, this.#store, parsed.create);
    const [store, leaks, returns] = [this.#store, this.#leaks, this.#returns];
    this.#looks = new Looks({ store, bypass, economy, leaks, returns, now });
    this.#untilLook = this.#looks.interval;
    this.#agedAtMs = now();
    if (parsed.mode === "bypass") bypass.begin(this.#agedAtMs);
  }

  /**
   * An object for the caller alone: an idle one, or a new one.
   *
   * @throws what the factory throws, `NOT_AN_OBJECT` where it makes no object, `POOL_EXHAUSTED` above
   * `maxTotal`; the pool is as before
   */
  acquire(): T {
    if (--this.#untilLook === 0) return this.#acquireLooking();
    const index = this.#exports.slotsTake(this.#table);
    if (index < 0) return this.#make(index);
    const object = this.#objects[index]!;
    this.#objects[index] = undefined;
    return object;
  }

  /** A new object for place `~answer`; where the table is full, without a place. */
  #make(answer: number): T {
    if (answer === Status.full) return this.#store.makeLoose(this.#create);
    return this.#store.make(~answer, this.#create);
  }

  #acquireLooking(): T {
    this.#untilLook = SELDOM;
    try {
      return this.#looks.acquire(() => this.acquire());
    } finally {
      this.#untilLook = this.#looks.interval;
    }
  }

  /**
   * Gives an object back. It is reset, and kept unless enough are idle already. An object whose reset
   * throws, or answers with one that a pool has already, is dropped and counted; no error is passed on.
   *
   * @throws `DOUBLE_RELEASE` where it is not leased, `FOREIGN_OBJECT` where it is not of this pool; nothing is
   * changed. `NOT_AN_OBJECT` where the reset answers with a promise: the object is dropped
   */
  release(object: T): void {
    const mark = this.#store.markIn(object);
    if (mark === undefined) return;
    if (!this.#plain && this.#takeSeldom(object, mark)) return;
    const status = this.#exports.slotsRelease(this.#table, mark.index);
    if (status === OK) this.#objects[mark.index] = object;
    else if (status === Status.surplus) this.#store.letGo(object, mark);
    else if (mark.index >= 0) this.#store.refusals.released("double");
    else this.#takeSeldom(object, mark);
  }

  #takeSeldom(object: T, mark: Mark): boolean {
    return takeSeldom(this.#store, this.#leaks, this.#returns, object, mark);
  }

  /**
   * Ends a lease without keeping the object, nor disposing of it: for one whose holder might still use it.
   *
   * @throws as `release`
   */
  discard(object: T): void {
    const mark = this.#store.markIn(object);
    if (mark === undefined || this.#store.closed) return;
    this.#leaks?.endHandle(this.#store.handleOf(mark));
    if (mark.index < 0) this.#store.loose -= 1;
    else if (!this.#slots.discard(mark.index)) this.#store.refusals.released("double");
    this.#leaks?.end(mark);
    this.#store.forget(mark);
    this.#abandoned += 1;
  }

  /** Hands an object to `fn` and takes it back when `fn` has returned, thrown, or what it answered with has settled. */
  use<R>(fn: (object: T) => R): R {
    requireFunction("use: fn", fn);
    return useAndRelease(this.acquire(), fn, (object) => this.release(object));
  }

  /**
   * As `acquire`, by a number instead of the object: place and generation of the lease. A late release is
   * told apart from a good one even when the place is in use again. Unlike with `acquire`, the pool holds
   * the object while it is leased, and nothing goes past the pool.
   *
   * @throws as `acquire`
   */
  acquireHandle(): number {
    const handle = this.#exports.slotsAcquire(this.#table);
    return handle > 0 && this.#leaks === undefined ? handle : this.handles.begin(handle);
  }

  /** The object of an open lease. @throws `STALE_HANDLE` once it has ended */
  get(handle: number): T {
    return this.handles.get(handle);
  }

  /** Ends a lease. @throws `STALE_HANDLE` or `DOUBLE_RELEASE` where it has ended; nothing is changed */
  releaseHandle(handle: number): void {
    if (this.#plain) {
      const status = this.#exports.slotsReleaseHandle(this.#table, handle);
      if (status !== OK) this.handles.notKept(handle, status);
    } else this.handles.release(handle);
  }

  /** As `acquireHandle`, by an object for `using`, whose `value` throws once it was given back. */
  lease(): Lease<T> {
    return new Lease(this);
  }

  /** @internal As `release`, of a bypassed pool too. */
  takeBack(object: T): void {
    ObjectPool.prototype.release.call(this, object);
  }

  /** Lets go of all idle objects; how many. Those in use stay with their holders. */
  clear(): number {
    return this.#store.drop(Number.POSITIVE_INFINITY);
  }

  /** Lets go of the idle objects that nobody needed since the last call; how many. */
  trim(): number {
    return this.#store.drop(this.#slots.unneeded());
  }

  /**
   * Lets go of what has been idle for `maxIdleMs`, reports leaks, and ends the rest of a bypassed pool. The optimizer
   * calls it about once a second.
   */
  tick(nowMs: number): void {
    if (this.#looks.tick(nowMs)) this.#untilLook = this.#looks.interval;
    if (this.#maxIdleMs === 0 || nowMs - this.#agedAtMs < this.#maxIdleMs) return;
    this.#agedAtMs = nowMs;
    this.trim();
  }

  /** Changes how many are kept idle. @throws `INVALID_OPTION`, `CLOSED`; the pool is as before */
  resize(maxSize: number): void {
    const parsed = parseOptions("resize", options({ maxSize: integer(0, MAX_CAPACITY) }), { maxSize });
    this.#store.resize(parsed.maxSize);
    this.#table = this.#slots.address;
    this.#store.drop(Math.max(0, this.#slots.stats().idle - parsed.maxSize));
  }

  /** Returns the statistics. */
  getStats(): ObjectPoolStats {
    return poolStats(this.#store.stats(), this.#looks.figures, {
      resetFailures: this.#returns?.failures ?? 0,
      mode: this.#looks.mode,
      bypassedMs: this.#looks.bypassedMs,
      abandoned: this.#abandoned,
      leaked: this.#leaks?.leaked ?? 0,
    });
  }

  /** Lets go of all idle objects and leaves the optimizer's statistics. Releases after that keep nothing, an acquire throws `CLOSED`. */
  close(): void {
    if (this.#store.closed) return;
    this.clear();
    this.#looks.close();
    this.#store.close();
    this.#table = this.#slots.address;
    this.#plain = false;
    this.#host.onClose?.();
  }
}
