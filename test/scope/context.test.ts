import { test } from "uvu";
import * as assert from "uvu/assert";
import { RequestMemoryContext } from "../../src/index.ts";
import { boxes, fail, open, port } from "../support/contexts.ts";
import { fakePort } from "../support/port.ts";
import { aliveAfterCollection } from "../support/reachable.ts";
import { rejection, throwsCode } from "../support/throws.ts";

test("using: clean-ups run at the end of the block, last in first out", () => {
  const order: string[] = [];
  {
    using context = open();
    for (const name of ["first", "second", "third"]) context.defer(() => order.push(name));
    assert.is(context.closed, false);
    order.push("body");
  }
  assert.equal(order, ["body", "third", "second", "first"]);
});

test("using: leases return also when the block throws", () => {
  const pool = boxes();
  assert.throws(() => {
    using context = open();
    context.acquire(pool);
    context.acquire(pool);
    assert.is(pool.getStats().inUse, 2);
    throw new Error("handler");
  }, /handler/);
  assert.is(pool.getStats().inUse, 0);
  assert.is(pool.getStats().poolSize, 2);
});

test("await using: each clean-up is waited for before the next", async () => {
  const order: string[] = [];
  {
    await using context = open();
    context.defer(async () => {
      order.push("first begins");
      await Promise.resolve();
      order.push("first ends");
    });
    context.defer(async () => {
      order.push("second begins");
      await Promise.resolve();
      order.push("second ends");
    });
  }
  assert.equal(order, ["second begins", "second ends", "first begins", "first ends"]);
});

test("run: ends when fn has returned, thrown, or its promise has settled", async () => {
  const pool = boxes();
  const inUse = (): number => pool.getStats().inUse;

  const sync = open();
  assert.is(
    sync.run(() => sync.acquire(pool).id),
    1,
  );
  assert.is(inUse(), 0);
  assert.ok(sync.closed);

  const throwing = open();
  assert.throws(
    () =>
      throwing.run(() => {
        throwing.acquire(pool);
        fail("handler")();
      }),
    /handler/,
  );
  assert.is(inUse(), 0);

  const pending = open();
  let finish = (_: number): void => {};
  const promise = pending.run(() => {
    pending.acquire(pool);
    return new Promise<number>((resolve) => {
      finish = resolve;
    });
  });
  await Promise.resolve();
  assert.is(inUse(), 1, "open while the promise is pending");
  assert.is(pending.closed, false);
  finish(5);
  assert.is(await promise, 5);
  assert.is(inUse(), 0);

  const rejecting = open();
  const failed = rejecting.run(async () => {
    rejecting.acquire(pool);
    throw new Error("later");
  });
  assert.match(String(await rejection(failed)), /later/);
  assert.is(inUse(), 0);
  assert.is(pool.getStats().created, 1);
});

test("run waits for whatever has a then", async () => {
  const pool = boxes();
  for (const fails of [false, true]) {
    const context = open();
    let settle = (): void => {};
    const thenable: PromiseLike<string> = {
      // biome-ignore lint/suspicious/noThenProperty: it is what the test is about
      then: (resolve, reject) => {
        settle = () => void (fails ? reject?.("failed") : resolve?.("done"));
        return thenable as never;
      },
    };
    const result = context.run(() => {
      context.acquire(pool);
      return thenable;
    });
    await Promise.resolve();
    assert.is(pool.getStats().inUse, 1, "still held");
    settle();
    assert.is(fails ? await rejection(Promise.resolve(result)) : await result, fails ? "failed" : "done");
    assert.is(pool.getStats().inUse, 0);
  }
});

test("enableMonitoring: time and heap growth between start and end, on the port's clock", () => {
  const fake = fakePort();
  const context = new RequestMemoryContext({ enableMonitoring: true }, fake);
  assert.is(context.report, undefined, "not before the end");
  fake.nowMs += 250;
  fake.heapUsedBytes += 5000;
  context.close();
  assert.equal(context.report, { durationMs: 250, heapGrowthBytes: 5000 });
  fake.nowMs += 1000;
  context.close();
  assert.is(context.report!.durationMs, 250, "the first end counts");

  const blind = new RequestMemoryContext({ enableMonitoring: true }, fakePort({ lacks: ["heapUsed"] }));
  blind.close();
  assert.equal(blind.report, { durationMs: 0, heapGrowthBytes: undefined });

  const off = new RequestMemoryContext({}, fake);
  off.close();
  assert.is(off.report, undefined);
});

test("what is no pool and what is no port is refused, and nothing is begun", () => {
  const context = open();
  const half = { acquire: () => ({}) };
  for (const pool of [5, undefined, null, "boxes", {}, half, { release() {} }]) {
    throwsCode(() => context.acquire(pool as never), "INVALID_OPTION", "pool is", "acquire and release");
  }
  context.close();
  for (const given of [5, null, "node", {}, { now: 5 }, () => 0]) {
    const make = () => new RequestMemoryContext({}, given as never);
    throwsCode(make, "INVALID_OPTION", "RequestMemoryContext: port is", "a RuntimePort");
  }
});

test("a context that has ended keeps nothing alive", async () => {
  const contexts: RequestMemoryContext[] = [];
  const handle = (): WeakRef<object> => {
    const context = open();
    contexts.push(context);
    const request = { body: new Array(100).fill("x") };
    context.defer(() => request.body.length);
    context.acquire({ acquire: () => request, release: () => {} });
    context.close();
    return new WeakRef(request);
  };
  const refs = Array.from({ length: 200 }, handle);
  const alive = await aliveAfterCollection(port, refs, 20);
  assert.ok(alive <= 20, `${alive} of 200 requests are alive`);
  assert.ok(contexts.every((context) => context.closed));
});

test.run();
