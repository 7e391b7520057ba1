import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;
const silent = { info() {}, warn() {}, error() {} };

test("making one starts nothing; enable and disable twice do no harm", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  assert.equal([port.openTimers, port.openObservers, port.readings], [0, 0, 0]);
  assert.is(optimizer.enabled, false);
  for (let i = 0; i < 3; i++) {
    assert.is(optimizer.enable(), optimizer);
    assert.is(optimizer.enable(), optimizer);
    assert.equal([optimizer.enabled, port.openTimers, port.openObservers], [true, 1, 1]);
    assert.is(optimizer.disable(), optimizer);
    assert.is(optimizer.disable(), optimizer);
    assert.equal([optimizer.enabled, port.openTimers, port.openObservers], [false, 0, 0]);
  }
  port.advance(10_000);
  assert.is(port.readings, 0);
  assert.is(port.deferredTasks, 0);
});

test("enabled: false starts nothing, ever", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, enabled: false, memoryThresholdMb: 1 }).enable();
  assert.equal([optimizer.enabled, port.openTimers, port.openObservers], [false, 0, 0]);
  port.advance(10_000);
  assert.equal(port.collections, []);
});

test("pools and caches outlive disable", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() }).enable();
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  optimizer.disable();
  pool.release(pool.acquire());
  assert.is(optimizer.getMemoryStats().objectPools.p?.poolSize, 1);
});

test("manualMemoryCleanup: the guide's shape, and item by item what it did", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const pool = optimizer.createObjectPool({ name: "idle", factory: () => ({}) });
  const held = [pool.acquire(), pool.acquire(), pool.acquire()];
  for (const object of held) pool.release(object);
  const busy = optimizer.createObjectPool({ name: "busy", factory: () => ({}) });
  const leased = busy.acquire();
  const cache = optimizer.createWeakCache<string, object>({ name: "cache" });
  cache.put("read", held);
  cache.put("cold", held);
  // Of the two newest entries a hit is not marked.
  cache.put("colder", held);
  cache.get("read");

  assert.equal(optimizer.manualMemoryCleanup(), {
    cleanupTimeMs: 10,
    gcStats: {
      generation: 2,
      performed: true,
      reason: undefined,
      collectionTimeMs: 10,
      freedBytes: 40 * MB,
      collectedObjects: undefined,
    },
    objectPools: { idle: 3, busy: 0 },
    bufferPools: {},
    weakCaches: { cache: { collected: 0, cold: 2 } },
  });
  assert.equal(port.collections, ["major"]);
  assert.is(busy.getStats().inUse, 1, "what is in use stays");
  busy.release(leased);
  assert.ok(cache.has("read"));
});

test("manualMemoryCleanup where nothing can be collected: reported, the rest is done", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort({ lacks: ["majorCollection"] }) });
  const pool = optimizer.createObjectPool({ name: "idle", factory: () => ({}) });
  pool.release(pool.acquire());
  const { gcStats, objectPools } = optimizer.manualMemoryCleanup();
  assert.is(gcStats.performed, false);
  assert.match(gcStats.reason ?? "", "majorCollection");
  assert.equal(objectPools, { idle: 1 });
});

test("on the runtime at hand: a clean-up sweeps what it collected", async () => {
  const optimizer = createMemoryOptimizer({ port: await loadPort() });
  const cache = optimizer.createWeakCache<number, object>({ name: "dropped" });
  const fill = (): void => {
    for (let i = 0; i < 1000; i++) cache.put(i, { i });
  };
  fill();
  await new Promise((resolve) => setTimeout(resolve, 1));
  const report = optimizer.manualMemoryCleanup();
  assert.is(report.gcStats.performed, true);
  assert.ok(report.cleanupTimeMs >= report.gcStats.collectionTimeMs!);
  const { collected, cold } = report.weakCaches.dropped!;
  assert.ok(collected >= 900, `${collected} of 1000`);
  assert.is(collected + cold, 1000, "nobody read the rest");
});

