import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Box, boxes, take } from "../support/boxes.ts";
import { throwsCode } from "../support/throws.ts";

test("a reset that throws: the object is dropped and counted, the holder hears nothing", () => {
  const pool = boxes({
    reset() {
      throw new Error("cannot be cleaned");
    },
  });
  const box = pool.acquire();
  pool.release(box);
  const { poolSize, inUse, discarded, resetFailures } = pool.getStats();
  assert.equal(
    { poolSize, inUse, discarded, resetFailures },
    { poolSize: 0, inUse: 0, discarded: 1, resetFailures: 1 },
  );
  assert.is.not(pool.acquire(), box);
  throwsCode(() => pool.release(box), "FOREIGN_OBJECT");
});

test("a reset that gives its place away and throws: who has the place keeps it", () => {
  let other: Box | undefined;
  const pool = boxes({
    reset(box) {
      if (box.id !== 1) return;
      pool.discard(box);
      other = pool.acquire();
      throw new Error("cannot be cleaned");
    },
  });
  pool.release(pool.acquire());
  assert.is(pool.getStats().inUse, 1);
  pool.release(other!);
  const { poolSize, inUse, doubleReleases } = pool.getStats();
  assert.equal({ poolSize, inUse, doubleReleases }, { poolSize: 1, inUse: 0, doubleReleases: 0 });
});

test("a reset that answers with a plain value answers with no replacement", () => {
  for (const answer of [0, 1, true, "", null, 10n]) {
    const pool = boxes({ reset: () => answer as unknown as undefined });
    const box = pool.acquire();
    pool.release(box);
    assert.is(pool.acquire(), box, `reset answered ${String(answer)}`);
  }
});

test("a reset that answers with an object of the pool: dropped, never leased twice", () => {
  const shared: Box = { id: -1, uses: 0 };
  const pool = boxes({ reset: () => shared });
  for (const box of take(pool, 3)) pool.release(box);
  assert.is(pool.getStats().poolSize, 1);
  assert.is(pool.getStats().resetFailures, 2);
  const [one, two] = take(pool, 2);
  assert.is(one, shared);
  assert.is.not(two, shared);
});

test("a replacement that is not kept is disposed of in place of what it replaced", () => {
  const disposed: number[] = [];
  const pool = boxes({
    maxSize: 1,
    reset: (box) => ({ ...box, uses: box.uses + 1 }),
    dispose: ({ id, uses }) => void disposed.push(id * 10 + uses),
  });
  for (const box of take(pool, 2)) pool.release(box);
  assert.equal(disposed, [21], "the replacement of the second; the reset saw to the objects before them");
  pool.clear();
  assert.equal(disposed, [21, 11]);
});

test.run();
