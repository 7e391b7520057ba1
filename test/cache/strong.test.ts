import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache, type WeakCacheOptions } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";
import { throwsCode } from "../support/throws.ts";

interface Value {
  readonly id: number;
}

const port = await loadPort();
const core = createCore();
const COUNT = 1000;
/** Of values that nobody holds, a conservative scan of the stack may keep a few. */
const MOST = 900;

function strongOf(own: Partial<WeakCacheOptions<string, Value>> = {}): WeakCache<string, Value> {
  return new WeakCache<string, Value>(core, {
    name: "sessions",
    tier: "strong+weak",
    maxSize: 10_000,
    maxBytes: 100 * COUNT,
    sizeOf: () => 100,
    ...own,
  });
}

/** A function of its own, so that its frame keeps no value. */
function fill(cache: WeakCache<string, Value>, count: number, prefix = "k"): void {
  for (let id = 0; id < count; id++) cache.put(`${prefix}${id}`, { id });
}

async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await turn();
    port.collect("major");
    await turn();
  }
}

function found(cache: WeakCache<string, Value>, count: number, prefix = "k"): number {
  let hits = 0;
  for (let id = 0; id < count; id++) if (cache.has(`${prefix}${id}`)) hits += 1;
  return hits;
}

test("what the strong tier holds outlives collections; the same in a weak cache does not", async () => {
  const strong = strongOf();
  const weak = new WeakCache<string, Value>(core, { name: "weak", maxSize: 10_000 });
  fill(strong, COUNT);
  fill(weak, COUNT);
  await collect();
  assert.is(found(strong, COUNT), COUNT);
  assert.ok(found(weak, COUNT) <= COUNT - MOST);
  assert.is(strong.getStats().strong?.bytes, 100 * COUNT);
});

test("a demoted value is found until it is collected, and comes back when it is read before that", async () => {
  const cache = strongOf();
  fill(cache, COUNT);
  const first = cache.get("k0");
  for (let id = 1; id < COUNT; id++) cache.get(`k${id}`);
  fill(cache, COUNT, "later");
  const { strong, size } = cache.getStats();
  assert.equal([size, strong?.size, strong?.demoted], [2 * COUNT, COUNT, COUNT]);
  assert.is(found(cache, COUNT) + found(cache, COUNT, "later"), 2 * COUNT, "nothing was collected yet");
  assert.is(cache.get("k0"), first);
  assert.is(cache.getStats().strong?.promoted, 1);
  await collect();
  const alive = found(cache, COUNT) + found(cache, COUNT, "later");
  assert.ok(alive >= COUNT && alive <= 2 * COUNT - MOST, `${alive} are alive`);
  assert.is(cache.has("k0"), true, "it was promoted");
  assert.ok(cache.getStats().collected >= MOST);
});

test("a value larger than the tier is held weakly, and demotes nobody", () => {
  const cache = strongOf({ maxBytes: 300, sizeOf: ({ id }) => (id === 9 ? 301 : 100) });
  fill(cache, 3);
  const large = { id: 9 };
  cache.put("large", large);
  assert.equal([cache.getStats().strong?.size, cache.getStats().strong?.demoted], [3, 0]);
  assert.is(cache.get("large"), large);
  cache.put("k0", large);
  assert.is(cache.getStats().strong?.size, 2, "a replaced value moves where it fits");
});

test("at maxSize a weak entry goes before any strong one", () => {
  const cache = strongOf({ maxSize: 3, maxBytes: 200 });
  fill(cache, 3);
  assert.is(cache.getStats().strong?.size, 2);
  const weak = ["k0", "k1", "k2"].filter((key) => cache.has(key)).length;
  assert.is(weak, 3);
  cache.put("new", { id: 5 });
  assert.is(cache.has("k0"), false, "k0 was demoted first, and goes first");
  assert.is(cache.size, 3);
});

test("no clean-up takes what is held strongly", () => {
  const cache = strongOf();
  fill(cache, 10);
  assert.is(cache.dropCold(), 0);
  assert.is(cache.sweep(), 0);
  assert.is(found(cache, 10), 10);
});

test("limitBytes, as the budget calls it, demotes and gives back room, never above maxBytes", () => {
  const cache = strongOf({ maxBytes: 1000 });
  fill(cache, 10);
  cache.limitBytes(300);
  assert.equal([cache.getStats().strong?.size, cache.getStats().strong?.maxBytes], [3, 300]);
  assert.is(found(cache, 10), 10, "demoted ones are still found");
  cache.limitBytes(1e9);
  assert.is(cache.getStats().strong?.maxBytes, 1000);
  const weak = new WeakCache<string, Value>(core, { name: "weak", maxSize: 100 });
  const values = Array.from({ length: 100 }, (_, id) => ({ id }));
  for (const value of values) weak.put(`k${value.id}`, value);
  weak.limitBytes(weak.readBudget().heldBytes / 2);
  assert.is(weak.size, 50);
  weak.limitBytes(Number.POSITIVE_INFINITY);
  assert.is(weak.getStats().maxSize, 100);
});

test("sizeOf that throws or answers no size: the error, and the cache as before", () => {
  const answers: unknown[] = [Number.NaN, -1, "5", undefined, Number.POSITIVE_INFINITY, 5n];
  let answer: unknown = 100;
  const cache = strongOf({
    sizeOf: () => {
      if (answer instanceof Error) throw answer;
      return answer as number;
    },
  });
  fill(cache, 2);
  const before = cache.getStats();
  for (answer of answers) {
    throwsCode(() => cache.put("k0", { id: 5 }), "INVALID_OPTION", "sizeOf", "sessions", "accepted");
    throwsCode(() => cache.put("new", { id: 5 }), "INVALID_OPTION", "sizeOf");
  }
  answer = new Error("no size");
  assert.throws(() => cache.put("new", { id: 5 }), "no size");
  assert.equal(cache.getStats(), before);
  assert.is(cache.get("k0")?.id, 0);
});

test("iteration: live entries, as they came, nothing counted, changes on the way allowed", () => {
  const cache = strongOf({ maxBytes: 200 });
  fill(cache, 4);
  assert.equal([...cache.keys()].sort(), ["k0", "k1", "k2", "k3"]);
  assert.equal([...cache.values()].map(({ id }) => id).sort(), [0, 1, 2, 3]);
  assert.equal(
    [...cache].map(([key, value]) => key === `k${value.id}`),
    [true, true, true, true],
  );
  for (const [key] of cache.entries()) cache.delete(key);
  assert.is(cache.size, 0);
  const { hits, misses } = cache.getStats();
  assert.equal([hits, misses], [0, 0]);
});

test.run();
