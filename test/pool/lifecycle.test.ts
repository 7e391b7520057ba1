import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool, WeakCache } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { aliveAfterCollection } from "../support/reachable.ts";
import { throwsCode } from "../support/throws.ts";

interface Box {
  id: number;
}

const port = await loadPort();
const core = createCore();

function boxes(maxSize: number, onClose?: () => void): ObjectPool<Box> {
  let id = 0;
  return new ObjectPool<Box>(
    core,
    { name: "boxes", factory: () => ({ id: ++id }), maxSize },
    onClose ? { onClose } : {},
  );
}

function take(pool: ObjectPool<Box>, count: number): Box[] {
  return Array.from({ length: count }, () => pool.acquire());
}

function giveBack(pool: ObjectPool<Box>, objects: readonly Box[]): void {
  for (const object of objects) pool.release(object);
}

test("clear lets go of all idle objects; those in use stay with their holders", () => {
  const pool = boxes(10);
  const held = pool.acquire();
  giveBack(pool, take(pool, 5));
  assert.is(pool.clear(), 5);
  assert.is(pool.clear(), 0);
  const { poolSize, inUse, discarded } = pool.getStats();
  assert.equal({ poolSize, inUse, discarded }, { poolSize: 0, inUse: 1, discarded: 5 });
  pool.release(held);
  assert.is(pool.acquire(), held);
});

test("trim lets go of what nobody needed since the last trim, oldest first", () => {
  const pool = boxes(10);
  const all = take(pool, 6);
  giveBack(pool, all);
  assert.is(pool.trim(), 0, "all six were needed since the pool was made");
  giveBack(pool, take(pool, 2));
  assert.is(pool.trim(), 4);
  assert.is(pool.trim(), 2, "nobody needed the last two");
  assert.is(pool.getStats().poolSize, 0);

  giveBack(pool, take(pool, 3));
  pool.trim();
  const newest = pool.acquire();
  pool.release(newest);
  pool.trim();
  assert.is(pool.acquire(), newest, "the newest is the one that stays");
});

test("resize: downwards lets go at once, upwards makes room", () => {
  const pool = boxes(5);
  const held = take(pool, 8);
  giveBack(pool, held);
  pool.resize(2);
  assert.is(pool.getStats().poolSize, 2);
  assert.is(pool.getStats().maxSize, 2);
  pool.resize(0);
  assert.is(pool.getStats().poolSize, 0);
  pool.release(pool.acquire());
  assert.is(pool.getStats().poolSize, 0);
  pool.resize(3000);
  giveBack(pool, take(pool, 3500));
  assert.is(pool.getStats().poolSize, 3000);
  assert.is(pool.getStats().overflow, 0);
});

test("above the planned capacity objects are handed out, counted, and let go of when given back", () => {
  const pool = boxes(10);
  const held = take(pool, 1000 + 16);
  assert.is(new Set(held).size, 1016);
  const full = pool.getStats();
  assert.equal([full.inUse, full.highWater, full.overflow, full.created], [1016, 1016, 16, 1016]);
  giveBack(pool, held);
  const after = pool.getStats();
  assert.equal(
    [after.inUse, after.overflow, after.poolSize, after.discarded],
    [0, 0, 10, 1006],
    "created = in use + idle + discarded",
  );
  throwsCode(() => pool.release(held[1015]!), "FOREIGN_OBJECT");
});

test("handles: get, release, and a late one is told apart even when the slot is in use again", () => {
  for (const reset of [
    undefined,
    (box: Box): void => {
      box.id += 100;
    },
  ]) {
    const pool = new ObjectPool<Box>(core, {
      name: "handles",
      factory: () => ({ id: 1 }),
      reset,
      maxSize: 1,
    });
    const first = pool.acquireHandle();
    const object = pool.get(first);
    assert.is(object.id, 1);
    pool.releaseHandle(first);
    assert.is(object.id, reset ? 101 : 1);
    throwsCode(() => pool.get(first), "STALE_HANDLE", "handles");
    throwsCode(() => pool.releaseHandle(first), "DOUBLE_RELEASE", "handles");

    const second = pool.acquireHandle();
    assert.is(pool.get(second), object, "the idle one is reused");
    assert.is.not(second, first);
    throwsCode(() => pool.get(first), "STALE_HANDLE");
    throwsCode(() => pool.releaseHandle(first), "STALE_HANDLE");
    assert.is(pool.get(second), object, "the open lease is untouched");
    const surplus = pool.acquireHandle();
    pool.releaseHandle(second);
    pool.releaseHandle(surplus);
    const { poolSize, inUse, discarded, doubleReleases, staleReleases } = pool.getStats();
    assert.equal([poolSize, inUse, discarded, doubleReleases, staleReleases], [1, 0, 1, 1, 1]);
  }
});

