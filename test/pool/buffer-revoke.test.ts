import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { BufferPool, type BufferPoolOptions } from "../../src/index.ts";
import { codeOf } from "../support/throws.ts";

function create(options: Partial<BufferPoolOptions> = {}): BufferPool {
  return new BufferPool(createCore(), { name: "buffers", ...options });
}

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

test.run();
