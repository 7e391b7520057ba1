/// <reference lib="esnext.disposable" preserve="true" />
import { VelithonError } from "../shared/errors.ts";
import type { Handles } from "./handles.ts";

/** What a lease needs of its pool. */
interface Lender<T extends object> {
  readonly name: string;
  /** @internal */
  readonly handles: Handles<T>;
  acquireHandle(): number;
  get(handle: number): T;
  takeBack(object: T): void;
  releaseHandle(handle: number): void;
}

/**
 * An object of a pool, made by `pool.lease()`, that cannot be used by accident once it was given back. The lease holds the
 * object, the pool does not: one that is dropped without a release is collected with its object.
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
  readonly #pool: Lender<T>;
  readonly #handle: number;
  readonly #object: T;
  #open = true;

  /** @throws as `ObjectPool.acquireHandle` */
  constructor(pool: Lender<T>) {
    this.#pool = pool;
    this.#handle = pool.acquireHandle();
    this.#object = pool.handles.lend(this.#handle);
  }

  /** The object. Read it each time, do not keep it. @throws `STALE_HANDLE` once the lease has ended, or its pool was closed */
  get value(): T {
    return this.#pool.handles.isOpen(this.#handle, this.#object)
      ? this.#object
      : this.#pool.get(this.#handle);
  }

  /** Gives the object back. @throws `DOUBLE_RELEASE` the second time; nothing is changed */
  release(): void {
    try {
      const { handles } = this.#pool;
      const lent = this.#open && (handles.closed || handles.isOpen(this.#handle, this.#object));
      if (lent) this.#pool.takeBack(this.#object);
      else this.#pool.releaseHandle(this.#handle);
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
