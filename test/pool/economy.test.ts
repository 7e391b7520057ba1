import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool, type ObjectPoolOptions } from "../../src/index.ts";
import { throwsCode } from "../support/throws.ts";

interface Box {
  id: number;
}

const core = createCore();

/** A pool whose factory and reset take what the test says, on a clock that stands still otherwise. */
class Timed {
  madeNs = 100;
  resetNs = 100;
  nowMs = 1000;
  made = 0;
  readonly pool: ObjectPool<Box>;

  constructor(options: Partial<ObjectPoolOptions<Box>> = {}) {
    const given: ObjectPoolOptions<Box> = {
      name: "timed",
      factory: () => {
        this.nowMs += this.madeNs / 1e6;
        return { id: ++this.made };
      },
      reset: () => {
        this.nowMs += this.resetNs / 1e6;
      },
      ...options,
    };
    this.pool = new ObjectPool<Box>(core, given, { now: () => this.nowMs });
  }

  /** Lets time pass, and tells the pool; the mode after that. */
  pass(ms: number): string {
    this.nowMs += ms;
    this.pool.tick(this.nowMs);
    return this.pool.getStats().mode;
  }

  /** Acquires until the mode is another one, looked at every 64th time; `undefined` where `most` do not change it. */
  until(most: number): number | undefined {
    const { mode } = this.pool.getStats();
    for (let i = 1; i <= most; i++) {
      this.pool.release(this.pool.acquire());
      if (i % 64 === 0 && this.pool.getStats().mode !== mode) return i;
    }
    return undefined;
  }
}

test("a pool that loses goes out of the way within 10,000 acquires, and says what it measured", () => {
  const timed = new Timed();
  timed.resetNs = 200;
  const acquires = timed.until(10_000);
  assert.is(acquires, 3 * 8 * 128, "three windows of eight samples, one in 128 acquires");
  const { mode, factoryNs, pooledNs, poolSize, inUse, created, discarded } = timed.pool.getStats();
  assert.is(mode, "bypass");
  assert.ok(Math.abs(factoryNs! - 100) < 1, `${factoryNs} ns to make`);
  assert.ok(Math.abs(pooledNs! - 200) < 1, `${pooledNs} ns to reuse`);
  assert.equal([poolSize, inUse, created - discarded], [0, 0, 0], "nothing is kept");
});

test("two windows that were taken for won do not keep it beyond 10,000 acquires", () => {
  const timed = new Timed();
  for (let i = 0; i < 2 * 8 * 128; i++) timed.pool.release(timed.pool.acquire());
  timed.resetNs = 200;
  assert.ok(timed.until(10_000 - 2 * 8 * 128));
});

test("in bypass an acquire calls the factory and a release does nothing", () => {
  let made = 0;
  const factory = (): Box => ({ id: ++made });
  const pool = new ObjectPool<Box>(core, { name: "boxes", factory, mode: "bypass" });
  const [a, b] = [pool.acquire(), pool.acquire()];
  assert.is.not(a, b);
  for (const given of [a, a, { id: 0 }]) pool.release(given);
  assert.is(
    pool.use(({ id }) => id),
    3,
  );
  const { inUse, created, poolSize } = pool.getStats();
  assert.equal([made, inUse, created, poolSize], [3, 0, 0, 0]);
  pool.close();
  throwsCode(() => pool.acquire(), "CLOSED");
});

test("an object in use when the bypass begins comes back as ever", () => {
  const timed = new Timed();
  timed.resetNs = 200;
  const held = timed.pool.acquire();
  const handle = timed.pool.acquireHandle();
  timed.until(10_000);
  assert.is(timed.pool.getStats().inUse, 2);
  timed.pool.release(timed.pool.acquire());
  timed.pool.release(held);
  assert.is(timed.pool.getStats().inUse, 1);
  throwsCode(() => timed.pool.release(held), "DOUBLE_RELEASE");
  assert.ok(timed.pool.get(handle));
  timed.pool.releaseHandle(handle);
  assert.is(timed.pool.getStats().inUse, 0);
});

test("a pool that was bypassed still refuses what is of another pool, and what is no object", () => {
  const timed = new Timed();
  const other = new Timed();
  timed.resetNs = 200;
  const held = timed.pool.acquire();
  const past: Box[] = [];
  timed.until(10_000);
  past.push(timed.pool.acquire());
  const foreign = other.pool.acquire();
  throwsCode(() => timed.pool.release(foreign), "FOREIGN_OBJECT");
  timed.pool.release(held);
  timed.pool.release(foreign);
  assert.is(timed.pass(1000), "pooling");
  throwsCode(() => timed.pool.release(foreign), "FOREIGN_OBJECT");
  throwsCode(() => timed.pool.release(7 as unknown as Box), "FOREIGN_OBJECT");
  for (const box of past) timed.pool.release(box);
  assert.is(other.pool.getStats().inUse, 1);
});

