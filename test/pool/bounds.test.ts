import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool, type ObjectPoolOptions, WeakCache } from "../../src/index.ts";
import { throwsCode } from "../support/throws.ts";

interface Box {
  id: number;
}

const core = createCore();

function boxes(options: Partial<ObjectPoolOptions<Box>> = {}, now?: () => number): ObjectPool<Box> {
  let id = 0;
  const given = { name: "boxes", factory: () => ({ id: ++id }), ...options };
  return new ObjectPool<Box>(core, given, now ? { now } : {});
}

function promise<T>(value: T): T {
  return Promise.resolve(value) as T;
}

test("maxTotal bounds what is idle and in use together", () => {
  const pool = boxes({ maxTotal: 3, maxSize: 2 });
  const held = [pool.acquire(), pool.acquire(), pool.acquire()];
  throwsCode(() => pool.acquire(), "POOL_EXHAUSTED", "boxes", "3");
  throwsCode(() => pool.acquireHandle(), "POOL_EXHAUSTED", "boxes", "3");
  assert.is(pool.getStats().inUse, 3);
  pool.release(held[0]!);
  assert.is(pool.acquire(), held[0]);
  for (const box of held) pool.release(box);
  assert.is(pool.getStats().poolSize, 2);
});

test("more in use than the table has places: every way to take goes on, and its leases end as ever", () => {
  const gone: Box[] = [];
  const pool = boxes({ maxSize: 1, dispose: (box) => void gone.push(box) });
  const placed = Array.from({ length: 1000 }, () => pool.acquire());
  const [byHandle, byObject] = [pool.acquireHandle(), pool.acquireHandle()];
  const [lease, lent] = [pool.lease(), pool.lease()];
  const { value } = lent;
  const held = pool.get(byObject);
  const loose = pool.acquire();
  pool.use(({ id }) => assert.is(id, 1006));
  assert.equal([pool.getStats().inUse, pool.getStats().overflow, pool.getStats().highWater], [1005, 5, 1006]);
  assert.is(new Set([pool.get(byHandle), held, lease.value, value, loose, ...placed]).size, 1005);

  pool.releaseHandle(byHandle);
  pool.release(held);
  lease.release();
  pool.release(value);
  pool.discard(loose);
  for (const handle of [byHandle, byObject]) {
    throwsCode(() => pool.get(handle), "STALE_HANDLE");
    throwsCode(() => pool.releaseHandle(handle), "DOUBLE_RELEASE");
  }
  for (const ended of [lease, lent]) {
    throwsCode(() => ended.value, "STALE_HANDLE");
    throwsCode(() => ended.release(), "DOUBLE_RELEASE");
  }
  assert.is(pool.getStats().doubleReleases, 4);
  throwsCode(() => pool.releaseHandle(byObject + 100), "STALE_HANDLE");
  assert.equal(
    gone.map(({ id }) => id),
    [1006, 1001, 1002, 1003, 1004],
    "let go of, but for the discarded one",
  );
  for (const box of placed) pool.release(box);
  const { inUse, overflow, poolSize, discarded, created, abandoned } = pool.getStats();
  assert.equal([inUse, overflow, poolSize, discarded, created, abandoned], [0, 0, 1, 1005, 1006, 1]);
});

test("a lease above the table's places has ended although its object is in the pool again, and once the pool is closed", () => {
  let made: Box | undefined;
  const pool = boxes({ maxSize: 1, factory: () => made ?? { id: 0 } });
  const placed = Array.from({ length: 1000 }, () => pool.acquire());
  made = { id: 1 };
  const early = pool.lease();
  early.release();
  const late = pool.lease();
  assert.is(late.value, made);
  throwsCode(() => early.value, "STALE_HANDLE");
  made = undefined;
  const handle = pool.acquireHandle();
  for (const box of placed) pool.release(box);
  pool.close();
  throwsCode(() => late.value, "STALE_HANDLE");
  throwsCode(() => pool.get(handle), "STALE_HANDLE");
  late.release();
  pool.releaseHandle(handle);
});

