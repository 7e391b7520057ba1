import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type MemoryOptimizer } from "../src/index.ts";
import { CASES, type Case, whole } from "./support/option-cases.ts";
import { fakePort } from "./support/port.ts";
import { throwsCode } from "./support/throws.ts";

/** Refused with one error that has all of `parts`, and nothing of it is left. */
function refused(test: Case, options: (optimizer: MemoryOptimizer) => unknown, ...parts: string[]): void {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const before = JSON.stringify(optimizer.getMemoryStats());
  const bytes = optimizer.core.memoryBytes;
  throwsCode(
    () => test.call(options(optimizer), optimizer, port),
    "INVALID_OPTION",
    test.where,
    "accepted: ",
    ...parts,
  );
  assert.equal([port.openTimers, port.openObservers, port.deferredTasks], [0, 0, 0], "nothing is started");
  assert.is(optimizer.enabled, false);
  assert.equal(port.collections, []);
  assert.is(JSON.stringify(optimizer.getMemoryStats()), before, "no name is taken, nothing is counted");
  assert.is(optimizer.core.memoryBytes, bytes);
  // All 28 gates are still there.
  const gates = Array.from({ length: 28 }, () => ({ interval: 1, kind: 0 }) as const);
  assert.is(optimizer.requests.createGates(gates), 0x0fff_ffff, "no gate is used up");
}

/** A value as a message may show it. */
function shown(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? JSON.stringify(value).slice(0, 50) : JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "[";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

for (const each of CASES) {
  const given = each.given ?? ((): Record<string, unknown> => ({}));

  test(`${each.where}: what is right is taken`, () => {
    const port = fakePort();
    const optimizer = createMemoryOptimizer({ port });
    assert.not.throws(() => each.call(given(optimizer), optimizer, port));
    const blank = Object.fromEntries(Object.keys(each.options).map((name) => [name, undefined]));
    const fresh = createMemoryOptimizer({ port });
    assert.not.throws(() => each.call({ ...blank, ...given(fresh) }, fresh, port), "undefined is not given");
  });

  for (const [name, rule] of Object.entries(each.options)) {
    test(`${each.where}: ${name} of a wrong type, NaN, negative, too large, missing`, () => {
      for (const value of rule.wrong) {
        refused(
          each,
          (optimizer) => ({ ...given(optimizer), [name]: value }),
          name,
          rule.hidden ? `${(value as string).length} characters` : shown(value),
          rule.accepted,
        );
      }
      if (!rule.required) return;
      refused(each, (optimizer) => ({ ...given(optimizer), [name]: undefined }), name, rule.accepted);
      const without = (optimizer: MemoryOptimizer): object => {
        const rest = given(optimizer);
        delete rest[name];
        return rest;
      };
      refused(each, without, `${name} is missing`, rule.accepted);
    });
  }

  test(`${each.where}: an unknown option, and what are no options`, () => {
    const unknown = (optimizer: MemoryOptimizer): object => ({ ...given(optimizer), maxSzie: 5 });
    refused(each, unknown, "no option maxSzie", ...Object.keys(each.options));
    const isPart = each.where.startsWith("memoryGovernance: ");
    for (const value of [5, Number.NaN, "text", true, null, [], [5]]) {
      if (isPart) continue;
      refused(each, () => value, "the options are", shown(value), "an object");
    }
    const needs = Object.entries(each.options).filter(([, rule]) => rule.required);
    if (needs.length > 0) refused(each, () => undefined, `${needs[0]![0]} is missing`);
  });
}

test("resize of a pool and of a cache: one error, and all as before", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}), maxSize: 5 });
  const cache = optimizer.createWeakCache({ name: "c", maxSize: 5 });
  const cases = [
    [(size: unknown) => pool.resize(size as number), whole(0, 1_048_576)],
    [(size: unknown) => cache.resize(size as number), whole(1, 1_048_576)],
  ] as const;
  const before = optimizer.getMemoryStats();
  for (const [resize, rule] of cases) {
    for (const value of [...rule.wrong, undefined]) {
      throwsCode(() => resize(value), "INVALID_OPTION", "resize", "maxSize", shown(value), rule.accepted);
    }
  }
  assert.equal(optimizer.getMemoryStats(), before);
});

test("a value that is hard to show does not spoil its message", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const endless: unknown[] = [];
  endless.push(endless);
  const hard: unknown[] = [
    endless,
    Object.create(null),
    new Proxy({}, {}),
    Symbol("s"),
    new Array(1e6),
    "x".repeat(1e6),
    [[1, [2]]],
  ];
  for (const maxSize of hard) {
    try {
      optimizer.createWeakCache({ name: "c", maxSize: maxSize as number });
      assert.unreachable();
    } catch (error) {
      const { message } = error as Error;
      assert.match(message, "maxSize");
      assert.ok(message.length < 200, message.slice(0, 300));
    }
  }
});

test.run();
