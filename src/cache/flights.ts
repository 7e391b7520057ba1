import { requireFields, requireFunction, show, VelithonError } from "../shared/errors.ts";

/** One load under way, and who waits for it. */
interface Flight<V> {
  promise: Promise<V>;
  readonly abort: AbortController;
  /** Callers who may still give up; infinite once one came who cannot. */
  waiting: number;
}

/** Makes the value of a key. `signal` aborts once every caller who waits for it has given up. */
export type Load<K, V> = (key: K, signal: AbortSignal) => V | PromiseLike<V>;

/** @throws `INVALID_OPTION` for what is no load, or for options other than a `signal` */
export function checkLoad(where: string, load: unknown, given: unknown): void {
  requireFunction(`${where}: load`, load, "a function that makes the value");
  if (given === undefined) return;
  requireFields(where, given, ["signal"]);
  const { signal } = given as { signal?: unknown };
  if (signal === undefined || signal instanceof AbortSignal) return;
  throw new VelithonError("INVALID_OPTION", `${where}: signal is ${show(signal)}; accepted: an AbortSignal`);
}

/**
 * Single flight: callers who ask for a key while it is being loaded share that load. A failure reaches all
 * who wait, and is not remembered.
 */
export class Flights<K, V> {
  readonly #open = new Map<K, Flight<V>>();
  readonly #keep: (key: K, value: V) => void;
  readonly #now: () => number;
  started = 0;
  failed = 0;
  shared = 0;
  #succeeded = 0;
  #totalMs = 0;

  /** @param keep takes a loaded value in, and throws where it cannot */
  constructor(keep: (key: K, value: V) => void, now: () => number) {
    this.#keep = keep;
    this.#now = now;
  }

  get meanMs(): number | undefined {
    return this.#succeeded === 0 ? undefined : this.#totalMs / this.#succeeded;
  }

  join(key: K, load: Load<K, V>, signal: AbortSignal | undefined): Promise<V> {
    let flight = this.#open.get(key);
    if (flight === undefined) flight = this.#start(key, load);
    else this.shared += 1;
    if (signal !== undefined) return this.#wait(key, flight, signal);
    flight.waiting = Number.POSITIVE_INFINITY;
    return flight.promise;
  }

  #start(key: K, load: Load<K, V>): Flight<V> {
    const abort = new AbortController();
    const flight: Flight<V> = { promise: undefined as never, abort, waiting: 0 };
    this.#open.set(key, flight);
    this.started += 1;
    flight.promise = this.#load(key, load, flight);
    return flight;
  }

  async #load(key: K, load: Load<K, V>, flight: Flight<V>): Promise<V> {
    const startedAt = this.#now();
    try {
      const value = await load(key, flight.abort.signal);
      // Where the key was put or deleted since, the callers get what they waited for, the cache does not.
      if (this.#open.get(key) === flight) this.#keep(key, value);
      this.#succeeded += 1;
      this.#totalMs += this.#now() - startedAt;
      return value;
    } catch (error) {
      this.failed += 1;
      throw error;
    } finally {
      this.#leave(key, flight);
    }
  }

  #leave(key: K, flight: Flight<V>): void {
    if (this.#open.get(key) === flight) this.#open.delete(key);
  }

  #wait(key: K, flight: Flight<V>, signal: AbortSignal): Promise<V> {
    flight.waiting += 1;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        reject(signal.reason);
        flight.waiting -= 1;
        if (flight.waiting > 0) return;
        this.#leave(key, flight);
        flight.abort.abort(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      const settled = (): void => signal.removeEventListener("abort", giveUp);
      flight.promise.then(
        (value) => {
          settled();
          resolve(value);
        },
        (error) => {
          settled();
          reject(error);
        },
      );
    });
  }

  /** What is being loaded for a key is out of date: its callers get it, the cache does not keep it. */
  forget(key: K): void {
    if (this.#open.size > 0) this.#open.delete(key);
  }

  forgetAll(): void {
    this.#open.clear();
  }
}
