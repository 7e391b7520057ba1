import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { BufferPool, createMemoryOptimizer, type MemoryOptimizer, type WeakCache } from "../../src/index.ts";
import { BufferShare } from "../../src/pool/budget-share.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { Random } from "../support/random.ts";

interface Value {
  readonly bytes: number;
}

const ENTRY = 100;
const MB = 1024 * 1024;

function cacheOf(optimizer: MemoryOptimizer, name: string, own = {}): WeakCache<string, Value> {
  return optimizer.createWeakCache<string, Value>({
    name,
    tier: "strong+weak",
    maxSize: 100_000,
    maxBytes: 100_000,
    sizeOf: ({ bytes }) => bytes,
    finalizers: false,
    ...own,
  });
}

function made(budgetBytes: number | undefined): { optimizer: MemoryOptimizer; port: FakePort } {
  const port = fakePort();
  return { optimizer: createMemoryOptimizer({ port, budgetBytes }), port };
}

function fill(cache: WeakCache<string, Value>, entries: number): void {
  for (let i = 0; i < entries; i++) cache.put(`k${i}`, { bytes: ENTRY });
}

/** A demoted value lives on until a collection: here it is gone at once, so that the strong tier alone earns. */
function look(cache: WeakCache<string, Value>, key: string): void {
  const held = cache.getStats().strong!.bytes;
  if (cache.get(key) === undefined || cache.getStats().strong!.bytes > held) cache.put(key, { bytes: ENTRY });
  cache.dropCold();
}

const limitOf = (optimizer: MemoryOptimizer, key: string): number =>
  optimizer.budget.getStats().shares[key]!.limitBytes;

test("without budgetBytes nothing is limited, and no governor core is made", () => {
  const { optimizer } = made(undefined);
  const cache = cacheOf(optimizer, "c");
  fill(cache, 500);
  optimizer.budget.step();
  assert.is(optimizer.budget.active, false);
  const { totalBytes, budgetBytes, heldBytes, shares } = optimizer.budget.getStats();
  assert.is(optimizer.getMemoryStats().budget, undefined);
  assert.equal([totalBytes, budgetBytes, heldBytes], [undefined, undefined, 50_000]);
  assert.is(shares["cache c"]?.limitBytes, 100_000);
});

test("the cache whose next byte earns more ends with more bytes", () => {
  const { optimizer, port } = made(60_000);
  optimizer.enable();
  const random = new Random(20_261_129);
  const good = cacheOf(optimizer, "good");
  const poor = cacheOf(optimizer, "poor");
  assert.is(limitOf(optimizer, "cache poor"), 30_000, "a fair share at the start");
  for (let second = 0; second < 120; second++) {
    for (let i = 0; i < 200; i++) {
      // 600 keys that come again, and keys of which hardly one does.
      look(good, `k${random.int(0, 599)}`);
      look(poor, `k${random.int(0, 1e6)}`);
    }
    port.advance(1000);
  }
  const [most, least] = [limitOf(optimizer, "cache good"), limitOf(optimizer, "cache poor")];
  assert.ok(most > 3 * least, `good ${most}, poor ${least}`);
  assert.ok(most + least <= 60_000);
  const { gaveBytes, timesGiven } = optimizer.budget.getStats().shares["cache poor"]!;
  assert.ok(gaveBytes > 15_000 && timesGiven > 3, `gave ${gaveBytes} in ${timesGiven} steps`);
  optimizer.disable();
});

test("of two with the same look-ups, the one whose loads take longer ends with more", async () => {
  const { optimizer, port } = made(40_000);
  const random = new Random(20_261_130);
  const slow = cacheOf(optimizer, "slow");
  const fast = cacheOf(optimizer, "fast");
  const load = async (cache: WeakCache<string, Value>, key: string, ms: number): Promise<void> => {
    const value = cache.getOrCreate(key, async () => {
      port.nowMs += ms;
      return { bytes: ENTRY };
    });
    await value;
    cache.dropCold();
  };
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < 100; i++) {
      const key = `k${random.int(0, 399)}`;
      await load(slow, key, 10);
      await load(fast, key, 0.1);
    }
    optimizer.budget.step();
  }
  const [most, least] = [limitOf(optimizer, "cache slow"), limitOf(optimizer, "cache fast")];
  assert.ok(most > 2 * least, `slow ${most}, fast ${least}`);
});

test("what one does not use, another gets; what is pinned stays", () => {
  const { optimizer, port } = made(100_000);
  const idle = cacheOf(optimizer, "idle");
  const pinned = cacheOf(optimizer, "pinned", { pinnedBytes: 20_000 });
  const busy = cacheOf(optimizer, "busy");
  const random = new Random(1);
  fill(idle, 5);
  for (let second = 0; second < 60; second++) {
    for (let i = 0; i < 300; i++) look(busy, `k${random.int(0, 900)}`);
    port.nowMs += 1000;
    optimizer.budget.step();
  }
  assert.ok(limitOf(optimizer, "cache busy") > 70_000, `${limitOf(optimizer, "cache busy")}`);
  assert.is(limitOf(optimizer, "cache pinned"), 20_000);
  assert.is(pinned.getStats().strong?.maxBytes, 20_000);
  assert.is(idle.size, 5, "nobody lost anything for it");
});

