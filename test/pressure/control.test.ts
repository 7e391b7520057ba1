import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type MemoryOptimizer, type PressureLevel } from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { type FakePort, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;

function make(): { port: FakePort; optimizer: MemoryOptimizer; log: ReturnType<typeof recorder> } {
  const port = fakePort({ lacks: ["heapUsed"] });
  const log = recorder();
  const optimizer = createMemoryOptimizer({ port, logger: log, limitBytes: 1000 * MB });
  port.memory.rssBytes = 400 * MB;
  optimizer.enable();
  port.advance(1100);
  return { port, optimizer, log };
}

test("levels, handlers and statistics through an episode and its end", () => {
  const { port, optimizer, log } = make();
  const seen: PressureLevel[] = [];
  const handler = optimizer.onPressure((level, info) => {
    assert.is(info.level, level);
    seen.push(level);
  });
  optimizer.onPressure(() => {
    throw new Error("a handler that fails");
  });
  assert.is(optimizer.getMemoryStats().pressure.level, "normal");
  port.memory.rssBytes = 950 * MB;
  port.advance(1100);
  assert.equal(seen, ["critical"]);
  const { pressure } = optimizer.getMemoryStats();
  assert.is(pressure.level, "critical");
  assert.match(pressure.reason, /^critical: memory is at 95 % \(950 MB of 1000 MB\) of its limit/);
  assert.is(pressure.inputs.limitBytes, 1000 * MB);
  assert.is(pressure.inputs.heapUsedBytes, 40 * MB);
  assert.is(pressure.cause, "memory");
  assert.is(pressure.entries.critical, 1);
  assert.is(log.told.filter((told) => told.message === "a handler of memory pressure failed").length, 1);
  assert.ok(
    log.told.some(
      (told) => told.level === "warn" && told.message.startsWith("pressure critical: memory is at 95 %"),
    ),
  );
  port.memory.rssBytes = 300 * MB;
  port.advance(30_000);
  assert.equal(seen, ["critical", "high", "elevated", "normal"]);
  assert.is(log.told.filter((told) => told.message === "pressure is over").length, 1);
  handler.close();
  port.memory.rssBytes = 950 * MB;
  port.advance(1100);
  assert.is(seen.length, 4, "closed");
});

test("a handler that is asynchronous may fail as well", async () => {
  const { port, optimizer, log } = make();
  const failure = new Error("later");
  optimizer.onPressure(async () => {
    await undefined;
    throw failure;
  });
  port.memory.rssBytes = 950 * MB;
  port.advance(1100);
  await new Promise((resolve) => setTimeout(resolve, 0));
  const told = log.told.filter(({ message }) => message === "a handler of memory pressure failed");
  assert.equal(
    told.map(({ level }) => level),
    ["error"],
  );
});

test("elevated is not worth a line, nor is its end", () => {
  const { port, optimizer, log } = make();
  const levels: PressureLevel[] = [];
  optimizer.onPressure((level) => levels.push(level));
  for (let used = 400; used <= 720; used += 20) {
    port.memory.rssBytes = used * MB;
    port.advance(1000);
  }
  port.memory.rssBytes = 300 * MB;
  port.advance(30_000);
  assert.equal(levels, ["elevated", "normal"]);
  assert.equal(log.told, []);
});

test("memory is watched more often while it is short", () => {
  const { port, optimizer } = make();
  const readings = (ms: number): number => {
    const before = optimizer.getMemoryStats().systemMemory.sampler.samples;
    port.advance(ms);
    return optimizer.getMemoryStats().systemMemory.sampler.samples - before;
  };
  assert.is(readings(10_000), 10);
  port.memory.rssBytes = 720 * MB;
  port.advance(1100);
  assert.ok(readings(10_000) >= 90, "ten times a second");
  port.memory.rssBytes = 300 * MB;
  port.advance(20_000);
  assert.ok(readings(10_000) <= 11, "once a second again");
});

test("pools and caches let go in steps, and a collection comes last", () => {
  const { port, optimizer } = make();
  const pool = optimizer.createObjectPool({ name: "parts", factory: () => ({ data: [] as number[] }) });
  const parts = Array.from({ length: 10 }, () => pool.acquire());
  for (const part of parts) pool.release(part);
  // Slowly: a jump would count as growing fast.
  for (let used = 400; used <= 720; used += 20) {
    port.memory.rssBytes = used * MB;
    port.advance(1000);
  }
  assert.is(optimizer.pressure.level, "elevated");
  const kept = pool.getStats().poolSize;
  const before = port.collections.length;
  port.advance(1000);
  assert.is(port.collections.length, before, "no collection yet at elevated");
  port.memory.rssBytes = 850 * MB;
  port.advance(150);
  assert.is(pool.getStats().poolSize, 0, `idle objects go at high, of ${kept}`);
  assert.ok(!port.collections.slice(before).includes("major"), "shedding has its time first");
  port.advance(2000);
  assert.ok(port.collections.slice(before).includes("major"));
});

test("the budget gives back in steps, and is restored when it is over", async () => {
  const { port, optimizer } = make();
  const cache = optimizer.createWeakCache<number, { text: string }>({
    name: "texts",
    maxSize: 1000,
    tier: "strong+weak",
    maxBytes: 10 * MB,
    sizeOf: () => 10_240,
  });
  // Twice: what is read again is held.
  for (let i = 0; i < 2000; i++) await cache.getOrCreate(i % 1000, () => ({ text: String(i) }));
  const held = optimizer.budget.heldBytes();
  assert.ok(held > MB);
  port.memory.rssBytes = 950 * MB;
  port.advance(1100);
  assert.ok(optimizer.budget.heldBytes() < held * 0.7, `holds ${optimizer.budget.heldBytes()} of ${held}`);
  assert.ok(optimizer.budget.getStats().totalBytes! < held);
  port.memory.rssBytes = 300 * MB;
  port.advance(30_000);
  assert.is(optimizer.pressure.level, "normal");
  assert.is(optimizer.budget.getStats().totalBytes, optimizer.budget.getStats().budgetBytes, "restored");
});

test("collections that free little are not repeated at once", () => {
  const { port, optimizer } = make();
  port.memory.rssBytes = 950 * MB;
  port.advance(1100);
  const before = port.collections.length;
  port.advance(60_000);
  const collections = port.collections.length - before;
  assert.ok(collections >= 3 && collections <= 10, `${collections} collections in a minute of no use`);
  const { relief } = optimizer.getMemoryStats().pressure;
  assert.ok(relief.collectionsFreedLittle >= relief.collections - 1);
  assert.is(
    port.lastResorts,
    relief.collections - 1,
    "after one that freed little the next gives pages back",
  );
});

test("nothing happens within the turn of a request", () => {
  const { port, optimizer } = make();
  let told = 0;
  optimizer.onPressure(() => {
    told += 1;
  });
  port.memory.rssBytes = 990 * MB;
  port.nowMs += 50;
  optimizer.pressure.admit("normal", 0);
  assert.is(optimizer.pressure.level, "critical", "the request's own reading");
  assert.is(told, 0);
  port.runDeferred();
  assert.is(told, 1);
});

test("a reading for requests is at most 25 ms old, and not taken more often", () => {
  const { port, optimizer } = make();
  const before = port.readings;
  for (let i = 0; i < 1000; i++) {
    port.nowMs += 1;
    optimizer.pressure.admit("normal", 0);
    optimizer.pressure.leave(0);
  }
  assert.ok(
    port.readings - before <= 41 && port.readings - before >= 35,
    `${port.readings - before} readings a second`,
  );
});

test.run();
