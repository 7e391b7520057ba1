import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { type Lease, ObjectPool } from "../../src/index.ts";
import { randomSteps } from "../support/random.ts";
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

test("given back by the object, or its pool closed: the lease has ended", () => {
  const pool = create();
  const lease = pool.lease();
  pool.release(lease.value);
  assert.is(
    codeOf(() => lease.value),
    "STALE_HANDLE",
  );
  assert.is(
    codeOf(() => lease.release()),
    "DOUBLE_RELEASE",
  );
  assert.is(pool.getStats().inUse, 0);

  const late = pool.lease();
  pool.close();
  assert.is(
    codeOf(() => late.value),
    "STALE_HANDLE",
  );
  late.release();
  late[Symbol.dispose]();
  assert.is(
    codeOf(() => pool.lease()),
    "CLOSED",
  );
});

test("10,000 random steps: an ended lease never shows an object, an open one always its own", () => {
  let ids = 0;
  const pool = new ObjectPool<{ id: number }>(createCore(), {
    name: "ids",
    factory: () => ({ id: ++ids }),
    maxSize: 5,
  });
  const open: { lease: Lease<{ id: number }>; object: { id: number } }[] = [];
  const ended: Lease<{ id: number }>[] = [];
  let refused = 0;
  randomSteps(42, 10_000, (random) => {
    const choice = random.next();
    if (choice < 0.45 && open.length < 20) {
      const lease = pool.lease();
      const object = lease.value;
      assert.ok(
        open.every((other) => other.object !== object),
        "leased to one at a time",
      );
      open.push({ lease, object });
    } else if (choice < 0.85 && open.length > 0) {
      const [{ lease, object }] = open.splice(random.int(0, open.length - 1), 1) as [(typeof open)[0]];
      assert.is(lease.value, object);
      if (random.chance(0.5)) lease.release();
      else lease[Symbol.dispose]();
      if (ended.length < 100) ended.push(lease);
    } else if (ended.length > 0) {
      const lease = random.pick(ended);
      lease[Symbol.dispose]();
      assert.is(
        codeOf(() => lease.value),
        "STALE_HANDLE",
      );
      assert.is(
        codeOf(() => lease.release()),
        "DOUBLE_RELEASE",
      );
      refused += 1;
    }
    assert.is(pool.getStats().inUse, open.length);
  });
  const { doubleReleases, staleReleases } = pool.getStats();
  assert.is(doubleReleases + staleReleases, refused, "each refused one is counted");
  assert.ok(refused > 500);
});

test.run();
