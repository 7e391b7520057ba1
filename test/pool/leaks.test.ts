import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { type LeakReport, ObjectPool, type ObjectPoolOptions } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

interface Box {
  id: number;
}

const core = createCore();
const port = await loadPort();

function watched(options: Partial<ObjectPoolOptions<Box>>) {
  const leaks: LeakReport[] = [];
  const warnings: object[] = [];
  const errors: { err: Error }[] = [];
  let nowMs = 0;
  const pool = new ObjectPool<Box>(
    core,
    {
      name: "boxes",
      factory: () => ({ id: 1 }),
      mode: "pooling",
      onLeak: (leak) => leaks.push(leak),
      ...options,
    },
    {
      now: () => nowMs,
      logger: {
        info() {},
        error: (fields) => errors.push(fields as { err: Error }),
        warn: (fields) => warnings.push(fields),
      },
    },
  );
  const pass = (ms: number): void => {
    nowMs += ms;
    pool.tick(nowMs);
  };
  return { pool, leaks, warnings, errors, pass };
}

test("full: each lease held for too long is reported once, by callback, log and statistics", () => {
  const { pool, leaks, warnings, pass } = watched({ leakDetection: "full", leakThresholdMs: 1000 });
  const [held, inTime] = [pool.acquire(), pool.acquire()];
  const handle = pool.acquireHandle();
  pass(1000);
  assert.is(leaks.length, 0);
  pool.release(inTime);
  for (let i = 0; i < 5; i++) pass(600);
  assert.is(leaks.length, 2);
  assert.is(warnings.length, 2);
  assert.is(pool.getStats().leaked, 2);
  const [first] = leaks;
  assert.equal([first!.pool, first!.reason, first!.heldMs, first!.stack], ["boxes", "held", 1600, undefined]);
  pool.release(held);
  pool.releaseHandle(handle);
  assert.is(pool.getStats().poolSize, 3, "they are still good");
  pool.close();
});

test("what was leased by handle and given back, or discarded, by the object is no leak", () => {
  const { pool, leaks, pass } = watched({ leakDetection: "full", leakThresholdMs: 1000 });
  const [one, other] = [pool.acquireHandle(), pool.acquireHandle()];
  pool.release(pool.get(one));
  pool.discard(pool.get(other));
  pass(2000);
  assert.equal(leaks, []);
  const { inUse, poolSize, discarded } = pool.getStats();
  assert.equal([inUse, poolSize, discarded], [0, 1, 1]);
  pool.close();
});

test("sampled: one lease in 128, and it knows where it was acquired", () => {
  const { pool, leaks, pass } = watched({ leakDetection: "sampled", leakThresholdMs: 10 });
  const held = Array.from({ length: 1280 }, () => pool.acquire());
  pass(100);
  assert.is(leaks.length, 10);
  assert.ok(
    leaks.every((leak) => leak.stack!.includes("leaks.test.ts")),
    leaks[0]!.stack,
  );
  for (const box of held) pool.release(box);
  pass(100);
  assert.is(leaks.length, 10);
});

test("off: nothing is watched", () => {
  const { pool, leaks, pass } = watched({ leakThresholdMs: 1 });
  for (let i = 0; i < 1000; i++) pool.acquire();
  pass(1000);
  assert.is(leaks.length, 0);
  assert.is(pool.getStats().leaked, 0);
});

test("a callback that throws is logged and stops nothing", () => {
  const { pool, pass, errors } = watched({
    leakDetection: "full",
    leakThresholdMs: 1,
    onLeak: () => {
      throw new Error("callback");
    },
  });
  pool.acquire();
  pool.acquire();
  pass(10);
  assert.is(pool.getStats().leaked, 2);
  assert.equal(
    errors.map(({ err }) => err.message),
    ["callback", "callback"],
  );
});

test("an object that nobody has any more is reported as collected, and its place is free again", async () => {
  const { pool, leaks } = watched({ leakDetection: "full", leakThresholdMs: 60_000 });
  const drop = (): void => {
    for (let i = 0; i < 200; i++) pool.acquire();
  };
  drop();
  for (let i = 0; i < 20 && pool.getStats().inUse > 10; i++) {
    await turn();
    port.collect("major");
    await turn();
  }
  const { inUse, created, discarded, poolSize, leaked } = pool.getStats();
  assert.ok(inUse <= 10, `${inUse} of 200 are still in use`);
  assert.is(leaks.length, 200 - inUse);
  assert.is(leaked, leaks.length);
  assert.ok(leaks.every((leak) => leak.reason === "collected"));
  assert.is(created, inUse + poolSize + discarded);
});

test("a lease by an object for using is collected with what it leased, and reported too", async () => {
  const { pool, leaks } = watched({ leakDetection: "full", leakThresholdMs: 60_000 });
  const drop = (): void => {
    for (let i = 0; i < 200; i++) pool.lease().value.id += 1;
  };
  drop();
  for (let i = 0; i < 20 && pool.getStats().inUse > 10; i++) {
    await turn();
    port.collect("major");
    await turn();
  }
  const { inUse, created, discarded, poolSize } = pool.getStats();
  assert.ok(inUse <= 10, `${inUse} of 200 are still in use`);
  assert.is(leaks.length, 200 - inUse);
  assert.ok(leaks.every((leak) => leak.reason === "collected"));
  assert.is(created, inUse + poolSize + discarded);
  for (let i = 0; i < 10; i++) pool.lease().release();
  assert.is(leaks.length, 200 - inUse, "those that were given back are not");
});

test("what was given back is not reported when it is collected", async () => {
  const { pool, leaks } = watched({ leakDetection: "full", maxSize: 0 });
  for (let i = 0; i < 200; i++) pool.release(pool.acquire());
  for (let i = 0; i < 3; i++) {
    await turn();
    port.collect("major");
  }
  await turn();
  assert.is(leaks.length, 0);
});

test.run();
