import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/index.ts";
import { codeOf } from "../support/throws.ts";

function create(): ObjectPool<{ text: string }> {
  return new ObjectPool(createCore(), {
    name: "texts",
    factory: () => ({ text: "" }),
    reset: (object) => {
      object.text = "";
    },
  });
}

test("using gives the object back, also when the block throws", () => {
  const pool = create();
  const run = (fail: boolean) => {
    using lease = pool.lease();
    lease.value.text = "mine";
    assert.is(pool.getStats().inUse, 1);
    if (fail) throw new Error("block");
    return lease;
  };
  const lease = run(false);
  assert.throws(() => run(true), /block/);
  assert.is(pool.getStats().inUse, 0);
  assert.is(pool.getStats().created, 1);
  assert.is(
    codeOf(() => lease.value),
    "STALE_HANDLE",
  );
});

test("use after release throws, even when the slot is leased again", () => {
  const pool = create();
  const first = pool.lease();
  first.release();
  const second = pool.lease();
  assert.is(second.value.text, "");
  assert.is(
    codeOf(() => first.value),
    "STALE_HANDLE",
  );
  assert.is(
    codeOf(() => first.release()),
    "DOUBLE_RELEASE",
  );
  first[Symbol.dispose]();
  assert.is(pool.getStats().inUse, 1, "the second lease is untouched");
  second.release();
  assert.is(pool.getStats().poolSize, 1);
});

test.run();
