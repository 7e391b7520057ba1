import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool, RequestMemoryContext } from "../../src/index.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { aliveAfterCollection } from "../support/reachable.ts";
import { rejection, throwsCode } from "../support/throws.ts";

const port = await loadPort();

function open(): RequestMemoryContext {
  return new RequestMemoryContext(undefined, port);
}

function boxes(): ObjectPool<{ id: number }> {
  let id = 0;
  return new ObjectPool(createCore(), { name: "boxes", factory: () => ({ id: ++id }) });
}

function fail(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

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

test("every clean-up runs although others throw: one error as it is, several as an AggregateError", async () => {
  const order: string[] = [];
  const three = (failing: readonly string[]): RequestMemoryContext => {
    const context = open();
    for (const name of ["a", "b", "c"]) {
      context.defer(() => {
        order.push(name);
        if (failing.includes(name)) throw new Error(`${name} failed`);
      });
    }
    return context;
  };
  const thrownBy = (act: () => void): Error => {
    try {
      act();
    } catch (error) {
      return error as Error;
    }
    throw new Error("nothing was thrown");
  };

  assert.is(thrownBy(() => three(["b"]).close()).message, "b failed");
  assert.equal(order.splice(0), ["c", "b", "a"]);

  const several = thrownBy(() => three(["a", "c"]).close()) as AggregateError;
  assert.instance(several, AggregateError);
  assert.equal(
    several.errors.map((error: Error) => error.message),
    ["c failed", "a failed"],
  );
  assert.equal(order.splice(0), ["c", "b", "a"]);

  const late = (await rejection(three(["a", "b", "c"]).closeAsync())) as AggregateError;
  assert.is(late.errors.length, 3);
  assert.equal(order, ["c", "b", "a"]);
});

test("the handler's error stays first, those of the clean-ups go along as its cause", async () => {
  const own = new Error("handler");
  const run = (throws: (context: RequestMemoryContext) => unknown): unknown => {
    const context = open();
    context.defer(fail("clean-up"));
    return context.run(() => throws(context));
  };
  for (const cause of [undefined, new Error("cause")]) {
    own.cause = cause;
    try {
      run(() => {
        throw own;
      });
      assert.unreachable();
    } catch (error) {
      assert.is(error, own);
      assert.is((own.cause as Error).message, cause ? "cause" : "clean-up");
    }
    own.cause = cause;
    assert.is(await rejection(run(() => Promise.reject(own)) as Promise<unknown>), own);
    assert.is((own.cause as Error).message, cause ? "cause" : "clean-up");
  }
  assert.is(
    await rejection(run(() => Promise.reject("no error object")) as Promise<unknown>),
    "no error object",
  );
  assert.match(String(await rejection(run(async () => "done") as Promise<unknown>)), /clean-up/);
});

test("after the end: defer, acquire and run refuse, a second end does nothing", async () => {
  const pool = boxes();
  const context = open();
  let runs = 0;
  context.defer(() => {
    runs += 1;
    throwsCode(() => context.defer(() => {}), "CONTEXT_CLOSED");
  });
  context.close();
  context.close();
  await context.closeAsync();
  context[Symbol.dispose]();
  assert.is(runs, 1);
  throwsCode(() => context.defer(() => {}), "CONTEXT_CLOSED", "accepted");
  throwsCode(() => context.acquire(pool), "CONTEXT_CLOSED", "accepted");
  throwsCode(() => context.run(() => runs++), "CONTEXT_CLOSED", "accepted");
  assert.is(runs, 1);
  assert.is(pool.getStats().created, 0);
});

test("a pool that cannot give an object leaves nothing behind", () => {
  const context = open();
  const broken = { acquire: fail("empty"), release: () => assert.unreachable("nothing was leased") };
  assert.throws(() => context.acquire(broken), /empty/);
  context.close();
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
