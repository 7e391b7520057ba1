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

/** Runs `act` on a runtime whose ways to move a buffer are these. */
function withMoves(transfer: unknown, clone: unknown, act: () => void): void {
  const kept = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "transfer");
  const { structuredClone: keptClone } = globalThis;
  const { prototype } = ArrayBuffer as unknown as { prototype: Record<string, unknown> };
  if (transfer === undefined) delete prototype.transfer;
  else Object.defineProperty(prototype, "transfer", { value: transfer, configurable: true, writable: true });
  globalThis.structuredClone = clone as typeof structuredClone;
  try {
    act();
  } finally {
    globalThis.structuredClone = keptClone;
    if (kept) Object.defineProperty(prototype, "transfer", kept);
    else delete prototype.transfer;
  }
}

test("without transfer it goes by structuredClone, fixed and resizable alike", () => {
  const { structuredClone } = globalThis;
  for (const resizable of [false, true]) {
    let clones = 0;
    const clone = (value: ArrayBuffer, options: { transfer: ArrayBuffer[] }): ArrayBuffer => {
      clones += 1;
      return structuredClone(value, options);
    };
    withMoves(undefined, clone, () => {
      const pool = create({ resizable });
      const view = pool.acquire(2000);
      pool.release(view.fill(1));
      assert.is(view.length, 0);
      assert.ok(pool.acquire(2048).every((byte) => byte === 0));
      const { reused, unrevoked } = pool.getStats();
      assert.equal([clones, reused, unrevoked], [1, 1, 0]);
    });
  }
});

test("a buffer that cannot be taken away from its holder goes to nobody else, and is counted", () => {
  const copies = function (this: ArrayBuffer): ArrayBuffer {
    return this.slice(0);
  };
  const throws = (): never => {
    throw new TypeError("not detachable");
  };
  const { structuredClone } = globalThis;
  const fixes = (value: ArrayBuffer): ArrayBuffer => {
    structuredClone(value, { transfer: [value] });
    return new ArrayBuffer(2048);
  };
  const hosts: [what: string, transfer: unknown, clone: unknown, resizable: boolean, left: number][] = [
    ["no way at all", undefined, undefined, false, 2000],
    ["no way at all, resizable", undefined, undefined, true, 2000],
    ["pinned: moved as a copy", copies, undefined, false, 2000],
    ["may not be moved", throws, undefined, false, 2000],
    ["may not be moved, resizable", throws, throws, true, 2000],
    ["comes back as a fixed one", undefined, fixes, true, 0],
  ];
  for (const [what, transfer, clone, resizable, left] of hosts) {
    withMoves(transfer, clone, () => {
      const pool = create({ resizable });
      const view = pool.acquire(2000).fill(1);
      pool.release(view);
      assert.is(view.length, left, what);
      assert.is.not(pool.acquire(2000).buffer, view.buffer, what);
      const { created, reused, discarded, unrevoked, idleBytes } = pool.getStats();
      assert.equal([created, reused, discarded, unrevoked, idleBytes], [2, 0, 1, 1, 0], what);
      assert.is(
        codeOf(() => pool.release(view)),
        "DOUBLE_RELEASE",
        what,
      );
    });
  }
});

test("resizable: exactly as long as asked for, up to its class, and the view follows", () => {
  const pool = create({ resizable: true });
  const view = pool.acquire(1500);
  const buffer = view.buffer as ArrayBuffer & { resize(length: number): void; maxByteLength: number };
  assert.equal([buffer.byteLength, buffer.maxByteLength, view.length], [1500, 2048, 1500]);
  buffer.resize(2048);
  view.fill(9);
  buffer.resize(10);
  assert.is(view.length, 10);
  assert.throws(() => buffer.resize(2049), RangeError);
  pool.release(view);
  const next = pool.acquire(2048);
  assert.is(next.length, 2048);
  assert.ok(next.every((byte) => byte === 0));

  (next.buffer as typeof buffer).resize(0);
  pool.release(next);
  assert.equal(
    [pool.getStats().detached, pool.getStats().idleBytes],
    [0, 2048],
    "emptied, not transferred away",
  );
  assert.is(pool.acquire(1025).length, 1025);
  assert.is(pool.getStats().created, 1);
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
