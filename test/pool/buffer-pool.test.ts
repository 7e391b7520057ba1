import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { BufferPool, type BufferPoolOptions } from "../../src/index.ts";
import { type Random, randomSteps } from "../support/random.ts";
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

/** Bytes that the model knows: what each open view was filled with. */
function model(resizable: boolean): (random: Random, step: number) => void {
  const maxIdleBytes = 64 * KIB;
  const pool = create({ maxIdleBytes, maxBufferBytes: 16 * KIB, resizable });
  const open: { view: Uint8Array; mark: number }[] = [];
  const buffers = new Set<ArrayBufferLike>();
  const stale: Uint8Array[] = [];
  let acquired = 0;
  return (random, step) => {
    const what = random.next();
    if (what < 0.5 && open.length < 30) {
      const length = random.int(1, random.chance(0.05) ? 20 * KIB : 6 * KIB);
      const view = pool.acquire(length);
      acquired += 1;
      assert.is(view.length, length);
      assert.not(buffers.has(view.buffer), "no buffer is handed out twice");
      assert.is(view.indexOf(1), -1);
      assert.ok(view[0] === 0 && view[length - 1] === 0 && view[length >> 1] === 0);
      const mark = random.int(1, 255);
      view.fill(mark);
      buffers.add(view.buffer);
      open.push({ view, mark });
    } else if (what < 0.97 && open.length > 0) {
      const { view, mark } = open.splice(random.int(0, open.length - 1), 1)[0]!;
      assert.ok(view[0] === mark && view[view.length - 1] === mark, "nobody else wrote here");
      buffers.delete(view.buffer);
      pool.release(view);
      stale.push(view);
      if (stale.length > 20) stale.shift();
    } else if (what < 0.985) {
      pool.trim();
    } else if (what < 0.99) {
      pool.clear();
    }
    for (const view of step % 16 === 0 ? stale : []) assert.is(view.length, 0);
    if (step % 8 !== 0) return;
    const stats = pool.getStats();
    const idle = stats.classes.reduce((sum, one) => sum + one.idle, 0);
    assert.is(stats.created + stats.reused, acquired);
    assert.is(stats.created, stats.inUse + idle + stats.discarded);
    assert.is(stats.inUse, open.length);
    assert.ok(stats.idleBytes <= maxIdleBytes);
    assert.is(
      stats.idleBytes,
      stats.classes.reduce((sum, one) => sum + one.idle * one.bufferBytes, 0),
    );
  };
}

for (const resizable of [false, true]) {
  test(`50,000 random steps${resizable ? ", resizable" : ""}`, () => {
    randomSteps(resizable ? 41 : 40, 50_000, model(resizable));
  });
}

test.run();
