import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type MemoryOptimizer,
  memoryGovernance,
  memoryOptimization,
} from "../../src/index.ts";
import { open, send } from "../support/app.ts";
import { type FakePort, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;

function make(options: { cleanupThreshold?: number; cleanupIntervalSeconds?: number }): {
  app: Hono;
  port: FakePort;
  optimizer: MemoryOptimizer;
} {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, gcBudgetRatio: 1 });
  const app = new Hono();
  app.use(memoryOptimization({ optimizer, ...options }));
  app.get("/", (c) => c.text("ok"));
  return { app, port, optimizer };
}

const cleanups = (optimizer: MemoryOptimizer): number[] => {
  const { performed, skipped } = optimizer.getMemoryStats().cleanups;
  return [performed, skipped];
};

test("by count: every cleanupThreshold requests, behind the response", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 10, cleanupIntervalSeconds: 0 });
  await send(app, port, 9);
  assert.equal(cleanups(optimizer), [0, 0]);
  await app.request("/");
  assert.equal(cleanups(optimizer), [0, 0]);
  port.runDeferred();
  assert.equal(cleanups(optimizer), [1, 0]);
  assert.equal(port.collections, ["major"]);
  assert.is(optimizer.getMemoryStats().cleanups.freedBytes, 40 * MB);
});

test("where nobody named a count it collects nothing, until collections go by counts", async () => {
  const { app, port, optimizer } = make({});
  await send(app, port, 1000);
  assert.equal(cleanups(optimizer), [1, 0]);
  assert.equal(port.collections, []);
  optimizer.collectByCount();
  port.advance(10_000);
  await send(app, port, 1000);
  assert.equal(cleanups(optimizer), [2, 0]);
  assert.ok(port.collections.includes("major"));
});

test("what one does: idle objects that nobody needed go, and a major collection is due", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 5, cleanupIntervalSeconds: 0 });
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  const held = Array.from({ length: 8 }, () => pool.acquire());
  for (const object of held) pool.release(object);
  await send(app, port, 5);
  assert.is(pool.getStats().poolSize, 8, "all were needed since the pool was made");
  const few = [pool.acquire(), pool.acquire()];
  for (const object of few) pool.release(object);
  port.advance(10_000);
  await send(app, port, 5);
  assert.is(pool.getStats().poolSize, 2);
  assert.equal(port.collections, ["major", "major"]);
});

test("with requests in flight it lets go of what is idle; the collection waits for its moment", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 5, cleanupIntervalSeconds: 0 });
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  pool.release(pool.acquire());
  pool.trim();
  const slow = await open(app);
  await send(app, port, 5);
  assert.is(pool.getStats().poolSize, 0);
  assert.equal(port.collections, []);
  slow.end();
  port.runDeferred();
  assert.equal(port.collections, ["major"]);
});

test("by time: every cleanupIntervalSeconds, where requests have finished since", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 0, cleanupIntervalSeconds: 60 });
  port.advance(300_000);
  assert.equal(cleanups(optimizer), [0, 0], "no request, no clean-up");
  await send(app, port, 3);
  port.advance(59_000);
  assert.equal(cleanups(optimizer), [0, 0]);
  port.advance(2000);
  assert.equal(cleanups(optimizer), [1, 0]);
  port.advance(600_000);
  assert.equal(cleanups(optimizer), [1, 0]);
  for (let minute = 0; minute < 5; minute++) {
    await send(app, port);
    port.advance(61_000);
  }
  assert.equal(cleanups(optimizer), [6, 0]);
});

test("the defaults are the guide's: 1000 requests, 300 seconds", async () => {
  const { app, port, optimizer } = make({});
  await send(app, port, 999);
  assert.equal(cleanups(optimizer), [0, 0]);
  await send(app, port);
  assert.equal(cleanups(optimizer), [1, 0]);
  await send(app, port);
  port.advance(299_000);
  assert.equal(cleanups(optimizer), [1, 0]);
  port.advance(2000);
  assert.equal(cleanups(optimizer), [2, 0]);
});

test("who says never to one of them has not asked the other to collect", async () => {
  for (const never of [{ cleanupThreshold: 0 }, { cleanupIntervalSeconds: 0 }]) {
    const { app, port, optimizer } = make(never);
    await send(app, port, 1000);
    port.advance(301_000);
    assert.equal(cleanups(optimizer), [1, 0]);
    assert.is(optimizer.gcOptimizer.getStats().major.due, 0);
  }
});

test("memoryGovernance: by time as well", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const app = new Hono();
  const memoryOptimization = { cleanupThreshold: 0, cleanupIntervalSeconds: 60 };
  app.use(memoryGovernance({ optimizer, memoryOptimization }));
  app.get("/", (c) => c.text("ok"));
  await send(app, port, 3);
  port.advance(59_000);
  assert.equal(cleanups(optimizer), [0, 0]);
  port.advance(2000);
  assert.equal(cleanups(optimizer), [1, 0]);
});

test("0 is never", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 0, cleanupIntervalSeconds: 0 });
  await send(app, port, 2000);
  port.advance(1_000_000);
  assert.equal(cleanups(optimizer), [0, 0]);
});

test("a clean-up that frees little makes the next 1, 3, 7 sit out; what it cannot judge it does not", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 1, cleanupIntervalSeconds: 0 });
  port.freedBytes.major = 1000;
  const performed: number[] = [];
  for (let due = 1; due <= 20; due++) {
    port.advance(10_000);
    const before = cleanups(optimizer)[0]!;
    await send(app, port);
    if (cleanups(optimizer)[0]! > before) performed.push(due);
  }
  // 1, 4 and 11 collected and freed little. 3, 8, 9 and 10 performed no collection: it was not worth it then.
  assert.equal(performed, [1, 3, 4, 8, 9, 10, 11, 19, 20]);
  assert.equal(cleanups(optimizer), [9, 11]);
  assert.is(port.collections.length, 3);

  const good = make({ cleanupThreshold: 1, cleanupIntervalSeconds: 0 });
  for (let due = 1; due <= 10; due++) {
    good.port.advance(10_000);
    await send(good.app, good.port);
  }
  assert.equal(cleanups(good.optimizer), [10, 0]);
});

test("disabled: nothing more, and enabled again it goes on", async () => {
  const { app, port, optimizer } = make({ cleanupThreshold: 1, cleanupIntervalSeconds: 60 });
  optimizer.disable();
  await send(app, port, 10);
  port.advance(100_000);
  assert.equal(cleanups(optimizer), [0, 0]);
  assert.is(optimizer.getMemoryStats().requests.started, 0);
  optimizer.enable();
  await send(app, port);
  assert.equal(cleanups(optimizer), [1, 0]);
});

test.run();