test("leases above the table's places are watched like others", () => {
  let nowMs = 0;
  const pool = boxes({ maxSize: 1, leakDetection: "full", leakThresholdMs: 1000 }, () => nowMs);
  for (let i = 0; i < 1000; i++) pool.acquireHandle();
  const held = [pool.acquireHandle(), pool.acquireHandle()];
  const leases = [pool.lease(), pool.lease()];
  pool.releaseHandle(held[0]!);
  leases[0]!.release();
  nowMs = 2000;
  pool.tick(nowMs);
  assert.is(pool.getStats().leaked, 1002);
  pool.release(pool.get(held[1]!));
  leases[1]!.release();
  pool.tick(nowMs);
  assert.equal([pool.getStats().leaked, pool.getStats().inUse], [1002, 1000]);
});

test("what is let go of is disposed of once, whatever the way", () => {
  const gone: number[] = [];
  let failing = false;
  const pool = boxes({
    maxSize: 2,
    dispose: ({ id }) => void gone.push(id),
    reset() {
      if (failing) throw new Error("reset");
    },
  });
  const [a, b, c, d] = [pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()];
  for (const box of [a, b, c]) pool.release(box);
  assert.equal(gone, [3], "above maxSize");
  failing = true;
  pool.release(d);
  assert.equal(gone, [3, 4], "failed to reset");
  failing = false;
  pool.resize(1);
  assert.equal(gone, [3, 4, 1], "the one idle longest");
  pool.clear();
  assert.equal(gone, [3, 4, 1, 2]);
  const [e, f] = [pool.acquire(), pool.acquire()];
  pool.release(e);
  pool.close();
  pool.release(f);
  pool.release(f);
  assert.equal(gone, [3, 4, 1, 2, 5, 6], "closed, and given back after that");
});

test("a factory may bring its own dispose; one that throws is counted and leaves no hole", () => {
  const pool = new ObjectPool<Box>(core, {
    name: "boxes",
    factory: {
      create: () => ({ id: 0 }),
      dispose() {
        throw new Error("dispose");
      },
    },
    maxSize: 3,
  });
  const held = [pool.acquire(), pool.acquire(), pool.acquire(), pool.acquire()];
  for (const box of held) pool.release(box);
  assert.is(pool.clear(), 3);
  const { disposeFailures, created, discarded, poolSize, inUse } = pool.getStats();
  assert.equal([disposeFailures, created, discarded, poolSize, inUse], [4, 4, 4, 0, 0]);
});

test("discard: ended, counted, not disposed of, never handed out again", () => {
  const gone: number[] = [];
  const pool = boxes({ dispose: ({ id }) => void gone.push(id) });
  const [kept, abandoned] = [pool.acquire(), pool.acquire()];
  pool.discard(abandoned);
  pool.release(kept);
  throwsCode(() => pool.discard(kept), "DOUBLE_RELEASE");
  throwsCode(() => pool.discard(abandoned), "FOREIGN_OBJECT");
  throwsCode(() => pool.release(abandoned), "FOREIGN_OBJECT");
  const again = [pool.acquire(), pool.acquire(), pool.acquire()];
  assert.not.ok(again.includes(abandoned));
  const stats = pool.getStats();
  assert.equal([stats.abandoned, stats.discarded, stats.inUse, gone.length], [1, 1, 3, 0]);
});

test("idle objects age out", () => {
  let nowMs = 0;
  const pool = boxes({ maxIdleMs: 1000 }, () => nowMs);
  const held = [pool.acquire(), pool.acquire(), pool.acquire()];
  for (const box of held) pool.release(box);
  const busy = (): void => {
    for (let i = 0; i < 10; i++) {
      nowMs += 100;
      pool.release(pool.acquire());
      pool.tick(nowMs);
    }
  };
  busy();
  assert.is(pool.getStats().poolSize, 3, "all three were in use within the last second");
  busy();
  assert.is(pool.getStats().poolSize, 1, "two were not");
  nowMs += 5000;
  pool.tick(nowMs);
  pool.tick(nowMs + 1000);
  assert.is(pool.getStats().poolSize, 0);
  const forever = boxes({ maxIdleMs: 0 });
  forever.release(forever.acquire());
  for (let ms = 0; ms < 1e9; ms += 1e8) forever.tick(ms);
  assert.is(forever.getStats().poolSize, 1);
});

