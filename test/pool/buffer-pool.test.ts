import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { BufferPool, type BufferPoolOptions } from "../../src/index.ts";
import { codeOf } from "../support/throws.ts";

const KIB = 1024;

function create(options: Partial<BufferPoolOptions> = {}): BufferPool {
  return new BufferPool(createCore(), { name: "buffers", ...options });
}

test("a released view is taken away, and the next holder sees zeros", () => {
  for (const resizable of [false, true]) {
    const pool = create({ resizable });
    const first = pool.acquire(3000);
    assert.is(first.length, 3000);
    first.fill(7);
    const whole = new Uint8Array(first.buffer);
    whole.fill(7);
    pool.release(first);
    assert.is(first.length, 0, "the view that was handed out");
    assert.is(whole.length, 0, "another view of the same buffer");
    const second = pool.acquire(4096);
    assert.ok(second.every((byte) => byte === 0));
    assert.ok(new Uint8Array(second.buffer).every((byte) => byte === 0));
    const { created, reused, unrevoked } = pool.getStats();
    assert.is(created + reused, 2);
    assert.is(reused, unrevoked === 1 ? 0 : 1, "reused unless the runtime could not take it away");
  }
});

test("double releases and foreign buffers are refused and change nothing", () => {
  const pool = create();
  const view = pool.acquire(10);
  const other = new Uint8Array(view.buffer, 0, 1);
  pool.release(other);
  assert.is(
    codeOf(() => pool.release(new Uint8Array(10))),
    "FOREIGN_OBJECT",
  );
  assert.is(
    codeOf(() => pool.release(undefined as unknown as Uint8Array)),
    "FOREIGN_OBJECT",
  );
  const again = pool.acquire(10);
  const buffer = again.buffer;
  pool.release(again);
  assert.is(buffer.byteLength, 0);
  assert.is(
    codeOf(() => pool.release(again)),
    "DOUBLE_RELEASE",
  );
  assert.is(pool.getStats().doubleReleases, 1);
  assert.is(pool.getStats().inUse, 0);
});

test("a buffer that its holder transferred away is let go of and counted", () => {
  const pool = create();
  const view = pool.acquire(100);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  pool.release(view);
  const { detached, discarded, idleBytes, inUse } = pool.getStats();
  assert.equal(
    { detached, discarded, idleBytes, inUse },
    { detached: 1, discarded: 1, idleBytes: 0, inUse: 0 },
  );
});

test("larger than the largest class: made anew, let go of", () => {
  const pool = create({ maxBufferBytes: 2 * KIB });
  const view = pool.acquire(2 * KIB + 1);
  assert.is(view.length, 2 * KIB + 1);
  pool.release(view);
  const { oversize, idleBytes, inUseBytes } = pool.getStats();
  assert.equal({ oversize, idleBytes, inUseBytes }, { oversize: 1, idleBytes: 0, inUseBytes: 0 });
});

test("lengths and options that do not fit get one error each", () => {
  const pool = create();
  for (const length of [0, -1, 1.5, Number.NaN, 2 ** 33, "5", undefined]) {
    assert.is(
      codeOf(() => pool.acquire(length as number)),
      "INVALID_OPTION",
      String(length),
    );
  }
  for (const wrong of [
    { maxIdleBytes: -1 },
    { maxIdleBytes: Number.NaN },
    { maxIdleBytes: "1" },
    { maxBufferBytes: 1000 },
    { maxBufferBytes: 2 ** 27 },
    { zeroOnRelease: 1 },
    { resizable: "yes" },
    { name: "" },
    { other: 1 },
  ]) {
    assert.is(
      codeOf(() => create(wrong as object)),
      "INVALID_OPTION",
      JSON.stringify(wrong),
    );
  }
  assert.is(pool.getStats().created, 0);
});

