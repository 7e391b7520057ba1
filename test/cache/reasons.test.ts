import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { type RemoveReason, WeakCache } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

interface Value {
  readonly id: number;
}

const port = await loadPort();
const core = createCore();
const COUNT = 1000;
/** Of values that nobody holds, a conservative scan of the stack may keep a few. */
const MOST = 900;

/** A function of its own, so that its frame keeps no value. */
function fill(cache: WeakCache<string, Value>): void {
  for (let id = 0; id < COUNT; id++) cache.put(`k${id}`, { id });
}

async function collect(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await turn();
    port.collect("major");
    await turn();
  }
}

test("ttl: gone at its time, told as expired, swept from both tiers", () => {
  let now = 0;
  const log: string[] = [];
  const cache = new WeakCache<string, Value>(
    core,
    {
      name: "sessions",
      tier: "strong+weak",
      maxBytes: 100,
      sizeOf: () => 100,
      ttlMs: 1000,
      onRemove: (key: string, reason: RemoveReason, value?: Value) =>
        log.push(`${key} ${reason} ${value?.id}`),
    },
    { now: () => now },
  );
  const values = [0, 1, 2].map((id) => ({ id }));
  cache.put("a", values[0]!);
  cache.put("b", values[1]!);
  now = 999;
  assert.is(cache.has("a"), true);
  cache.put("c", values[2]!);
  now = 1000;
  assert.equal([...cache.keys()], ["c"]);
  assert.is(cache.has("a"), false);
  assert.is(cache.get("a"), undefined);
  assert.equal(log, ["a expired 0"]);
  assert.is(cache.sweep(), 1);
  assert.equal(log, ["a expired 0", "b expired 1"]);
  assert.equal([cache.getStats().expired, cache.getStats().misses], [2, 1]);
  now = 1500;
  cache.put("c", values[2]!);
  now = 2400;
  assert.is(cache.has("c"), true, "a put starts the time anew");
});

test("every reason is told, after the cache is in order", async () => {
  const log: string[] = [];
  const cache: WeakCache<string, Value> = new WeakCache<string, Value>(core, {
    name: "reasons",
    maxSize: 3,
    onRemove(key: string, reason: RemoveReason, value?: Value): void {
      log.push(`${key} ${reason} ${value?.id} ${cache.has(key)} ${cache.size}`);
      // A callback may use the cache.
      if (reason === "evicted") cache.delete("victim");
    },
  });
  const values = Array.from({ length: 6 }, (_, id) => ({ id }));
  for (const key of ["a", "b", "c"]) cache.put(key, values[0]!);
  cache.put("a", values[1]!);
  cache.put("a", values[1]!);
  cache.put("victim", values[2]!);
  cache.delete("c");
  cache.put("x", values[3]!);
  cache.get("x");
  cache.dropCold();
  cache.clear();
  assert.equal(log, [
    "a replaced 0 true 3",
    "a evicted 1 false 3",
    "victim deleted 2 false 2",
    "c deleted 0 false 1",
    "b cold 0 false 1",
    "x cleared 3 false 0",
  ]);
  log.length = 0;
  const many = new WeakCache<string, Value>(core, {
    name: "many",
    maxSize: COUNT,
    onRemove: (key: string, reason: RemoveReason, ...value: unknown[]) =>
      log.push(`${key} ${reason} ${value.length}`),
  });
  fill(many);
  await collect();
  many.sweep();
  assert.ok(log.length >= MOST);
  assert.ok(
    log.every((line) => / collected 0$/.test(line)),
    "a collected value is gone",
  );
});

test("onRemove may put while the cache is made smaller, whatever the tier", () => {
  for (const tier of ["weak", "strong+weak"] as const) {
    const strong = tier === "weak" ? {} : { tier, maxBytes: 20, sizeOf: () => 1 };
    const values = Array.from({ length: 40 }, (_, id) => ({ id }));
    let more = 5;
    const cache: WeakCache<string, Value> = new WeakCache<string, Value>(core, {
      name: "smaller",
      maxSize: 30,
      ...strong,
      onRemove(key: string): void {
        if (more-- > 0) cache.put(`again ${key}`, values[30 + more]!);
      },
    });
    for (const value of values.slice(0, 30)) cache.put(`k${value.id}`, value);
    cache.resize(2);
    assert.is(cache.size, 2);
    assert.is(more < 0, true);
    assert.is([...cache].length, 2);
    cache.resize(1);
    assert.is(cache.size, 1);
    assert.is(cache.clear(), 1);
  }
});

test("finalizers: false: nothing goes by itself, a sweep finds it", async () => {
  const cache = new WeakCache<string, Value>(core, { name: "unwatched", maxSize: COUNT, finalizers: false });
  fill(cache);
  await collect();
  assert.is(cache.size, COUNT);
  assert.ok(cache.sweep() >= MOST);
});

test.run();