test("shrinkTo: at once, the least earning first, recorded, pins kept; restore gives back in steps", () => {
  const { optimizer, port } = made(undefined);
  const hot = cacheOf(optimizer, "hot");
  const cold = cacheOf(optimizer, "cold");
  const safe = cacheOf(optimizer, "safe", { pinnedBytes: 50_000 });
  for (const cache of [hot, cold, safe]) fill(cache, 500);
  for (let i = 0; i < 500; i++) for (let n = 0; n < 20; n++) hot.get(`k${i}`);
  // The first shrink finds no history; it makes the readings start.
  assert.equal(optimizer.budget.shrinkTo(1e9).gave, {});
  for (let i = 0; i < 500; i++) hot.get(`k${i}`);
  port.nowMs += 1000;
  const { heldBytesBefore, heldBytesAfter, gave } = optimizer.budget.shrinkTo(120_000);
  assert.equal([heldBytesBefore, heldBytesAfter <= 120_000], [150_000, true]);
  assert.ok(gave["cache cold"]! >= 24_900, JSON.stringify(gave));
  assert.ok(gave["cache cold"]! > (gave["cache hot"] ?? 0));
  assert.is(gave["cache safe"], undefined);
  assert.is(safe.getStats().strong?.size, 500);
  optimizer.budget.giveBack(1);
  assert.is(optimizer.budget.heldBytes(), 50_000, "what is pinned");
  const stats = optimizer.budget.getStats();
  assert.is(stats.totalBytes, 0);
  const { "cache cold": gone, "cache safe": kept } = stats.shares;
  assert.equal([gone?.gaveBytes, gone?.timesGiven], [50_000, 2]);
  assert.equal([kept?.gaveBytes, kept?.timesGiven], [0, 0], "a limit that took nothing is no gift");
  optimizer.budget.restore();
  optimizer.budget.step();
  assert.is(optimizer.budget.getStats().totalBytes, undefined);
  fill(hot, 500);
  port.nowMs += 1000;
  optimizer.budget.step();
  assert.is(hot.getStats().strong?.maxBytes, 100_000);
});

test("pools give way too: objects kept idle, and idle buffers", () => {
  const { optimizer } = made(10 * MB);
  const objects = optimizer.createObjectPool({
    name: "o",
    factory: () => ({}),
    maxSize: 100,
    objectBytes: 1024,
  });
  const buffers = optimizer.createBufferPool({ name: "b", maxIdleBytes: MB });
  const leased = Array.from({ length: 100 }, () => objects.acquire());
  for (const object of leased) objects.release(object);
  const views = Array.from({ length: 64 }, () => buffers.acquire(4096));
  for (const view of views) buffers.release(view);
  const held = optimizer.budget.heldBytes();
  assert.is(held, 100 * 1024 + 64 * 4096);
  const { heldBytesAfter } = optimizer.budget.giveBack(0.5);
  assert.ok(heldBytesAfter <= held / 2, `${heldBytesAfter} of ${held}`);
  optimizer.budget.shrinkTo(0);
  assert.equal([objects.getStats().poolSize, buffers.getStats().idleBytes], [0, 0]);
  objects.release(objects.acquire());
  buffers.release(buffers.acquire(4096));
  assert.equal(
    [objects.getStats().poolSize, buffers.getStats().idleBytes],
    [0, 0],
    "nothing is kept any more",
  );
  optimizer.budget.restore();
  for (let i = 0; i < 40; i++) {
    const object = objects.acquire();
    objects.release(object);
    buffers.release(buffers.acquire(4096));
    optimizer.budget.step();
  }
  assert.ok(objects.getStats().maxSize > 0 && buffers.getStats().maxIdleBytes > 0, "limits go up again");
  objects.resize(7);
  optimizer.budget.step();
  assert.is(optimizer.budget.getStats().shares["pool o"]?.wantedBytes, 7 * 1024, "its owner's word counts");
});

test("a closed cache or pool leaves the budget to the others", () => {
  const { optimizer } = made(100_000);
  const one = cacheOf(optimizer, "one");
  cacheOf(optimizer, "two");
  one.close();
  assert.equal(Object.keys(optimizer.budget.getStats().shares), ["cache two"]);
  cacheOf(optimizer, "one");
  assert.is(optimizer.budget.getStats().leftOut, 0);
});

test("what buffers saved is worth what it was when it was saved, whatever their size is later", () => {
  const pool = new BufferPool(createCore(), { name: "buffers" });
  const share = new BufferShare(pool, {});
  for (let i = 0; i < 1000; i++) pool.release(pool.acquire(1024));
  const { savedNs } = share.readBudget();
  assert.ok(savedNs > 0);
  const large = pool.acquire(1024 * 1024);
  assert.is(share.readBudget().savedNs, savedNs, "nothing was reused since");
  pool.release(large);
});

test.run();
