import type { ReleaseStatus } from "../core/slots.ts";
import { type ErrorCode, isObject, show, VelithonError } from "../shared/errors.ts";
import { isThenable } from "../shared/thenable.ts";
import { findMark } from "./mark.ts";

/** What a pool refuses, in its name. */
export class Refusals {
  readonly #pool: string;

  constructor(pool: string) {
    this.#pool = pool;
  }

  #error(code: ErrorCode, message: string): VelithonError {
    return new VelithonError(code, `pool ${this.#pool}: ${message}`);
  }

  closed(what: string): never {
    throw this.#error("CLOSED", `${what} after close; accepted: an open pool`);
  }

  exhausted(inUse: number, most: number): never {
    throw this.#error("POOL_EXHAUSTED", `${inUse} objects are in use; accepted: up to ${most}`);
  }

  foreign(object: unknown): never {
    throw this.#error(
      "FOREIGN_OBJECT",
      `released ${show(object)} that it did not hand out, or has let go of; accepted: an object in use`,
    );
  }

  released(status: ReleaseStatus): never {
    if (status === "stale" || status === "unknown") {
      throw this.#error(
        "STALE_HANDLE",
        "the handle is of no lease, or of an earlier one; accepted: the handle of the open one",
      );
    }
    throw this.#error(
      "DOUBLE_RELEASE",
      "released what is not in use; accepted: one release for each acquire",
    );
  }

  /** What a factory made, where it is a new object. @throws `NOT_AN_OBJECT` */
  made<T extends object>(object: T): T {
    if (isThenable(object)) {
      throw this.#error(
        "NOT_AN_OBJECT",
        "factory made a promise; accepted: an object that is there when the factory returns",
      );
    }
    if (!isObject(object) || findMark(object)?.pool !== undefined) {
      const made = isObject(object) ? "an object that a pool has already" : show(object);
      throw this.#error("NOT_AN_OBJECT", `factory made ${made}; accepted: a new object each time`);
    }
    return object;
  }

  /** What to keep after a reset: a plain value that it answered with is no replacement. */
  kept<T extends object>(object: T, answer: unknown): T {
    if (isThenable(answer)) {
      throw new AsyncReset(
        this.#error(
          "NOT_AN_OBJECT",
          "reset answered with a promise; accepted: a reset that is done when it returns",
        ),
      );
    }
    if (!isObject(answer)) return object;
    if (answer !== object && findMark(answer)?.pool !== undefined) {
      throw this.#error("NOT_AN_OBJECT", "reset answered with an object of a pool");
    }
    return answer as T;
  }
}

/** Goes on to the caller, unlike an error of a reset: no object of this pool will ever be reused. */
export class AsyncReset {
  readonly error: VelithonError;

  constructor(error: VelithonError) {
    this.error = error;
  }
}