test("use takes the view back after a return, a throw and a promise; close ends it", async () => {
  const pool = create();
  assert.is(
    pool.use(10, (view) => view.length),
    10,
  );
  assert.throws(() =>
    pool.use(10, () => {
      throw new Error("in use");
    }),
  );
  let view: Uint8Array | undefined;
  const done = pool.use(10, async (given) => {
    view = given;
    await Promise.resolve();
  });
  assert.is(view?.length, 10, "open while the promise is");
  await done;
  assert.is(view?.length, 0);
  assert.is(pool.getStats().inUse, 0);
  const late = pool.acquire(10);
  pool.close();
  pool.release(late);
  assert.is(
    codeOf(() => pool.acquire(10)),
    "CLOSED",
  );
});

test("maxIdleBytes holds over all classes; what does not fit is let go of, and taken away all the same", () => {
  const pool = create({ maxIdleBytes: 8 * KIB });
  const give = (...lengths: number[]): Uint8Array[] => {
    const views = lengths.map((length) => pool.acquire(length));
    for (const view of views) pool.release(view);
    return views;
  };
  const views = give(4096, 2048, 1024, 1024, 1024, 16 * KIB);
  assert.ok(views.every((view) => view.length === 0));
  const { idleBytes, discarded, classes } = pool.getStats();
  assert.equal([idleBytes, discarded], [8 * KIB, 2]);
  assert.equal(
    classes.map(({ bufferBytes, idle }) => [bufferBytes, idle]),
    [
      [1024, 2],
      [2048, 1],
      [4096, 1],
      [16 * KIB, 0],
    ],
  );
  assert.is(pool.clear(), 8 * KIB);
  assert.is(pool.clear(), 0);

  const none = create({ maxIdleBytes: 0 });
  none.release(none.acquire(10));
  none.release(none.acquire(10));
  assert.equal([none.getStats().created, none.getStats().idleBytes], [2, 0]);
});

test("trim lets go of what nobody needed since the last one, by class", () => {
  const pool = create();
  const views = [1024, 1024, 1024, 4096].map((length) => pool.acquire(length));
  for (const view of views) pool.release(view);
  assert.is(pool.trim(), 0, "all were needed since the pool was made");
  pool.release(pool.acquire(1024));
  assert.is(pool.trim(), 2 * 1024 + 4096);
  assert.is(pool.trim(), 1024);
  assert.is(pool.getStats().idleBytes, 0);
});

test("zeroOnRelease: false keeps the bytes, and takes the views away all the same", () => {
  const pool = create({ zeroOnRelease: false });
  const view = pool.acquire(100).fill(5);
  pool.release(view);
  assert.is(view.length, 0);
  assert.is(pool.acquire(100)[99], 5);
});

test("above the planned capacity buffers are handed out, and let go of when given back", () => {
  const pool = create({ maxIdleBytes: 10 * KIB });
  const views = Array.from({ length: 1030 }, () => pool.acquire(1024));
  assert.is(new Set(views.map((view) => view.buffer)).size, 1030);
  const full = pool.getStats();
  assert.equal([full.inUse, full.inUseBytes, full.created, full.oversize], [1030, 1030 * KIB, 1030, 0]);
  for (const view of views) pool.release(view);
  const { inUse, inUseBytes, idleBytes, discarded } = pool.getStats();
  assert.equal([inUse, inUseBytes, idleBytes, discarded], [0, 0, 10 * KIB, 1020]);
  assert.ok(views.every((view) => view.length === 0));
});

test("what the host has no memory for is one clear error, and the pool is as before", () => {
  const { ArrayBuffer: kept } = globalThis;
  const pool = create();
  class NoMemory {
    constructor() {
      throw new RangeError("Array buffer allocation failed");
    }
  }
  for (const length of [1000, 2 * KIB * KIB]) {
    globalThis.ArrayBuffer = NoMemory as unknown as typeof ArrayBuffer;
    let code: string | undefined;
    try {
      code = codeOf(() => pool.acquire(length));
    } finally {
      globalThis.ArrayBuffer = kept;
    }
    assert.is(code, "OUT_OF_MEMORY");
  }
  const { created, inUse, inUseBytes, discarded, oversize, reuseRatio } = pool.getStats();
  assert.equal([created, inUse, inUseBytes, discarded, oversize, reuseRatio], [0, 0, 0, 0, 0, undefined]);
  assert.is(pool.acquire(1000).length, 1000);
});

test.run();