test("a factory that makes a promise is told so, and takes no place", () => {
  const pool = boxes({ factory: () => promise({ id: 1 }) });
  for (let i = 0; i < 300; i++) throwsCode(() => pool.acquire(), "NOT_AN_OBJECT", "promise", "accepted");
  const { created, inUse, highWater, poolSize } = pool.getStats();
  assert.equal([created, inUse, highWater, poolSize], [0, 0, 0, 0]);
});

test("a reset that answers with a promise is told so, and its object is not kept", () => {
  const pool = boxes({ reset: () => promise(undefined) });
  const box = pool.acquire();
  throwsCode(() => pool.release(box), "NOT_AN_OBJECT", "promise", "accepted");
  throwsCode(() => pool.release(box), "FOREIGN_OBJECT");
  const { inUse, poolSize, discarded, resetFailures } = pool.getStats();
  assert.equal([inUse, poolSize, discarded, resetFailures], [0, 0, 1, 1]);
});

test("an object that a factory failed to make does not count as in use", () => {
  let fails = false;
  const pool = boxes({
    factory() {
      if (fails) throw new Error("factory");
      return { id: 0 };
    },
  });
  const held = [pool.acquire(), pool.acquire()];
  fails = true;
  assert.throws(() => pool.acquire(), "factory");
  assert.throws(() => pool.acquireHandle(), "factory");
  assert.is(pool.getStats().highWater, 2);
  for (const box of held) pool.release(box);
  assert.is(pool.getStats().highWater, 2);
});

test("an object is in one pool at a time; once let go of, in another", () => {
  const one = boxes({ maxSize: 0 });
  const box = one.acquire();
  const other = boxes({ factory: () => box });
  throwsCode(() => other.acquire(), "NOT_AN_OBJECT", "already");
  throwsCode(() => other.release(box), "FOREIGN_OBJECT");
  one.release(box);
  assert.is(other.acquire(), box);
  other.release(box);
  throwsCode(() => one.release(box), "FOREIGN_OBJECT");
});

test("frozen objects, proxies, functions and what inherits from a pooled object", () => {
  for (const make of [
    () => Object.freeze({ map: new Map() }),
    () => new Proxy({}, {}),
    () => () => 1,
    () => Object.create(null) as object,
    () => new Map(),
    () => [],
  ]) {
    const pool = new ObjectPool<object>(core, { name: "odd", factory: make, maxSize: 2 });
    const object = pool.acquire();
    throwsCode(() => pool.release(Object.create(object) as object), "FOREIGN_OBJECT");
    throwsCode(() => pool.release(new Proxy(object, {})), "FOREIGN_OBJECT");
    pool.release(object);
    throwsCode(() => pool.release(object), "DOUBLE_RELEASE");
    assert.is(pool.acquire(), object);
    assert.equal(Reflect.ownKeys(object), Reflect.ownKeys(make()), "nobody sees the mark");
  }
});

test("what the pool knows of its idle objects: their bytes, where it was told", () => {
  const pool = boxes({ objectBytes: 4096 });
  const held = [pool.acquire(), pool.acquire()];
  for (const box of held) pool.release(box);
  assert.is(pool.getStats().idleBytes, 8192);
});

test("what surrounds a pool or a cache is an object, or left out", () => {
  for (const wrong of [null, 5, "host", [], true]) {
    const [host, given] = [wrong as never, { name: "boxes", factory: () => ({ id: 1 }) }];
    throwsCode(() => new ObjectPool(core, given, host), "INVALID_OPTION", "host is ", "an object");
    throwsCode(
      () => new WeakCache(core, { name: "boxes" }, host),
      "INVALID_OPTION",
      "owner is ",
      "an object",
    );
  }
});

test.run();
