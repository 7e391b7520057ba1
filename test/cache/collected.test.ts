import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { aliveAfterCollection, turn } from "../support/reachable.ts";

interface Value {
  readonly id: number;
}

/** Of 1,000 values that nobody holds, a conservative scan of the stack may keep a few. */
const COUNT = 1000;
const MOST = 900;
const port = await loadPort();
const core = createCore();

/**
 * The caches of all tests. V8 11 (Node 20) runs no finalizer of the whole process any more once a registry was
 * collected while its finalizers were waiting.
 */
const kept: WeakCache<string, Value>[] = [];

function cacheOf(): WeakCache<string, Value> {
  const cache = new WeakCache<string, Value>(core, { name: "values", maxSize: 10_000 });
  kept.push(cache);
  return cache;
}

/** Puts values that nobody else holds. A function of its own, so that its frame keeps none. */
function putDropped(cache: WeakCache<string, Value>, prefix: string, count = COUNT): void {
  for (let id = 0; id < count; id++) cache.put(`${prefix}${id}`, { id });
}

/** Collects, without a chance for finalizers to run before `then`. */
async function collectThen<T>(then: () => T): Promise<T> {
  await turn();
  port.collect("major");
  return then();
}

async function until(what: string, done: () => boolean): Promise<void> {
  for (let i = 0; i < 50; i++) {
    if (done()) return;
    port.collect("major");
    await wait(5);
  }
  assert.unreachable(what);
}

test("a sweep finds collected values, and leaves the living", async () => {
  const cache = cacheOf();
  const living = Array.from({ length: 20 }, (_, id): Value => ({ id }));
  for (const value of living) cache.put(`living${value.id}`, value);
  putDropped(cache, "dropped");
  assert.is(cache.size, COUNT + 20);
  const swept = await collectThen(() => cache.sweep(Number.POSITIVE_INFINITY));
  assert.ok(swept >= MOST, `swept ${swept} of ${COUNT}`);
  assert.is(cache.size, COUNT + 20 - swept);
  assert.is(cache.getStats().collected, swept);
  assert.is(cache.getStats().evictions, 0);
  for (const value of living) assert.is(cache.get(`living${value.id}`), value);
  await turn();
  assert.is(cache.getStats().size + cache.getStats().collected, COUNT + 20, "finalizers count none twice");
});

test("a sweep is bounded, and the next one goes on where it stopped", async () => {
  const cache = cacheOf();
  putDropped(cache, "dropped");
  await collectThen(() => {
    const first = cache.sweep(100);
    const second = cache.sweep(100);
    assert.ok(first > 50 && first <= 100, `first ${first}`);
    assert.ok(second > 50 && second <= 100, `second ${second}`);
    assert.ok(cache.sweep() + first + second >= MOST, "1000 places unless told otherwise");
  });
});

test("finalizers take out what nobody sweeps", async () => {
  const cache = cacheOf();
  putDropped(cache, "dropped");
  await until("finalizers have not run", () => cache.size <= COUNT - MOST);
  assert.is(cache.getStats().collected, COUNT - cache.size);
});

test("a look-up of a collected value is a miss, and takes the entry out", async () => {
  const cache = cacheOf();
  putDropped(cache, "dropped");
  await collectThen(() => {
    let gone = 0;
    for (let id = 0; id < COUNT; id++) {
      const had = cache.has(`dropped${id}`);
      assert.is(cache.get(`dropped${id}`) !== undefined, had);
      if (!had) gone++;
    }
    const { size, misses, hits, collected } = cache.getStats();
    assert.equal([size, misses, hits, collected], [COUNT - gone, gone, COUNT - gone, gone]);
    assert.ok(gone >= MOST, `${gone} of ${COUNT}`);
  });
});

test("the finalizer of a replaced value does not remove the new one", async () => {
  const cache = cacheOf();
  putDropped(cache, "key");
  const living = Array.from({ length: COUNT }, (_, id): Value => ({ id }));
  const replace = (): void => {
    for (const value of living) cache.put(`key${value.id}`, value);
  };
  // The old values were collected, and their finalizers wait, when the new ones come.
  await collectThen(replace);
  const probe = cacheOf();
  putDropped(probe, "probe");
  await until("finalizers have not run", () => probe.size <= COUNT - MOST);
  assert.is(cache.size, COUNT);
  for (const value of living) assert.is(cache.get(`key${value.id}`), value);
  assert.is(cache.getStats().collected, 0);
});

test("neither does that of a deleted entry whose key came again", async () => {
  const cache = cacheOf();
  putDropped(cache, "key");
  const living = Array.from({ length: COUNT }, (_, id): Value => ({ id }));
  await collectThen(() => {
    for (const value of living) {
      cache.delete(`key${value.id}`);
      cache.put(`key${value.id}`, value);
    }
  });
  const probe = cacheOf();
  putDropped(probe, "probe");
  await until("finalizers have not run", () => probe.size <= COUNT - MOST);
  assert.is(cache.size, COUNT);
  for (const value of living) assert.is(cache.get(`key${value.id}`), value);
});

test("a value that several caches and keys hold is buried in each", async () => {
  const one = cacheOf();
  const two = cacheOf();
  const put = (): void => {
    for (let id = 0; id < COUNT; id++) {
      const value = { id };
      one.put(`a${id}`, value);
      one.put(`b${id}`, value);
      two.put(`a${id}`, value);
    }
  };
  put();
  await until("finalizers have not run", () => one.size <= 2 * (COUNT - MOST) && two.size <= COUNT - MOST);
  assert.is(one.size, 2 * two.size);
});

test("a dropped cache can be collected although its values live", async () => {
  const values = Array.from({ length: 100 }, (_, id): Value => ({ id }));
  const make = (): WeakRef<object>[] =>
    Array.from({ length: 100 }, () => {
      const cache = new WeakCache<number, Value>(createCore(), { name: "dropped", maxSize: 1 });
      cache.put(1, values[0]!);
      return new WeakRef(cache);
    });
  const refs = make();
  const alive = await aliveAfterCollection(port, refs, 10);
  assert.ok(alive <= 10, `${alive} of ${refs.length} are alive`);
  assert.is(values.length, 100);
});

test.run();
