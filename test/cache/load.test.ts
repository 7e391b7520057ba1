import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { rejection, rejectsCode, throwsCode } from "../support/throws.ts";

interface Value {
  readonly key: string;
  readonly id: number;
}

const core = createCore();
const kept: Value[] = [];

function cacheOf(now?: () => number): WeakCache<string, Value> {
  return new WeakCache<string, Value>(core, { name: "loads" }, now && { now });
}

/** A load under the test's hand. */
class Door {
  calls = 0;
  signals: AbortSignal[] = [];
  #open: { resolve: (value: Value) => void; reject: (error: unknown) => void; key: string }[] = [];
  readonly load = (key: string, signal: AbortSignal): Promise<Value> => {
    this.calls += 1;
    this.signals.push(signal);
    return new Promise((resolve, reject) => this.#open.push({ resolve, reject, key }));
  };
  resolve(): Value {
    const { resolve, key } = this.#open.shift()!;
    const value = { key, id: this.calls };
    kept.push(value);
    resolve(value);
    return value;
  }
  reject(error: unknown): void {
    this.#open.shift()!.reject(error);
  }
}

test("callers who come while a value is loaded share that load; then it is a hit", async () => {
  const cache = cacheOf();
  const door = new Door();
  const callers = Array.from({ length: 5 }, () => cache.getOrCreate("a", door.load));
  assert.is(door.calls, 1);
  const value = door.resolve();
  assert.equal(
    (await Promise.all(callers)).map((got) => got === value),
    [true, true, true, true, true],
  );
  assert.is(await cache.getOrCreate("a", door.load), value);
  assert.is(door.calls, 1);
  const { loads, loadsShared, loadFailures, hits, misses } = cache.getStats();
  assert.equal([loads, loadsShared, loadFailures, hits, misses], [1, 4, 0, 1, 5]);
});

test("a synchronous load is fine, and keys are loaded apart", async () => {
  const cache = cacheOf();
  const make = (key: string): Value => ({ key, id: 0 });
  const [a, b] = await Promise.all([cache.getOrCreate("a", make), cache.getOrCreate("b", make)]);
  assert.equal([a.key, b.key], ["a", "b"]);
  assert.is(cache.getStats().loads, 2);
});

test("a failure reaches all who wait and is not remembered", async () => {
  const cache = cacheOf();
  const door = new Door();
  const callers = [cache.getOrCreate("a", door.load), cache.getOrCreate("a", door.load)];
  door.reject(new Error("no database"));
  for (const caller of callers) assert.is(((await rejection(caller)) as Error).message, "no database");
  assert.is(cache.size, 0);
  const again = cache.getOrCreate("a", door.load);
  assert.is(door.calls, 2);
  const second = door.resolve();
  assert.is(await again, second);
  assert.is(cache.getStats().loadFailures, 1);
  const thrown = cache.getOrCreate("b", () => {
    throw new Error("at once");
  });
  assert.is(((await rejection(thrown)) as Error).message, "at once");
  assert.is(cache.getStats().loadFailures, 2);
});

test("one caller's abort is that caller's alone", async () => {
  const cache = cacheOf();
  const door = new Door();
  const one = new AbortController();
  const two = new AbortController();
  const first = cache.getOrCreate("a", door.load, { signal: one.signal });
  const second = cache.getOrCreate("a", door.load, { signal: two.signal });
  one.abort(new Error("client left"));
  assert.is(((await rejection(first)) as Error).message, "client left");
  assert.is(door.signals[0]!.aborted, false);
  const value = door.resolve();
  assert.is(await second, value);
  assert.is(cache.get("a"), value);
  two.abort();
  assert.is(door.signals[0]!.aborted, false, "an abort after the end reaches nobody");
});

test("when all have given up the load's signal aborts, and the next caller loads anew", async () => {
  const cache = cacheOf();
  const door = new Door();
  const aborts = [new AbortController(), new AbortController()];
  const callers = aborts.map(({ signal }) => cache.getOrCreate("a", door.load, { signal }));
  for (const abort of aborts) abort.abort(new Error("left"));
  for (const caller of callers) assert.is(((await rejection(caller)) as Error).message, "left");
  assert.is(door.signals[0]!.aborted, true);
  const next = cache.getOrCreate("a", door.load);
  assert.is(door.calls, 2);
  const late = door.resolve();
  await Promise.resolve();
  assert.is(cache.get("a"), undefined, "what the abandoned load still answers is not kept");
  const value = door.resolve();
  assert.is(await next, value);
  assert.is.not(value, late);
});

test("a caller without a signal keeps the load going", async () => {
  const cache = cacheOf();
  const door = new Door();
  const abort = new AbortController();
  const patient = cache.getOrCreate("a", door.load);
  const hasty = cache.getOrCreate("a", door.load, { signal: abort.signal });
  abort.abort(new Error("left"));
  await rejection(hasty);
  assert.is(door.signals[0]!.aborted, false);
  const value = door.resolve();
  assert.is(await patient, value);
});

test("an aborted signal loads nothing", async () => {
  const cache = cacheOf();
  const door = new Door();
  const signal = AbortSignal.abort(new Error("gone"));
  assert.is(((await rejection(cache.getOrCreate("a", door.load, { signal }))) as Error).message, "gone");
  assert.is(door.calls, 0);
});

test("what is put or deleted meanwhile wins over what is loaded", async () => {
  const cache = cacheOf();
  const door = new Door();
  const mine: Value = { key: "a", id: -1 };
  const first = cache.getOrCreate("a", door.load);
  cache.put("a", mine);
  const value = door.resolve();
  assert.is(await first, value, "the caller gets what it waited for");
  assert.is(cache.get("a"), mine);

  for (const outdate of [() => cache.delete("b"), () => cache.clear()]) {
    const caller = cache.getOrCreate("b", door.load);
    outdate();
    const other = cache.getOrCreate("b", door.load);
    const before = door.resolve();
    assert.is(await caller, before);
    assert.is(cache.get("b"), undefined);
    const after = door.resolve();
    assert.is(await other, after);
    assert.is(cache.get("b"), after);
    cache.clear();
  }
});

test("a primitive value, no function, and a closed cache are refused; the cache is as before", async () => {
  const cache = cacheOf();
  await rejectsCode(
    cache.getOrCreate("a", () => 5 as unknown as Value),
    "NOT_AN_OBJECT",
    '"a"',
    "5",
  );
  await rejectsCode(cache.getOrCreate("a", undefined as never), "INVALID_OPTION", "load", "accepted");
  assert.is(cache.size, 0);
  const door = new Door();
  const pending = cache.getOrCreate("a", door.load);
  cache.close();
  const value = door.resolve();
  assert.is(await pending, value);
  assert.is(cache.size, 0);
  await rejectsCode(cache.getOrCreate("a", door.load), "CLOSED", "accepted");
  throwsCode(() => cache.put("a", value), "CLOSED");
});

test("the mean time of a load is that of those that succeeded", async () => {
  let now = 0;
  const cache = cacheOf(() => now);
  assert.is(cache.getStats().meanLoadMs, undefined);
  const door = new Door();
  for (const ms of [10, 30]) {
    const caller = cache.getOrCreate(`k${ms}`, door.load);
    now += ms;
    door.resolve();
    await caller;
  }
  const failing = cache.getOrCreate("f", door.load);
  now += 1000;
  door.reject(new Error("no"));
  await rejection(failing);
  assert.is(cache.getStats().meanLoadMs, 20);
});

test.run();
