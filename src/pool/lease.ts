import { VelithonError } from "../shared/errors.ts";
import type { ObjectPool } from "./object-pool.ts";

/**
 * An object of a pool, made by `pool.lease()`, that cannot be used by accident once it was given back. The pool holds the object
 * while it is leased.
 *
 * Cost: one small object a lease, and one look at the table each time `value` is read.
 *
 * @example
 * ```ts
 * using lease = pool.lease();
 * lease.value.append("hello"); // goes back at the end of the block
 * ```
 */
export class Lease<T extends object> {
  readonly #pool: ObjectPool<T>;
  readonly #handle: number;
  #open = true;

  /** @throws as `ObjectPool.acquireHandle` */
  constructor(pool: ObjectPool<T>) {
    this.#pool = pool;
    this.#handle = pool.acquireHandle();
  }

  /** The object. Read it each time, do not keep it. @throws `STALE_HANDLE` once the lease has ended, or its pool was closed */
  get value(): T {
    return this.#pool.get(this.#handle);
  }

  /** Gives the object back. @throws `DOUBLE_RELEASE` the second time; nothing is changed */
  release(): void {
    try {
      this.#pool.releaseHandle(this.#handle);
    } catch (cause) {
      if (this.#open) throw cause;
      throw new VelithonError(
        "DOUBLE_RELEASE",
        `pool ${this.#pool.name}: the lease was released before; accepted: one release for each lease`,
        { cause },
      );
    } finally {
      this.#open = false;
    }
  }

  /** Gives the object back at the end of a `using` block, unless `release` did so before. */
  [Symbol.dispose](): void {
    if (this.#open) this.release();
  }
}
