import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type WeakCacheOptions } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const NO_NUMBER: readonly unknown[] = ["5", "", null, true, [], {}, () => 1, 5n, Number.NaN];
const NO_FUNCTION: readonly unknown[] = [null, 5, -1, Number.NaN, "text", true, [], {}];
const BYTES = [-1, 0.5, 2 ** 40 + 1, Number.POSITIVE_INFINITY, ...NO_NUMBER];

/** What each option must refuse, and how its message says what is accepted. */
const RULES: Record<string, { accepted: string; wrong: readonly unknown[] }> = {
  tier: { accepted: '"weak" or "strong+weak"', wrong: ["strong", "", null, 5, true, {}, []] },
  maxBytes: { accepted: "a whole number from 0 to 1099511627776", wrong: BYTES },
  sizeOf: { accepted: "a function", wrong: NO_FUNCTION },
  ttlMs: {
    accepted: "a number from 1 to 2147483647",
    wrong: [0, 0.5, -1, 2 ** 31, Number.POSITIVE_INFINITY, ...NO_NUMBER],
  },
  onRemove: { accepted: "a function", wrong: NO_FUNCTION },
  finalizers: { accepted: "true or false", wrong: [0, 1, "true", null, {}, Number.NaN] },
  pinnedBytes: { accepted: "a whole number from 0 to 1099511627776", wrong: BYTES },
};

const strong = { name: "c", tier: "strong+weak", maxBytes: 100, sizeOf: () => 1 };

function refused(options: object, ...parts: string[]): void {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const bytes = optimizer.core.memoryBytes;
  const create = (): unknown => optimizer.createWeakCache(options as unknown as WeakCacheOptions);
  throwsCode(create, "INVALID_OPTION", "createWeakCache", "accepted: ", ...parts);
  assert.equal(optimizer.getMemoryStats().weakCaches, {});
  assert.is(optimizer.core.memoryBytes, bytes);
}

for (const [name, { accepted, wrong }] of Object.entries(RULES)) {
  test(`createWeakCache: ${name} of a wrong type, NaN, negative, too large`, () => {
    for (const value of wrong) refused({ ...strong, [name]: value }, name, accepted);
  });
}

test("createWeakCache: a strong tier needs maxBytes and sizeOf, a weak one takes neither", () => {
  refused({ ...strong, maxBytes: undefined }, "maxBytes is missing");
  refused({ ...strong, sizeOf: undefined }, "sizeOf is missing");
  refused({ name: "c", maxBytes: 100 }, "maxBytes", "strong+weak");
  refused({ name: "c", tier: "weak", sizeOf: () => 1 }, "sizeOf", "strong+weak");
});

test("createWeakCache: what is right is taken, undefined is not given", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const all = { ...strong, tier: "strong+weak" as const, ttlMs: 1.5, onRemove() {}, finalizers: false };
  assert.not.throws(() => optimizer.createWeakCache({ ...all, pinnedBytes: 5 }));
  const blank = Object.fromEntries(Object.keys(RULES).map((name) => [name, undefined]));
  assert.is(optimizer.createWeakCache({ ...blank, name: "d" }).getStats().strong, undefined);
});

test.run();
