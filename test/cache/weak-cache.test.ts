import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { throwsCode } from "../support/throws.ts";

interface Value {
  id: number;
}

const core = createCore();
/** Keeps the values of a test alive: a cache does not. */
const values: Value[] = Array.from({ length: 50 }, (_, id) => ({ id }));

function cacheOf(maxSize: number, entries = 0): WeakCache<string, Value> {
  const cache = new WeakCache<string, Value>(core, { name: "values", maxSize });
  for (let i = 0; i < entries; i++) cache.put(`k${i}`, values[i]!);
  return cache;
}

function keysOf(cache: WeakCache<string, Value>): string[] {
  return values.map(({ id }) => `k${id}`).filter((key) => cache.has(key));
}

test("the guide's cache: put, get, hit ratio", () => {
  const cache = new WeakCache<string, Value>(core, { name: "user_sessions", maxSize: 1000 });
  assert.is(cache.name, "user_sessions");
  assert.is(cache.getStats().hitRatio, undefined, "before the first look-up there is no ratio");
  cache.put("session_123", values[0]!);
  assert.is(cache.get("session_123"), values[0]);
  assert.is(cache.get("session_124"), undefined);
  assert.equal(cache.getStats(), {
    size: 1,
    maxSize: 1000,
    hits: 1,
    misses: 1,
    hitRatio: 0.5,
    evictions: 0,
    collected: 0,
    expired: 0,
    loads: 0,
    loadFailures: 0,
    loadsShared: 0,
    meanLoadMs: undefined,
    removeFailures: 0,
    strong: undefined,
  });
});

test("has counts nothing; delete and clear take out", () => {
  const cache = cacheOf(10, 3);
  assert.is(cache.has("k0"), true);
  assert.is(cache.has("nobody"), false);
  assert.is(cache.getStats().hitRatio, undefined);
  assert.is(cache.delete("k0"), true);
  assert.is(cache.delete("k0"), false);
  assert.is(cache.has("k0"), false);
  assert.is(cache.size, 2);
  assert.is(cache.clear(), 2);
  assert.is(cache.clear(), 0);
  assert.is(cache.size, 0);
  assert.is(cache.get("k1"), undefined);
  cache.put("k1", values[1]!);
  assert.is(cache.get("k1"), values[1]);
});

test("a second put under a key replaces the value, and takes no place more", () => {
  const cache = cacheOf(2, 2);
  cache.put("k0", values[9]!);
  cache.put("k0", values[9]!);
  assert.is(cache.size, 2);
  assert.is(cache.get("k0"), values[9]);
  assert.is(cache.getStats().evictions, 0);
});

test("keys of any kind, compared as in a Map", () => {
  const key = { a: 1 };
  const cache = new WeakCache<unknown, Value>(core, { name: "keys" });
  const keys: unknown[] = [key, Number.NaN, 0, "0", "", null, undefined, Symbol.iterator, "__proto__"];
  for (const [i, each] of keys.entries()) cache.put(each, values[i]!);
  for (const [i, each] of keys.entries()) assert.is(cache.get(each), values[i], String(each));
  assert.is(cache.get({ a: 1 }), undefined);
  assert.is(cache.get(-0), cache.get(0));
});

test("functions can be held, primitive values get a clear error and change nothing", () => {
  const cache = new WeakCache<string, object>(core, { name: "values", maxSize: 2 });
  const fn = (): void => {};
  cache.put("fn", fn);
  assert.is(cache.get("fn"), fn);
  cache.put("other", values[0]!);
  const before = cache.getStats();
  for (const wrong of [null, undefined, 0, 5, Number.NaN, "text", true, 10n, Symbol("s")]) {
    for (const key of ["fn", "new"]) {
      throwsCode(
        () => cache.put(key, wrong as unknown as object),
        "NOT_AN_OBJECT",
        "values",
        `"${key}"`,
        "accepted: an object or a function",
      );
    }
  }
  assert.equal(cache.getStats(), before);
  assert.is(cache.get("fn"), fn);
  assert.is(cache.get("other"), values[0]);
});

test("at maxSize SIEVE decides: what was read stays, what came first and was not read goes", () => {
  const cache = cacheOf(3, 3);
  cache.get("k0");
  cache.put("k3", values[3]!);
  assert.equal(keysOf(cache), ["k0", "k2", "k3"]);
  cache.put("k4", values[4]!);
  assert.equal(keysOf(cache), ["k0", "k3", "k4"]);
  assert.is(cache.getStats().evictions, 2);
  assert.is(cache.size, 3);
});

test("resize: downwards evicts at once, upwards makes room", () => {
  const cache = cacheOf(10, 10);
  cache.get("k0");
  cache.get("k1");
  cache.resize(3);
  assert.is(cache.size, 3);
  assert.is(cache.getStats().maxSize, 3);
  assert.ok(cache.has("k0") && cache.has("k1"), "what was read outlives what was not");
  cache.resize(20);
  for (let i = 20; i < 40; i++) cache.put(`k${i}`, values[i]!);
  assert.is(cache.size, 20);
  cache.resize(1);
  assert.is(cache.size, 1);
});

test("dropCold takes out what was not read since the last call", () => {
  const cache = cacheOf(10, 6);
  for (const key of ["k1", "k3"]) cache.get(key);
  assert.is(cache.dropCold(), 4);
  assert.equal(keysOf(cache), ["k1", "k3"]);
  cache.get("k3");
  assert.is(cache.dropCold(), 1);
  assert.equal(keysOf(cache), ["k3"]);
  assert.is(cache.dropCold(), 1);
  assert.is(cache.dropCold(), 0);
  assert.is(cache.getStats().evictions, 6);
  cache.put("k5", values[5]!);
  assert.is(cache.get("k5"), values[5], "its places are free again");
});

test("sweep of a cache whose values all live takes out none", () => {
  const cache = cacheOf(50, 50);
  for (const limit of [0, 1, 7, 1000, Number.POSITIVE_INFINITY]) assert.is(cache.sweep(limit), 0);
  assert.is(cache.size, 50);
});

test("close: empty, puts throw, reads miss, the owner hears it once", () => {
  let closed = 0;
  const cache = new WeakCache<string, Value>(
    core,
    { name: "values" },
    {
      defaultMaxSize: 5,
      onClose: () => {
        closed += 1;
      },
    },
  );
  cache.put("k0", values[0]!);
  cache.close();
  cache.close();
  assert.is(closed, 1);
  assert.is(cache.size, 0);
  assert.is(cache.get("k0"), undefined);
  assert.is(cache.has("k0"), false);
  assert.is(cache.delete("k0"), false);
  assert.is(cache.clear(), 0);
  assert.is(cache.sweep(), 0);
  assert.is(cache.dropCold(), 0);
  throwsCode(() => cache.put("k0", values[0]!), "CLOSED", "values", "accepted");
  throwsCode(() => cache.resize(5), "CLOSED", "values", "accepted");
  assert.is(cache.size, 0);
});

test("maxSize is 1000 where nothing is said, or the owner's default", () => {
  assert.is(new WeakCache(core, { name: "x" }).getStats().maxSize, 1000);
  assert.is(new WeakCache(core, { name: "x" }, { defaultMaxSize: 7 }).getStats().maxSize, 7);
});

test.run();
