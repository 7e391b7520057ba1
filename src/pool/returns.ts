import type { Economy } from "./economy.ts";
import type { Inventory } from "./inventory.ts";
import type { LeakWatch } from "./leaks.ts";
import type { Mark } from "./mark.ts";
import { AsyncReset } from "./refusals.ts";

/** How an object with a reset comes back. */
export class Returns<T extends object> {
  readonly #store: Inventory<T>;
  readonly #reset: (object: T) => T | undefined | void;
  readonly #economy: Economy<T> | undefined;
  /** The next reset is timed. */
  sample = false;
  failures = 0;

  constructor(
    store: Inventory<T>,
    reset: (object: T) => T | undefined | void,
    economy: Economy<T> | undefined,
  ) {
    this.#store = store;
    this.#reset = reset;
    this.#economy = economy;
  }

  take(object: T, mark: Mark, handle: number): void {
    const { slots, objects, refusals } = this.#store;
    const { index } = mark;
    let kept: T;
    try {
      kept = this.#run(object);
    } catch (error) {
      this.failures += 1;
      if (slots.isLeased(handle)) slots.discard(index);
      this.#store.letGo(object, mark);
      if (error instanceof AsyncReset) throw error.error;
      return;
    }
    const status = slots.releaseHandle(handle);
    if (status === "kept") {
      if (kept !== object) {
        mark.pool = undefined;
        this.#store.mark(kept, index);
      }
      objects[index] = kept;
    } else if (status === "surplus") this.#store.letGo(kept, mark);
    else refusals.released(status);
  }

  #run(object: T): T {
    const reset = this.#reset;
    const answer =
      this.sample && this.#economy !== undefined ? this.#economy.reset(() => reset(object)) : reset(object);
    this.sample = false;
    return answer === undefined ? object : this.#store.refusals.kept(object, answer);
  }
}

/**
 * What comes back in another way than as a plain object of an open pool. False where nothing is left to do but to keep it.
 *
 * @throws as `ObjectPool.release`
 */
export function takeSeldom<T extends object>(
  store: Inventory<T>,
  leaks: LeakWatch | undefined,
  returns: Returns<T> | undefined,
  object: T,
  mark: Mark,
): boolean {
  const { slots, refusals } = store;
  const handle = store.handleOf(mark);
  if (mark.index < 0) {
    leaks?.endHandle(handle);
    leaks?.end(mark);
    store.loose -= 1;
    store.letGo(object, mark);
    return true;
  }
  // What a handle holds may be given back by the object too; what is idle may not.
  if (store.objects[mark.index] !== undefined && !(handle > 0)) refusals.released(slots.release(mark.index));
  leaks?.endHandle(handle);
  leaks?.end(mark);
  if (store.closed) store.letGo(object, mark);
  else if (returns !== undefined) returns.take(object, mark, handle);
  else return false;
  return true;
}
