import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/index.ts";
import { type Box, boxes, take } from "../support/boxes.ts";
import { throwsCode } from "../support/throws.ts";

const core = createCore();

test("the guide's pool: acquire, release, reuse ratio", () => {
  const pool = new ObjectPool<{ headers: Record<string, string>; data: string | null }>(core, {
    name: "request_objects",
    factory: () => ({ headers: {}, data: null }),
    reset(object) {
      object.headers = {};
      object.data = null;
    },
    maxSize: 100,
  });
  assert.is(pool.getStats().reuseRatio, undefined, "before the first acquire there is no ratio");
  const first = pool.acquire();
  first.data = "secret";
  pool.release(first);
  const again = pool.acquire();
  assert.is(again, first);
  assert.is(again.data, null, "reset between two holders");
  assert.equal(pool.getStats(), {
    poolSize: 0,
    maxSize: 100,
    inUse: 1,
    highWater: 1,
    created: 1,
    reused: 1,
    reuseRatio: 0.5,
    discarded: 0,
    resetFailures: 0,
    doubleReleases: 0,
    staleReleases: 0,
    overflow: 0,
    mode: "pooling",
    factoryNs: undefined,
    pooledNs: undefined,
    bypassedMs: 0,
    idleBytes: undefined,
    abandoned: 0,
    leaked: 0,
    disposeFailures: 0,
  });
});

test("last in, first out", () => {
  const pool = boxes();
  const [a, b, c] = take(pool, 3) as [Box, Box, Box];
  for (const box of [b, a, c]) pool.release(box);
  assert.equal(
    take(pool, 4).map((box) => box.id),
    [c.id, a.id, b.id, 4],
  );
});

test("maxSize is what is kept idle; objects in use do not count", () => {
  for (const maxSize of [0, 1, 3]) {
    const pool = boxes({ maxSize });
    for (const box of take(pool, 10)) pool.release(box);
    const { poolSize, created, discarded, inUse, highWater } = pool.getStats();
    assert.equal(
      { poolSize, created, discarded, inUse, highWater },
      { poolSize: maxSize, created: 10, discarded: 10 - maxSize, inUse: 0, highWater: 10 },
    );
  }
});

test("maxSize is 100 where nothing is said, or the owner's default", () => {
  assert.is(boxes().getStats().maxSize, 100);
  const own = new ObjectPool<Box>(core, { name: "x", factory: () => ({ id: 0, uses: 0 }) }, { maxSize: 7 });
  assert.is(own.getStats().maxSize, 7);
});

test("a factory may be an object with create and reset, called on itself", () => {
  class Factory {
    made = 0;
    create(): Box {
      this.made += 1;
      return { id: this.made, uses: 0 };
    }
    reset(box: Box): void {
      box.uses += this.made;
    }
  }
  const factory = new Factory();
  const pool = boxes({ factory });
  const box = pool.acquire();
  pool.release(box);
  assert.is(factory.made, 1);
  assert.is(box.uses, 1, "the factory's own reset ran");

  const other = boxes({
    factory,
    reset: (box) => {
      box.uses = -1;
    },
  });
  const second = other.acquire();
  other.release(second);
  assert.is(second.uses, -1, "an explicit reset takes the place of the factory's own");
});

test("the guide's buffer factory: what reset returns takes the place of a buffer that grew", () => {
  const initialSize = 16;
  const pool = new ObjectPool<{ bytes: Uint8Array }>(core, {
    name: "buffers",
    factory: {
      create: () => ({ bytes: new Uint8Array(initialSize) }),
      reset: (buffer) =>
        buffer.bytes.length > initialSize * 4 ? { bytes: new Uint8Array(initialSize) } : undefined,
    },
  });
  const buffer = pool.acquire();
  buffer.bytes = new Uint8Array(1000);
  pool.release(buffer);
  const next = pool.acquire();
  assert.is.not(next, buffer);
  assert.is(next.bytes.length, initialSize);
  throwsCode(() => pool.release(buffer), "FOREIGN_OBJECT", "buffers");
  pool.release(next);
  assert.is(pool.acquire(), next, "small enough: kept");
  assert.is(pool.getStats().created, 1);
});

test("a factory that fails leaves no hole", () => {
  const same = { id: 0, uses: 0 };
  const failures: [string, () => unknown, RegExp][] = [
    [
      "throws",
      () => {
        throw new Error("no database");
      },
      /no database/,
    ],
    ["makes nothing", () => undefined, /undefined/],
    ["makes null", () => null, /null/],
    ["makes a number", () => 5, /5/],
    ["makes a string", () => "text", /"text"/],
  ];
  for (const [what, make, message] of failures) {
    let failing = false;
    const pool = boxes({ factory: () => (failing ? make() : { id: 1, uses: 0 }) as Box });
    const held = pool.acquire();
    // `highWater` counts the place that was held while the factory ran.
    const stats = () => ({ ...pool.getStats(), highWater: undefined });
    const before = stats();
    failing = true;
    assert.throws(() => pool.acquire(), message, what);
    assert.throws(() => pool.acquireHandle(), message, what);
    assert.equal(stats(), before, `${what}: as before`);
    failing = false;
    pool.release(held);
    take(pool, 2);
    assert.is(pool.getStats().inUse, 2);
  }
  const pool = boxes({ factory: () => same });
  pool.acquire();
  throwsCode(() => pool.acquire(), "NOT_AN_OBJECT", "already");
  const { inUse, created } = pool.getStats();
  assert.equal({ inUse, created }, { inUse: 1, created: 1 });
});

test("a double release and a foreign object are refused, and nothing changes", () => {
  const pool = boxes();
  const other = boxes();
  const box = pool.acquire();
  pool.release(box);
  throwsCode(() => pool.release(box), "DOUBLE_RELEASE", "boxes", "accepted");
  assert.is(pool.getStats().doubleReleases, 1);
  assert.is(pool.getStats().poolSize, 1);
  const foreign: unknown[] = [other.acquire(), { id: 9, uses: 0 }, null, undefined, 5];
  for (const object of foreign) {
    throwsCode(() => pool.release(object as Box), "FOREIGN_OBJECT", "boxes", "accepted");
  }
  assert.is(pool.getStats().poolSize, 1);
  assert.is(pool.acquire(), box);
});

test.run();
