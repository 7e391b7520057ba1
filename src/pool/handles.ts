import { Status } from "../core/exports.ts";
import { RELEASES, SlotTable } from "../core/slots.ts";
import type { Inventory } from "./inventory.ts";
import type { LeakWatch } from "./leaks.ts";
import { findMark } from "./mark.ts";
import { type Returns, takeSeldom } from "./returns.ts";

/** Every so many leases by handle are watched, where not all are. */
const SAMPLED = 128;

/** Leases by handle: the pool holds the object meanwhile. */
export class Handles<T extends object> {
  readonly #store: Inventory<T>;
  readonly #slots: SlotTable;
  readonly #objects: (T | undefined)[];
  readonly #create: () => T;
  readonly #returns: Returns<T> | undefined;
  readonly #leaks: LeakWatch | undefined;
  #leases = 0;

  constructor(
    store: Inventory<T>,
    create: () => T,
    returns: Returns<T> | undefined,
    leaks: LeakWatch | undefined,
  ) {
    this.#store = store;
    this.#slots = store.slots;
    this.#objects = store.objects;
    this.#create = create;
    this.#returns = returns;
    this.#leaks = leaks;
  }

  /** What is left to do after `SlotTable.acquireHandle` answered this; the handle. */
  begin(answer: number): number {
    const loose = answer === 0;
    const handle = loose ? this.#store.lendLoose(this.#create) : Math.abs(answer);
    const index = loose ? -handle : SlotTable.index(handle);
    if (answer < 0) this.#objects[index] = this.#store.make(index, this.#create);
    const sampled = ++this.#leases % SAMPLED === 0;
    if (sampled || this.#leaks?.all) this.#leaks?.beginHandle(index, handle, sampled);
    return handle;
  }

  get closed(): boolean {
    return this.#store.closed;
  }

  isOpen(handle: number, object: T): boolean {
    return this.#store.isOpen(handle, object);
  }

  /** The object of a lease that has just begun, whose place is empty from then on. */
  lend(handle: number): T {
    const loose = this.#store.looseByHandle.get(handle);
    const index = SlotTable.index(handle);
    const object = loose ?? this.#objects[index]!;
    if (loose === undefined) this.#objects[index] = undefined;
    else this.#store.looseByHandle.delete(handle);
    this.#leaks?.lend(handle, object, findMark(object)!);
    return object;
  }

  get(handle: number): T {
    const object = this.#slots.isLeased(handle)
      ? this.#objects[SlotTable.index(handle)]
      : this.#store.looseByHandle.get(handle);
    return object ?? this.#store.refusals.released("stale");
  }

  /** The core has answered the end of a lease with this `Status`, which is not `ok`. */
  notKept(handle: number, status: number): void {
    if (status === Status.surplus) this.#drop(handle);
    else if (!this.#releaseLoose(handle)) this.#store.refuseHandle(handle, RELEASES[status]!);
  }

  /** Ends a lease, where there is more to do than to tell the core. */
  release(handle: number): void {
    if (this.#store.closed || this.#releaseLoose(handle)) return;
    if (!this.#slots.isLeased(handle)) this.#store.refuseHandle(handle, this.#slots.releaseHandle(handle));
    this.#leaks?.endHandle(handle);
    const index = SlotTable.index(handle);
    const object = this.#objects[index]!;
    if (this.#returns !== undefined) {
      this.#objects[index] = undefined;
      this.#returns.take(object, findMark(object)!, handle);
    } else if (this.#slots.releaseHandle(handle) === "surplus") this.#drop(handle);
  }

  #releaseLoose(handle: number): boolean {
    const object = this.#store.looseByHandle.get(handle);
    return (
      object !== undefined && takeSeldom(this.#store, this.#leaks, this.#returns, object, findMark(object)!)
    );
  }

  #drop(handle: number): void {
    const object = this.#objects[SlotTable.index(handle)]!;
    this.#store.letGo(object, findMark(object)!);
  }
}
