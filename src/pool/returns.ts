import type { Economy } from "./economy.ts";
import type { Inventory } from "./inventory.ts";
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
    } else if (status === "surplus") this.#store.letGo(object, mark);
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
