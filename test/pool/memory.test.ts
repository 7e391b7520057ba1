import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { BufferPool, ObjectPool, WeakCache } from "../../src/index.ts";
import { fillCore } from "../support/full-core.ts";
import { type Random, randomSteps } from "../support/random.ts";

interface Part {
  fill(random: Random): void;
  empty(random: Random): void;
  check(): void;
}

function take<T>(from: T[], random: Random): T | undefined {
  const [taken] = from.splice(random.int(0, from.length - 1), 1);
  return taken;
}

const core = createCore();

function objects(mode: "auto" | "pooling"): Part & { pool: ObjectPool<object>; held: object[] } {
  const pool = new ObjectPool<object>(core, { name: mode, factory: () => ({ map: new Map() }), mode });
  const held: object[] = [];
  return {
    pool,
    held,
    fill: () => void held.push(pool.acquire()),
    empty: (random) => void pool.release(take(held, random)!),
    check() {
      if (mode === "pooling") assert.is(pool.getStats().inUse, held.length);
    },
  };
}

function buffers(): Part & { pool: BufferPool; held: Uint8Array[] } {
  const pool = new BufferPool(core, { name: "buffers", maxIdleBytes: 1_000_000 });
  const held: Uint8Array[] = [];
  return {
    pool,
    held,
    fill: (random) => void held.push(pool.acquire(random.int(1, random.chance(0.9) ? 1024 : 5000))),
    empty: (random) => void pool.release(take(held, random)!),
    check: () => assert.is(pool.getStats().inUse, held.length),
  };
}

function cache(strong: boolean): Part {
  const sized = { tier: "strong+weak" as const, maxBytes: 50_000, sizeOf: () => 100 };
  const made = new WeakCache<number, object>(core, {
    name: "cache",
    maxSize: 2000,
    ...(strong ? sized : {}),
  });
  let next = 0;
  return {
    fill: () => made.put(next++, {}),
    empty: (random) => void made.delete(next - random.int(1, 3000)),
    check: () => assert.ok(made.size <= 2000),
  };
}

test("pools and caches take no memory of the core while they are used, over 100,000 random steps", () => {
  const pooled = objects("pooling");
  const buffered = buffers();
  const parts = [objects("auto"), pooled, buffered, cache(false), cache(true)];
  fillCore(core);
  const { memoryBytes } = core;
  let most = 0;
  randomSteps(20_261_129, 100_000, (random, step) => {
    const filling = step % 40_000 < 25_000;
    const part = random.pick(parts);
    const empty = random.chance(filling ? 0.2 : 0.8);
    if (empty && "held" in part && (part.held as object[]).length === 0) return;
    if (empty) part.empty(random);
    else part.fill(random);
    if (core.memoryBytes !== memoryBytes) assert.unreachable("the core's memory grew");
    most = Math.max(most, pooled.held.length);
    if (step % 50 === 0) for (const each of parts) each.check();
  });
  assert.ok(most > 2000, `${most} objects at once are too few to show it`);
  const { overflow, highWater, created, inUse, poolSize, discarded } = pooled.pool.getStats();
  assert.is(highWater, most);
  assert.is(created, inUse + poolSize + discarded);
  assert.ok(overflow <= inUse);
});

test("a buffer class has a place for each buffer that may be idle; what finds none is made anew", () => {
  for (const maxIdle of [3000, 100]) {
    const pool = new BufferPool(core, { name: "buffers", maxIdleBytes: maxIdle * 1024 });
    const { memoryBytes } = core;
    const views = Array.from({ length: 3500 }, () => pool.acquire(1000));
    assert.is(pool.getStats().inUse, 3500);
    for (const view of views) pool.release(view);
    const { inUse, idleBytes, created, discarded } = pool.getStats();
    assert.equal([inUse, idleBytes, created, discarded], [0, maxIdle * 1024, 3500, 3500 - maxIdle]);
    assert.is(core.memoryBytes, memoryBytes);
    pool.close();
  }
});

test.run();
