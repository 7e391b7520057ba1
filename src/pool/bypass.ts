import { isObject } from "../shared/errors.ts";
import type { Inventory } from "./inventory.ts";
import { findMark } from "./mark.ts";

interface Methods<T extends object> {
  acquire(): T;
  release(object: T): void;
}

/**
 * A pool out of the way: its `acquire` is the factory itself and its `release` nothing, so that they cost what the
 * factory costs; not even a count is kept. They come and go with the pool's prototype, since engines take what a
 * prototype holds for constant, and what an object holds not.
 */
export class Bypass<T extends object> {
  readonly #pool: Methods<T>;
  readonly #store: Inventory<T>;
  readonly #create: () => T;
  readonly #atWork: Methods<T>;
  #past: Methods<T> | undefined;
  #sinceMs: number | undefined;
  #pastMs = 0;

  constructor(pool: Methods<T>, store: Inventory<T>, create: () => T) {
    this.#pool = pool;
    this.#store = store;
    this.#create = create;
    this.#atWork = Object.getPrototypeOf(pool);
  }

  /** Since when, on the pool's clock; `undefined` where it is at work. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  /** For how long in all. */
  lastedMs(nowMs: number): number {
    return this.#pastMs + (this.#sinceMs === undefined ? 0 : nowMs - this.#sinceMs);
  }

  begin(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#store.lenient = true;
    const release = (object: T): void => this.#releaseLate(object);
    Object.setPrototypeOf(this.#pool, this.#standIn(release));
    this.settle();
  }

  #standIn(release: (object: T) => void): Methods<T> {
    return Object.assign(Object.create(this.#atWork), { acquire: this.#create, release });
  }

  /** What was in use when the bypass began comes back as ever. */
  #releaseLate(object: T): void {
    if (isObject(object) && findMark(object) === undefined) return;
    this.#atWork.release.call(this.#pool, object);
    this.settle();
  }

  /** Once no object from before is in use, releases need no look. */
  settle(): void {
    if (this.#store.inUse > 0) return;
    this.#past ??= this.#standIn(() => {});
    Object.setPrototypeOf(this.#pool, this.#past);
  }

  end(nowMs: number): void {
    this.#pastMs = this.lastedMs(nowMs);
    this.#sinceMs = undefined;
    Object.setPrototypeOf(this.#pool, this.#atWork);
  }
}
