import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { type AsyncModel, checkAsyncModel, MODEL_STEPS } from "../support/model.ts";
import { loadPort } from "../support/port.ts";
import type { Random } from "../support/random.ts";

const MAX_SIZE = 4;
const KEYS = 10;
const core = createCore();
const port = await loadPort();
const seen = { values: 0, failures: 0, aborts: 0, shared: 0 };

interface Value {
  readonly key: string;
  readonly id: number;
}

/** No `Error`: so many stacks would take longer than the test. */
class Told {
  readonly what: "failed" | "aborted";
  readonly key: string;
  constructor(what: "failed" | "aborted", key: string) {
    this.what = what;
    this.key = key;
  }
}

/** A load that runs now. */
interface Running {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly settle: (ok: boolean) => void;
  /** Its key was put, deleted or cleared since. */
  outdated: boolean;
}

/** Callers of one cache, whose loads end when the test says so. */
class World implements AsyncModel {
  readonly #cache = new WeakCache<string, Value>(core, { name: "loads", maxSize: MAX_SIZE });
  /** Nothing is collected that the cache may still be asked for. */
  readonly #kept: Value[] = [];
  readonly #running: Running[] = [];
  readonly #aborts: AbortController[] = [];
  readonly #outcomes: Promise<void>[] = [];
  #id = 0;

  #value(key: string): Value {
    const value = { key, id: this.#id++ };
    this.#kept.push(value);
    return value;
  }

  readonly #load = (key: string, signal: AbortSignal): Promise<Value> | Value => {
    const wanted = this.#running.some((one) => one.key === key && !one.signal.aborted && !one.outdated);
    if (wanted) assert.unreachable(`a second load of ${key}`);
    const value = this.#value(key);
    // At once, by an answer or a throw; or later.
    if (value.id % 8 === 1) return value;
    if (value.id % 8 === 2) throw new Told("failed", key);
    return new Promise((resolve, reject) => {
      this.#running.push({
        key,
        signal,
        outdated: false,
        settle: (ok) => (ok ? resolve(value) : reject(new Told("failed", key))),
      });
    });
  };

  #outdate(key: string | undefined): void {
    for (const one of this.#running) if (key === undefined || one.key === key) one.outdated = true;
  }

  #call(key: string, random: Random): void {
    const abort = random.chance(0.5) ? new AbortController() : undefined;
    if (abort !== undefined) this.#aborts.push(abort);
    const call = this.#cache.getOrCreate(key, this.#load, { signal: abort?.signal });
    const told = (error: unknown): void => {
      if (!(error instanceof Told)) throw error;
      if (error.key !== key) assert.is(error.key, key);
      if (error.what === "failed") seen.failures += 1;
      else {
        assert.ok(abort?.signal.aborted, "only who aborted is told so");
        seen.aborts += 1;
      }
    };
    this.#outcomes.push(
      call.then((value) => {
        if (value.key !== key) assert.is(value.key, key);
        seen.values += 1;
      }, told),
    );
    if (abort !== undefined) keyOf.set(abort, key);
  }

  step(random: Random): Promise<void> | void {
    const key = `k${random.int(0, KEYS - 1)}`;
    const choice = random.next();
    if (choice < 0.5) this.#call(key, random);
    else if (choice < 0.75 && this.#running.length > 0) {
      const at = random.int(0, this.#running.length - 1);
      this.#running.splice(at, 1)[0]!.settle(random.chance(0.8));
    } else if (choice < 0.9 && this.#aborts.length > 0) {
      // One of the last ones, whose load most likely still runs.
      const abort = this.#aborts.splice(-random.int(1, Math.min(5, this.#aborts.length)), 1)[0]!;
      abort.abort(new Told("aborted", keyOf.get(abort)!));
    } else if (choice < 0.93) {
      this.#cache.put(key, this.#value(key));
      this.#outdate(key);
    } else if (choice < 0.96) {
      this.#cache.delete(key);
      this.#outdate(key);
    } else if (choice < 0.962) {
      this.#cache.clear();
      this.#outdate(undefined);
    }
    if (this.#cache.size > MAX_SIZE) assert.unreachable(`${this.#cache.size} entries`);
    return random.chance(0.3) ? turns() : undefined;
  }

  async end(): Promise<void> {
    for (const one of this.#running.splice(0)) one.settle(true);
    await Promise.all(this.#outcomes);
    const { loads, loadsShared, misses } = this.#cache.getStats();
    assert.is(loads + loadsShared, misses, "every miss loaded or shared a load");
    seen.shared += loadsShared;
    this.#cache.close();
  }
}

const keyOf = new WeakMap<AbortController, string>();

/** Lets what has settled reach who waits for it. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await undefined;
}

test(`${MODEL_STEPS} steps of callers, loads, failures, aborts, puts, deletes and forced collections: one load a key that anybody waits for`, async () => {
  const { collections } = await checkAsyncModel(
    20_261_126,
    () => port.collect("major"),
    () => new World(),
  );
  const least = Math.min(...Object.values(seen), collections * 1000);
  assert.ok(least > 1000, JSON.stringify({ ...seen, collections }));
});

test.run();
