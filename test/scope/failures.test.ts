import { test } from "uvu";
import * as assert from "uvu/assert";
import type { RequestMemoryContext } from "../../src/index.ts";
import { eachFailure } from "../../src/shared/suppressed.ts";
import { boxes, fail, open } from "../support/contexts.ts";
import { rejection, throwsCode } from "../support/throws.ts";

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

test.run();