test("after a rest it is tried again, and stays at work where it wins by then", () => {
  const timed = new Timed();
  timed.resetNs = 200;
  timed.until(10_000);
  timed.madeNs = 10_000;
  assert.is(timed.pass(990), "bypass");
  assert.is(timed.pass(11), "pooling");
  assert.is(timed.until(200_000), undefined, "no flapping");
  const { mode, factoryNs } = timed.pool.getStats();
  assert.is(mode, "pooling");
  assert.ok(Math.abs(factoryNs! - 10_000) < 10);
});

test("the counts add up through a bypass, which the statistics tell of: what came and went in it is not counted", () => {
  const timed = new Timed();
  const check = (bypassedMs: number, inUse: number): void => {
    const stats = timed.pool.getStats();
    assert.ok(Math.abs(stats.bypassedMs - bypassedMs) < 0.01, `${stats.bypassedMs} ms`);
    assert.is(stats.inUse, inUse);
    assert.is(stats.created, stats.inUse + stats.poolSize + stats.discarded);
  };
  timed.resetNs = 200;
  const before = timed.pool.acquire();
  timed.until(10_000);
  const since = timed.nowMs;
  const within = timed.pool.acquire();
  const { created } = timed.pool.getStats();
  timed.nowMs = since + 400;
  check(400, 1);
  timed.pool.release(before);
  check(400, 0);
  timed.madeNs = 10_000;
  timed.nowMs = since;
  assert.is(timed.pass(1000), "pooling");
  timed.pool.release(within);
  timed.pass(500);
  check(1000, 0);
  assert.is(timed.pool.getStats().created, created, "neither what was made within the bypass is");
  const after = timed.pool.acquire();
  check(1000, 1);
  timed.pool.release(after);
  timed.pool.close();
  check(1000, 0);
});

test("what only comes level stays out, for twice as long each time", () => {
  const timed = new Timed();
  timed.resetNs = 200;
  timed.until(10_000);
  timed.resetNs = 100;
  for (const restMs of [1000, 2000, 4000]) {
    assert.is(timed.pass(restMs - 10), "bypass");
    assert.is(timed.pass(11), "pooling");
    const trial = timed.until(10_000)!;
    assert.ok(trial <= 128, `on probation for ${trial}`);
  }
});

test("what only comes level stays at work", () => {
  assert.is(new Timed().until(300_000), undefined);
});

test("a mode can be forced either way", () => {
  const pooling = new Timed({ mode: "pooling" });
  pooling.resetNs = 1e6;
  assert.is(pooling.until(20_000), undefined);
  assert.is(pooling.made, 1, "and nothing is made to measure");
  const bypass = new Timed({ mode: "bypass" });
  assert.is(bypass.pool.getStats().mode, "bypass");
  assert.is(bypass.until(3000), undefined);
  assert.is(bypass.made, 3000);
  assert.is(bypass.pass(1e6), "bypass");
  for (const bound of [{ maxTotal: 5 }, { dispose: () => {} }]) {
    throwsCode(() => new Timed({ mode: "bypass", ...bound }), "INVALID_OPTION", "pooling");
    const timed = new Timed(bound);
    timed.resetNs = 1e6;
    assert.is(timed.until(20_000), undefined, "what it does not know it could not bound or dispose of");
  }
});

test("measuring costs ever fewer objects where pooling wins", () => {
  const timed = new Timed();
  timed.madeNs = 5000;
  assert.is(timed.until(300_000), undefined);
  assert.ok(timed.made < 150, `${timed.made} were made in 300,000 acquires`);
  const { inUse, poolSize, created, discarded } = timed.pool.getStats();
  assert.is(created, inUse + poolSize + discarded);
});

test("a factory that throws while it is compared with the pool fails no acquire", () => {
  let failures = 0;
  const timed: Timed = new Timed({
    factory: () => {
      // The ninth is the last that somebody asked for: all others are made to be timed.
      if (++timed.made > 9) {
        failures += 1;
        throw new Error("no more of them");
      }
      return { id: timed.made };
    },
  });
  for (let i = 0; i < 8 * 128; i++) timed.pool.release(timed.pool.acquire());
  assert.is(failures, 1);
  assert.is(timed.pool.getStats().mode, "pooling");
});

test.run();
