import { test } from "uvu";
import * as assert from "uvu/assert";
import { RequestMemoryContext, type RequestMemoryContextOptions } from "../../src/index.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

function make(options: RequestMemoryContextOptions): { context: RequestMemoryContext; port: FakePort } {
  const port = fakePort();
  return { context: new RequestMemoryContext(options, port), port };
}

const reasonOf = (signal: AbortSignal): [boolean, string | undefined] => [
  signal.aborted,
  (signal.reason as Error | undefined)?.name,
];

test("the deadline: counted from the start, whenever the signal is asked for; one timer, only then", () => {
  const { context, port } = make({ deadlineMs: 100 });
  port.advance(40);
  assert.is(port.openTimers, 0, "nobody looked");
  const { signal } = context;
  assert.is(context.signal, signal);
  assert.is(port.openTimers, 1);
  port.advance(59);
  assert.equal(reasonOf(signal), [false, undefined]);
  port.advance(2);
  assert.equal(reasonOf(signal), [true, "TimeoutError"]);
  assert.is(port.openTimers, 0);
  assert.is(context.closed, false, "the request itself goes on");
});

test("a deadline that has passed by the time it is asked for", () => {
  const { context, port } = make({ deadlineMs: 100 });
  port.advance(100);
  assert.equal(reasonOf(context.signal), [true, "TimeoutError"]);
  assert.is(port.openTimers, 0);
});

test("the client's signal: now, later, or before it was asked for", () => {
  for (const when of ["before", "later"]) {
    const client = new AbortController();
    const { context } = make({ signal: client.signal });
    if (when === "before") client.abort();
    const { signal } = context;
    client.abort();
    assert.equal(reasonOf(signal), [true, "AbortError"], when);
  }
});

test("the end: the signal stays as it is, nothing is watched any more", () => {
  const client = new AbortController();
  const { context, port } = make({ deadlineMs: 100, signal: client.signal });
  const { signal } = context;
  context.close();
  assert.is(port.openTimers, 0);
  port.advance(1000);
  client.abort();
  assert.is(signal.aborted, false);
});

test("asked for after the end: it has fired, and says why", () => {
  const { context } = make({});
  context.close();
  const { signal } = context;
  assert.is(signal.aborted, true);
  throwsCode(() => signal.throwIfAborted(), "CONTEXT_CLOSED");
});

test("deadlineMs and signal: refused where they are none", () => {
  for (const deadlineMs of ["5", null, 0, -1, Number.NaN, 86_400_001, true, {}]) {
    throwsCode(
      () => new RequestMemoryContext({ deadlineMs } as never, fakePort()),
      "INVALID_OPTION",
      "deadlineMs",
      "1 to 86400000",
    );
  }
  for (const signal of [null, 5, "x", {}, new AbortController()]) {
    throwsCode(
      () => new RequestMemoryContext({ signal } as never, fakePort()),
      "INVALID_OPTION",
      "signal",
      "an AbortSignal",
    );
  }
});

test.run();
