import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, memoryOptimization } from "../../src/index.ts";
import { recorder, send } from "../support/app.ts";
import { fakePort } from "../support/port.ts";
import { codeOf } from "../support/throws.ts";

const KIB = 1024;
const MB = KIB * KIB;

test("an optimizer makes none by itself; one of its own is in the statistics until it is closed", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  assert.equal(optimizer.getMemoryStats().bufferPools, {});
  const pool = optimizer.createBufferPool({ name: "bytes" });
  pool.release(pool.acquire(5000));
  assert.equal(optimizer.getMemoryStats().bufferPools, { bytes: pool.getStats() });
  assert.is(pool.getStats().idleBytes, 8 * KIB);
  pool.close();
  pool.close();
  assert.equal(optimizer.getMemoryStats().bufferPools, {});
});

test("object pools and buffer pools share their names; a refused one takes no memory", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const bytes = optimizer.createBufferPool({ name: "bytes" });
  const objects = optimizer.createObjectPool({ name: "objects", factory: () => ({}) });
  optimizer.createWeakCache({ name: "bytes" });
  const refused = (): void => {
    for (const name of ["bytes", "objects"]) {
      assert.is(
        codeOf(() => optimizer.createBufferPool({ name })),
        "NAME_TAKEN",
      );
      assert.is(
        codeOf(() => optimizer.createObjectPool({ name, factory: () => ({}) })),
        "NAME_TAKEN",
      );
    }
  };
  refused();
  const { memoryBytes } = optimizer.core;
  for (let i = 0; i < 200; i++) refused();
  assert.is(optimizer.core.memoryBytes, memoryBytes);
  bytes.close();
  objects.close();
  optimizer.createBufferPool({ name: "objects" });
  optimizer.createObjectPool({ name: "bytes", factory: () => ({}) });
  bytes.close();
  assert.equal(Object.keys(optimizer.getMemoryStats().bufferPools), ["objects"]);
});

test("manualMemoryCleanup lets go of all idle bytes and says how many; what is in use stays", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const pool = optimizer.createBufferPool({ name: "bytes" });
  optimizer.createBufferPool({ name: "empty" });
  const held = pool.acquire(100).fill(7);
  for (const view of [pool.acquire(1000), pool.acquire(3000)]) pool.release(view);
  assert.equal(optimizer.manualMemoryCleanup().bufferPools, { bytes: 5 * KIB, empty: 0 });
  assert.equal([pool.getStats().idleBytes, pool.getStats().inUse], [0, 1]);
  assert.ok(held.every((byte) => byte === 7));
});

test("above the memory threshold its idle bytes go, and the log is told", () => {
  const port = fakePort();
  const logger = recorder();
  const optimizer = createMemoryOptimizer({ port, logger, memoryThresholdMb: 200 }).enable();
  const pool = optimizer.createBufferPool({ name: "bytes" });
  pool.release(pool.acquire(MB));
  port.memory.rssBytes = 250 * MB;
  port.advance(1000);
  assert.is(pool.getStats().idleBytes, 0);
  assert.equal(logger.told[0]?.fields.bufferPools, { bytes: MB });
});

test("a scheduled clean-up trims: what nobody needed since the last one", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const app = new Hono();
  app.use(memoryOptimization({ optimizer, cleanupThreshold: 5, cleanupIntervalSeconds: 0 }));
  app.get("/", (c) => c.text("ok"));
  const pool = optimizer.createBufferPool({ name: "bytes" });
  const views = Array.from({ length: 4 }, () => pool.acquire(1024));
  for (const view of views) pool.release(view);
  await send(app, port, 5);
  assert.is(pool.getStats().idleBytes, 4 * KIB, "all were needed since the pool was made");
  pool.release(pool.acquire(1024));
  port.advance(10_000);
  await send(app, port, 5);
  assert.is(pool.getStats().idleBytes, KIB);
});

test.run();
