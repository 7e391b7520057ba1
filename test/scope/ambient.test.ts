import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { getMemoryContext, RequestMemoryContext, tryGetMemoryContext } from "../../src/index.ts";
import { useRuntime } from "../../src/shared/runtime.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { rejectsCode, throwsCode } from "../support/throws.ts";

const port = await loadPort();
useRuntime(port);

/** What the ambient look-up finds; both ways agree. */
function current(): RequestMemoryContext | undefined {
  const found = tryGetMemoryContext();
  if (found) assert.is(getMemoryContext(), found);
  return found;
}

test("outside there is none: NO_CONTEXT, or undefined", () => {
  throwsCode(() => getMemoryContext(), "NO_CONTEXT", "accepted", "run");
  assert.is(tryGetMemoryContext(), undefined);
});

test("nested code finds the innermost one, across awaits and timers", async () => {
  const outer = new RequestMemoryContext();
  const inner = new RequestMemoryContext();
  await outer.run(async () => {
    assert.is(current(), outer);
    await wait(1);
    assert.is(current(), outer);
    await inner.run(async () => {
      assert.is(current(), inner);
      await Promise.all([1, 2].map(() => wait(1).then(() => assert.is(current(), inner))));
    });
    assert.is(current(), outer);
    assert.ok(inner.closed);
    queueMicrotask(() => assert.is(current(), outer));
    await new Promise((resolve) => setTimeout(resolve, 1));
    assert.is(current(), outer);
  });
  assert.is(current(), undefined);
});

test("contexts of requests at the same time are told apart", async () => {
  const seen = await Promise.all(
    Array.from({ length: 50 }, (_, i) => {
      const context = new RequestMemoryContext();
      return context.run(async () => {
        await wait(i % 5);
        const first = current() === context;
        await Promise.resolve();
        return first && current() === context;
      });
    }),
  );
  assert.equal(new Set(seen), new Set([true]));
});

test("nothing leaks into the caller, whatever fn does", async () => {
  const context = new RequestMemoryContext();
  assert.throws(() =>
    context.run(() => {
      throw new Error("handler");
    }),
  );
  assert.is(current(), undefined);
  const pending = new RequestMemoryContext().run(() => wait(1));
  assert.is(current(), undefined);
  await pending;
  assert.is(current(), undefined);
});

test("stray async work after the end: CONTEXT_CLOSED, not the next request's", async () => {
  let stray: Promise<unknown> = Promise.resolve();
  let quiet: Promise<unknown> = Promise.resolve();
  new RequestMemoryContext().run(() => {
    stray = wait(1).then(() => getMemoryContext());
    quiet = wait(1).then(() => tryGetMemoryContext());
  });
  const refused = rejectsCode(stray, "CONTEXT_CLOSED", "ended", "accepted");
  await new RequestMemoryContext().run(() => wait(3));
  await refused;
  assert.is(await quiet, undefined);
});

test("an explicit handle is not ambient: using alone changes no look-up", () => {
  using context = new RequestMemoryContext();
  assert.is(current(), undefined);
  assert.is(context.closed, false);
});

test("runOpen: ambient as with run, ended by somebody else", async () => {
  const context = new RequestMemoryContext();
  let ended = 0;
  await context.runOpen(async () => {
    getMemoryContext().defer(() => ended++);
    await wait(1);
    assert.is(current(), context);
  });
  assert.is(context.closed, false);
  assert.throws(() =>
    context.runOpen(() => {
      throw new Error("handler");
    }),
  );
  assert.is(context.closed, false);
  context.close();
  assert.is(ended, 1);
  throwsCode(() => context.runOpen(() => {}), "CONTEXT_CLOSED");
});

test("the contexts of two ports are told apart", () => {
  const fake = fakePort();
  const own = new RequestMemoryContext({}, fake);
  own.run(() => {
    assert.is(getMemoryContext(fake), own);
    assert.is(tryGetMemoryContext(port), undefined);
    throwsCode(() => getMemoryContext(), "NO_CONTEXT");
  });
});

test.run();
