import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type MemoryOptimizer, VelithonError } from "../../src/index.ts";
import { CASES, type Case } from "../support/option-cases.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

type Options = Record<string, unknown>;

/** What the call throws, or its promise is rejected with; nothing is started, and no name is taken by it. */
async function refusalOf(each: Case, change: (right: Options) => unknown): Promise<VelithonError> {
  const port: FakePort = fakePort();
  const optimizer: MemoryOptimizer = createMemoryOptimizer({ port });
  const before = [optimizer.getMemoryStats(), optimizer.core.memoryBytes];
  const right: Options = each.given?.(optimizer) ?? {};
  if (each.type === "MemoryOptimizerOptions") right.port = port;
  let thrown: unknown;
  try {
    await Promise.race([each.call(change(right), optimizer, port), turn()]);
  } catch (error) {
    thrown = error;
  }
  assert.instance(thrown, VelithonError, `${each.where}: ${String(thrown)}`);
  assert.is((thrown as VelithonError).code, "INVALID_OPTION");
  assert.equal([optimizer.getMemoryStats(), optimizer.core.memoryBytes], before);
  assert.equal([port.openTimers, port.openObservers, port.deferredTasks], [0, 0, 0]);
  return thrown as VelithonError;
}

const throwing = (): never => {
  throw new Error("not now");
};
const withGetter = (right: Options, name: string, get: () => unknown): Options =>
  Object.defineProperty({ ...right }, name, { enumerable: true, get });

for (const each of CASES) {
  test(`${each.where}: an option that throws when it is read`, async () => {
    for (const name of Object.keys(each.options)) {
      // The cases of an optimizer spread what they are given.
      const whole: Case =
        each.where === "createMemoryOptimizer"
          ? { ...each, call: (options) => createMemoryOptimizer(options as object) }
          : each;
      const { message, cause } = await refusalOf(whole, (right) => withGetter(right, name, throwing));
      for (const part of [`${each.where}: `, "cannot be read", '"not now"', "accepted: "])
        assert.ok(message.includes(part), message);
      assert.instance(cause, Error);
      if (!each.where.startsWith("Shared")) assert.ok(message.includes(name), message);
    }
  });

  test(`${each.where}: names of options that are none`, async () => {
    const [first] = Object.keys(each.options) as [string];
    for (const name of ["toString", "constructor", first.toUpperCase(), `${first} `]) {
      const { message } = await refusalOf(each, (right) => ({ ...right, [name]: right[first] }));
      assert.match(message, /^.*: there is no option .*; accepted: ./, name);
    }
    for (const name of ["k".repeat(100_000), "a\nb"]) {
      const { message } = await refusalOf(each, (right) => ({ ...right, [name]: 1 }));
      assert.match(message, /^[^\n]{1,400}$/);
    }
  });

  test(`${each.where}: an object without a prototype is an object like any other`, async () => {
    const port: FakePort = fakePort();
    const optimizer = createMemoryOptimizer({ port });
    const options = Object.assign(Object.create(null), each.given?.(optimizer));
    const made = await Promise.race([each.call(options, optimizer, port), turn()]);
    await (made as { close?(): unknown } | null | undefined)?.close?.();
  });
}

test("an option is read once: what it answers later changes nothing", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort(), budgetBytes: 1_000_000 });
  const first = optimizer.createObjectPool({ name: "other", factory: () => ({}) });
  const turning = (right: Options): never => {
    let reads = 0;
    return withGetter(right, "name", () => (reads++ === 0 ? "one" : "other")) as never;
  };
  const makers: (() => { readonly name: string; close(): void })[] = [
    () => optimizer.createObjectPool(turning({ factory: () => ({}) })),
    () => optimizer.createBufferPool(turning({})),
    () => optimizer.createWeakCache(turning({})),
  ];
  for (const make of makers) {
    const made = make();
    assert.is(made.name, "one");
    made.close();
  }
  assert.equal(Object.keys(optimizer.getMemoryStats().objectPools), ["other"]);
  first.close();
});

test.run();
