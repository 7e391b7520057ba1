import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;

function made(budgetBytes: number | undefined): { optimizer: MemoryOptimizer; port: FakePort } {
  const port = fakePort();
  return { optimizer: createMemoryOptimizer({ port, budgetBytes }), port };
}

test("more than 256 are left out, and hold what their options allow", () => {
  const { optimizer } = made(MB);
  const caches = Array.from({ length: 258 }, (_, i) =>
    optimizer.createWeakCache({ name: `c${i}`, maxSize: 10 }),
  );
  const { leftOut, shares } = optimizer.budget.getStats();
  assert.is(leftOut, 2);
  assert.is(shares["cache c257"]?.limitBytes, shares["cache c257"]?.wantedBytes);
  assert.is(shares["cache c257"]?.nextMibSavesNsPerSecond, undefined, "nobody measures it");
  assert.is(shares["cache c0"]?.nextMibSavesNsPerSecond, 0, "measured, and nothing saved yet");
  caches[257]!.close();
  assert.is(optimizer.budget.getStats().leftOut, 1, "one of those left out is gone");
  caches[3]!.close();
  const after = optimizer.budget.getStats();
  assert.is(after.leftOut, 0, "the place that is free goes to the one that waited");
  assert.ok(after.shares["cache c256"]!.limitBytes <= MB);
});

test("wrong options: one clear error, nothing half-made", () => {
  const port = fakePort();
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 50 + 1, "5", null, {}]) {
    const create = (): unknown => createMemoryOptimizer({ port, budgetBytes: wrong as number });
    throwsCode(create, "INVALID_OPTION", "budgetBytes", "a whole number from 0 to 1125899906842624");
  }
  const { optimizer } = made(1000);
  for (const wrong of [-1, 0.5, Number.NaN, 2 ** 40 + 1, "5", null, {}]) {
    const given = { name: "x", factory: () => ({}) };
    for (const own of [{ pinnedBytes: wrong as number }, { objectBytes: wrong as number }])
      throwsCode(
        () => optimizer.createObjectPool({ ...given, ...own }),
        "INVALID_OPTION",
        Object.keys(own)[0]!,
      );
    throwsCode(
      () => optimizer.createBufferPool({ name: "x", pinnedBytes: wrong as number }),
      "INVALID_OPTION",
    );
  }
  optimizer.createWeakCache({ name: "c", pinnedBytes: 600 });
  for (const create of [
    () => optimizer.createWeakCache({ name: "x", pinnedBytes: 401 }),
    () => optimizer.createBufferPool({ name: "x", pinnedBytes: 401 }),
    () => optimizer.createObjectPool({ name: "x", factory: () => ({}), pinnedBytes: 401 }),
  ]) {
    throwsCode(create, "INVALID_OPTION", "pinnedBytes is 401", "accepted: up to 400");
  }
  assert.equal(Object.keys(optimizer.budget.getStats().shares), ["cache c"]);
  for (const wrong of [-1, Number.NaN, 2 ** 50 + 1, "5", null, undefined])
    throwsCode(() => optimizer.budget.shrinkTo(wrong as number), "INVALID_OPTION", "shrinkTo", "accepted");
  for (const wrong of [-0.1, 1.1, Number.NaN, "5", null, undefined])
    throwsCode(() => optimizer.budget.giveBack(wrong as number), "INVALID_OPTION", "giveBack", "accepted");
});

test.run();
