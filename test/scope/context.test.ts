import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool, RequestMemoryContext } from "../../src/index.ts";
import { eachFailure } from "../../src/shared/suppressed.ts";
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

/** The chain of a `SuppressedError`, the last failure first; anything else is a chain of itself. */
function chain(error: unknown): string[] {
  const { name, suppressed, error: last } = error as { name: string; suppressed: unknown; error: Error };
  return name === "SuppressedError" ? [last.message, ...chain(suppressed)] : [(error as Error).message];
}

function thrownBy(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

test("every clean-up runs although others throw: one error as it is, several as the standard suppresses", async () => {
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

  const one = thrownBy(() => three(["b"]).close()) as Error;
  assert.equal([one.name, one.message], ["Error", "b failed"]);
  assert.equal(order.splice(0), ["c", "b", "a"]);

  const several = thrownBy(() => three(["a", "c"]).close());
  assert.instance(several, Error);
  assert.equal(chain(several), ["a failed", "c failed"]);
  assert.equal(
    eachFailure(several).map((error) => (error as Error).message),
    ["c failed", "a failed"],
    "for the log: in the order in which they happened",
  );
  assert.equal(order.splice(0), ["c", "b", "a"]);

  assert.equal(chain(await rejection(three(["a", "b", "c"]).closeAsync())), [
    "a failed",
    "b failed",
    "c failed",
  ]);
  assert.equal(order, ["c", "b", "a"]);
});

test("the handler's error and those of the clean-ups: as a using block has it", async () => {
  const own = new Error("handler");
  const withFailing = (throws: () => unknown): unknown => {
    const context = open();
    context.defer(fail("clean-up"));
    return context.run(throws);
  };
  const thrown = thrownBy(() =>
    withFailing(() => {
      throw own;
    }),
  ) as { suppressed: unknown };
  assert.equal(chain(thrown), ["clean-up", "handler"]);
  assert.is(thrown.suppressed, own);
  const rejected = await rejection(withFailing(() => Promise.reject(own)) as Promise<unknown>);
  assert.equal(chain(rejected), ["clean-up", "handler"]);
  const block = thrownBy(() => {
    using context = open();
    context.defer(fail("clean-up"));
    throw own;
  });
  assert.equal(chain(block), chain(thrown));

  const calm = open();
  assert.is(await rejection(calm.run(() => Promise.reject("no error object"))), "no error object");
  assert.match(String(await rejection(withFailing(async () => "done") as Promise<unknown>)), /clean-up/);
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