test("no number is a handle by chance", () => {
  const pool = boxes(5);
  pool.acquireHandle();
  for (const wrong of [Number.NaN, -1, 0, 1, 0.5, 2 ** 53, Number.POSITIVE_INFINITY, 2 ** 21]) {
    throwsCode(() => pool.get(wrong), "STALE_HANDLE");
    assert.throws(
      () => pool.releaseHandle(wrong),
      (error: Error) => /STALE_HANDLE|DOUBLE_RELEASE/.test((error as Error & { code: string }).code),
    );
  }
  assert.is(pool.getStats().inUse, 1);
});

test("an object leased by handle may go back as an object, and the handle ends with it", () => {
  const pool = boxes(5);
  const handle = pool.acquireHandle();
  const object = pool.get(handle);
  pool.release(object);
  throwsCode(() => pool.get(handle), "STALE_HANDLE");
  assert.throws(() => pool.releaseHandle(handle));
  assert.is(pool.acquire(), object);
  assert.throws(() => pool.releaseHandle(handle));
  assert.is(pool.getStats().inUse, 1);
});

test("close: idle objects go, releases do nothing, acquire throws, the owner hears it once", () => {
  let closed = 0;
  const pool = boxes(5, () => {
    closed += 1;
  });
  const [held, other] = take(pool, 2) as [Box, Box];
  const handle = pool.acquireHandle();
  pool.release(other);
  pool.close();
  pool.close();
  assert.is(closed, 1);
  pool.release(held);
  pool.release(held);
  pool.releaseHandle(handle);
  throwsCode(() => pool.acquire(), "CLOSED", "boxes", "accepted");
  throwsCode(() => pool.acquireHandle(), "CLOSED", "boxes");
  throwsCode(() => pool.resize(10), "CLOSED", "accepted");
  assert.is(pool.clear(), 0);
  assert.is(pool.trim(), 0);
  const { poolSize, inUse } = pool.getStats();
  assert.equal([poolSize, inUse], [0, 0]);
});

test("what is done to closed ones does not reach the core's other tables", () => {
  const own = createCore();
  const cache = new WeakCache<string, object>(own, { name: "closed" });
  cache.close();
  for (let i = 0; i < 100; i++) cache.get("nobody");
  throwsCode(() => cache.resize(5), "CLOSED");
  const pool = new ObjectPool<Box>(own, { name: "closed", factory: () => ({ id: 0 }) });
  pool.close();
  throwsCode(() => pool.acquire(), "CLOSED");
  throwsCode(() => pool.resize(2000), "CLOSED");
  const low = new Uint8Array(own.exports.memory.buffer, 0, 64);
  assert.ok(
    low.every((byte) => byte === 0),
    "the core's memory below its data stays zero",
  );
});

test("an object in use that its holder dropped can be collected, idle ones stay", async () => {
  const pool = boxes(1000);
  const drop = (): WeakRef<object>[] => take(pool, 1000).map((box) => new WeakRef(box));
  const refs = drop();
  const alive = await aliveAfterCollection(port, refs, 100);
  assert.ok(alive <= 100, `${alive} of 1000 are alive`);

  const keep = (): WeakRef<object>[] => {
    const idle = boxes(100);
    kept.push(idle);
    const taken = take(idle, 100);
    giveBack(idle, taken);
    return taken.map((box) => new WeakRef(box));
  };
  const kept: ObjectPool<Box>[] = [];
  const idle = keep();
  assert.is(await aliveAfterCollection(port, idle), 100);
  assert.is(kept[0]!.clear(), 100);
  const left = await aliveAfterCollection(port, idle, 10);
  assert.ok(left <= 10, `${left} of 100 cleared ones are alive`);
});

test.run();