test("a name is taken until its owner is closed; a refused one leaves nothing", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const pool = optimizer.createObjectPool({ name: "same", factory: () => ({}) });
  const cache = optimizer.createWeakCache({ name: "same" });
  const again = { name: "same", factory: () => ({}) };
  const bytes = optimizer.core.memoryBytes;
  for (let i = 0; i < 200; i++) {
    throwsCode(() => optimizer.createObjectPool({ ...again, maxSize: 100_000 }), "NAME_TAKEN", '"same"');
    throwsCode(() => optimizer.createWeakCache({ name: "same", maxSize: 100_000 }), "NAME_TAKEN", '"same"');
  }
  assert.is(optimizer.core.memoryBytes, bytes, "a refused one takes no memory");
  pool.release(pool.acquire());
  assert.is(optimizer.getMemoryStats().objectPools.same?.created, 1, "the first is as before");

  pool.close();
  cache.close();
  assert.equal(optimizer.getMemoryStats().objectPools, {});
  assert.equal(optimizer.getMemoryStats().weakCaches, {});
  const second = optimizer.createObjectPool(again);
  optimizer.createWeakCache({ name: "same" });
  pool.close();
  cache.close();
  assert.is(optimizer.getMemoryStats().objectPools.same?.created, 0, "a second close reaches no namesake");
  assert.is(optimizer.getMemoryStats().weakCaches.same?.size, 0);
  second.close();
  assert.equal(optimizer.getMemoryStats().objectPools, {});
});

test("any name is a key of the statistics", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  for (const name of ["__proto__", "constructor", "toString", "a b\n"]) {
    optimizer.createObjectPool({ name, factory: () => ({}) });
    optimizer.createWeakCache({ name });
  }
  const { objectPools, weakCaches } = optimizer.getMemoryStats();
  assert.equal(Object.keys(objectPools), ["__proto__", "constructor", "toString", "a b\n"]);
  assert.equal(Object.keys(weakCaches), Object.keys(objectPools));
  assert.is(Object.keys(optimizer.manualMemoryCleanup().objectPools).length, 4);
});

test("a logger that throws does not end the program: the line goes to the console", () => {
  const port = fakePort();
  const broken = (): never => {
    throw new Error("disk full");
  };
  const lines: unknown[][] = [];
  const { error } = console;
  console.error = (...given: unknown[]) => void lines.push(given);
  try {
    const logger = { info: broken, warn: broken, error: broken };
    const optimizer = createMemoryOptimizer({ port, logger, memoryThresholdMb: 1 }).enable();
    port.memory.rssBytes = 100 * 1024 * 1024;
    port.advance(2000);
    optimizer.disable();
  } finally {
    console.error = error;
  }
  const [message, thrown] = lines[0]!;
  assert.match(String(message), "memory is above its threshold");
  assert.match(String(thrown), "disk full");
});

test("an error is logged under `err`, where pino shows it: under another name it would be {}", () => {
  const port = fakePort({ limitBytes: 100 * 1024 * 1024 });
  const told: { err?: unknown }[] = [];
  const error = (fields: object): void => void told.push(fields);
  const optimizer = createMemoryOptimizer({ port, logger: { ...silent, error } }).enable();
  const broken = new Error("broken");
  optimizer.onPressure(() => {
    throw broken;
  });
  port.advance(60_000);
  assert.ok(told.length > 0);
  for (const { err } of told) assert.is(err, broken);
  optimizer.disable();
});

test("two optimizers share nothing", () => {
  const port = fakePort();
  const one = createMemoryOptimizer({ port, logger: silent });
  const two = createMemoryOptimizer({ port, logger: silent });
  one.createObjectPool({ name: "p", factory: () => ({}) });
  two.createObjectPool({ name: "p", factory: () => ({}) });
  one.requests.start();
  assert.is(one.getMemoryStats().requests.inFlight, 1);
  assert.is(two.getMemoryStats().requests.inFlight, 0);
  assert.is(one.capabilities, port.capabilities);
});

test.run();
