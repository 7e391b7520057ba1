import { test } from "uvu";
import * as assert from "uvu/assert";
import { getMemoryContext, tryGetMemoryContext, withMemoryOptimization } from "../../src/index.ts";
import { useRuntime } from "../../src/shared/runtime.ts";
import { loadPort } from "../support/port.ts";
import { rejection, throwsCode } from "../support/throws.ts";

useRuntime(await loadPort());

const ended: string[] = [];

/** Compiles only where both types are the same. */
function sameType<A, B>(..._same: [A] extends [B] ? ([B] extends [A] ? [] : [never]) : [never]): void {}

test("a sync function: arguments, result and error pass, the context ends with the call", () => {
  const add = withMemoryOptimization((a: number, b: number) => {
    getMemoryContext().defer(() => ended.push("add"));
    return a + b;
  });
  sameType<typeof add, (a: number, b: number) => number>();
  assert.is(add(2, 3), 5);
  assert.equal(ended.splice(0), ["add"]);
  assert.is(tryGetMemoryContext(), undefined);

  const failing = withMemoryOptimization((): number => {
    getMemoryContext().defer(() => ended.push("failing"));
    throw new Error("handler");
  });
  assert.throws(() => failing(), /handler/);
  assert.equal(ended.splice(0), ["failing"]);
});

test("an async function: the context ends when its promise settles", async () => {
  const load = withMemoryOptimization(async (id: string) => {
    const context = getMemoryContext();
    context.defer(() => ended.push(id));
    await Promise.resolve();
    assert.is(getMemoryContext(), context);
    if (id === "bad") throw new Error("not found");
    return { id };
  });
  sameType<typeof load, (id: string) => Promise<{ id: string }>>();
  const pending = load("good");
  assert.equal(ended, []);
  assert.equal(await pending, { id: "good" });
  assert.equal(ended.splice(0), ["good"]);
  assert.match(String(await rejection(load("bad"))), /not found/);
  assert.equal(ended.splice(0), ["bad"]);
});

test("each call has a context of its own, also within another", () => {
  const context = withMemoryOptimization(() => getMemoryContext());
  assert.is.not(context(), context());
  const nested = withMemoryOptimization(() => {
    const outer = getMemoryContext();
    const inner = context();
    assert.is.not(inner, outer);
    assert.ok(inner.closed);
    assert.is(getMemoryContext(), outer);
    return outer.closed;
  });
  assert.is(nested(), false);
});

test("a method keeps this", () => {
  const counter = {
    count: 1,
    add: withMemoryOptimization(function (this: { count: number }, by: number): number {
      this.count += by;
      return this.count;
    }),
  };
  sameType<typeof counter.add, (this: { count: number }, by: number) => number>();
  assert.is(counter.add(2), 3);
  assert.is(counter.add.call({ count: 10 }, 5), 15);
});

test("name and length stay", () => {
  const cases: [(...args: never[]) => unknown, string, number][] = [
    [function named(_a: unknown, _b: unknown) {}, "named", 2],
    [async function loadAll(_a: unknown) {}, "loadAll", 1],
    [(() => () => {})(), "", 0],
  ];
  for (const [fn, name, length] of cases) {
    const wrapped = withMemoryOptimization(fn);
    assert.is(wrapped.name, name);
    assert.is(wrapped.length, length);
  }
});

test("overloads and type parameters stay", () => {
  function first<T>(list: readonly T[]): T | undefined {
    return list[0];
  }
  const wrapped = withMemoryOptimization(first);
  const text: string | undefined = wrapped(["a"]);
  const number: number | undefined = wrapped([1]);
  assert.equal([text, number], ["a", 1]);
  // @ts-expect-error a number is no list
  assert.throws(() => withMemoryOptimization((list: readonly string[]) => list.map((x) => x))(5));
});

test("a method decorator", async () => {
  class Report {
    readonly #title = "title";

    @withMemoryOptimization
    line(n: number): string {
      getMemoryContext().defer(() => ended.push("line"));
      return `${this.#title} ${n}`;
    }

    @withMemoryOptimization
    async all(): Promise<string[]> {
      getMemoryContext().defer(() => ended.push("all"));
      await Promise.resolve();
      return [this.line(1), this.line(2)];
    }

    @withMemoryOptimization
    static make(): boolean {
      return tryGetMemoryContext() !== undefined;
    }
  }
  assert.is(new Report().line(3), "title 3");
  assert.equal(await new Report().all(), ["title 1", "title 2"]);
  assert.equal(ended.splice(0), ["line", "line", "line", "all"]);
  assert.is(Report.make(), true);
  assert.is(Report.prototype.line.name, "line");
});

test("what is no function is refused", () => {
  for (const wrong of [undefined, null, 5, "fn", {}, []]) {
    throwsCode(
      () => withMemoryOptimization(wrong as unknown as () => void),
      "INVALID_OPTION",
      "withMemoryOptimization",
      "accepted: a function",
    );
  }
});

test.run();
