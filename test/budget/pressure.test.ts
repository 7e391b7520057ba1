import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { fakePort } from "../support/port.ts";

const MB = 1024 * 1024;

test("under pressure a cache gives way in steps, what is pinned stays, and the limits come back after it", () => {
  const port = fakePort();
  port.memory.rssBytes = 400 * MB;
  const optimizer = createMemoryOptimizer({ port, logger: recorder(), limitBytes: 1000 * MB }).enable();
  const make = (name: string, pinnedBytes: number) => {
    const cache = optimizer.createWeakCache<number, object>({
      name,
      tier: "strong+weak",
      maxBytes: 100_000,
      sizeOf: () => 1000,
      pinnedBytes,
    });
    for (let i = 0; i < 100; i++) cache.put(i, {});
    return cache;
  };
  const cache = make("pages", 0);
  const pinned = make("sessions", 100_000);
  const held = (): number => cache.getStats().strong!.bytes;
  port.advance(2000);
  assert.equal([held(), optimizer.budget.active], [100_000, false], "no pressure, no limit");

  // Slowly: at a rate that reaches the limit within seconds the level would be critical at once.
  while (held() === 100_000 && port.memory.rssBytes < 850 * MB) {
    port.memory.rssBytes += 5 * MB;
    port.advance(500);
  }
  const first = held();
  assert.ok(first < 100_000 && first >= 40_000, `held ${first} after the first step`);
  port.advance(10_000);
  assert.ok(held() < first, `held ${held()} after more of them`);
  assert.is(pinned.getStats().strong?.size, 100);
  const { gaveBytes } = optimizer.getMemoryStats().budget!.shares["cache pages"]!;
  assert.is(gaveBytes, 100_000 - held());

  port.memory.rssBytes = 300 * MB;
  port.advance(30_000);
  assert.is(optimizer.pressure.level, "normal");
  assert.is(optimizer.budget.getStats().totalBytes, undefined);
  for (let i = 0; i < 100; i++) cache.put(i, {});
  port.advance(2000);
  for (let i = 0; i < 100; i++) cache.put(i, {});
  assert.is(cache.getStats().strong?.maxBytes, 100_000);
  optimizer.disable();
});

test("what holds nothing is not forbidden to hold anything, however short memory is", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, logger: recorder(), limitBytes: 1000 * MB }).enable();
  const cache = optimizer.createWeakCache<number, object>({
    name: "pages",
    tier: "strong+weak",
    maxBytes: 100_000,
    sizeOf: () => 1000,
  });
  port.memory.rssBytes = 990 * MB;
  port.advance(5000);
  assert.is(optimizer.pressure.level, "critical");
  assert.ok(optimizer.getMemoryStats().pressure.relief.cleanups > 0);
  assert.is(optimizer.budget.active, false);
  cache.put(1, {});
  assert.is(cache.getStats().strong!.bytes, 1000);
  optimizer.disable();
});

test.run();
