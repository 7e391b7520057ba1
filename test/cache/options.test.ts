import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type WeakCacheOptions } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const strong = { name: "c", tier: "strong+weak", maxBytes: 100, sizeOf: () => 1 };

function refused(options: object, ...parts: string[]): void {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const bytes = optimizer.core.memoryBytes;
  const create = (): unknown => optimizer.createWeakCache(options as unknown as WeakCacheOptions);
  throwsCode(create, "INVALID_OPTION", "createWeakCache", "accepted: ", ...parts);
  assert.equal(optimizer.getMemoryStats().weakCaches, {});
  assert.is(optimizer.core.memoryBytes, bytes);
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
  assert.is(optimizer.createWeakCache({ name: "d" }).getStats().strong, undefined);
});

test.run();
