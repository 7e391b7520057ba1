import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";

test("getMemoryStats has the guide's shape, in camelCase", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const pool = optimizer.createObjectPool({ name: "request_objects", factory: () => ({}), maxSize: 100 });
  const cache = optimizer.createWeakCache<string, object>({ name: "user_sessions", maxSize: 1000 });
  for (let i = 0; i < 4; i++) pool.release(pool.acquire());
  cache.put("a", pool);
  cache.get("a");
  cache.get("b");

  const stats = optimizer.getMemoryStats();
  assert.equal(stats.gcStats.gcEnabled, true);
  assert.equal(stats.gcStats.gcThresholds, [2000, 15, 5]);
  assert.equal(stats.gcStats.gcCounts, [0, 0, 0]);
  assert.is(stats.systemMemory.rssMb, 100);
  assert.is(stats.systemMemory.vmsMb, 1000);
  assert.equal(Object.keys(stats.objectPools), ["request_objects"]);
  assert.is(stats.objectPools.request_objects?.poolSize, 1);
  assert.is(stats.objectPools.request_objects?.reuseRatio, 0.75);
  assert.equal(Object.keys(stats.weakCaches), ["user_sessions"]);
  assert.is(stats.weakCaches.user_sessions?.size, 1);
  assert.is(stats.weakCaches.user_sessions?.hitRatio, 0.5);
  assert.is(stats.memoryThreshold, undefined);
  assert.equal(stats.cleanups, { performed: 0, skipped: 0, freedBytes: 0 });
  assert.equal(optimizer.getComprehensiveStats(), stats);
  assert.not.throws(() => JSON.stringify(stats));
});

test("statistics of requests: counts and durations, undefined before the first", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port }).enable();
  const before = optimizer.getMemoryStats().requests;
  assert.equal([before.p50Ms, before.meanMs, before.maxMs], [undefined, undefined, undefined]);
  assert.is(before.requestsPerSecond10s, undefined);
  const open = optimizer.requests.start();
  for (let i = 0; i < 10; i++) {
    const request = optimizer.requests.start();
    port.nowMs += 20;
    optimizer.requests.end(request);
  }
  const { requests } = optimizer.getMemoryStats();
  assert.equal([requests.started, requests.finished, requests.inFlight, requests.highWater], [11, 10, 1, 2]);
  const { p50Ms, p999Ms, meanMs, finished } = requests.lastMinute;
  assert.is(finished, 10);
  assert.equal(before.lastMinute.p50Ms, undefined);
  for (const ms of [requests.p50Ms, requests.p99Ms, requests.meanMs, requests.maxMs, p50Ms, p999Ms, meanMs]) {
    assert.ok(Math.abs(ms! - 20) <= 20 / 64, `${ms} ms`);
  }
  optimizer.requests.end(open);
  optimizer.requests.end(open);
  assert.is(optimizer.getMemoryStats().requests.finished, 11, "a second end does no harm");
  assert.is(optimizer.getMemoryStats().requests.unmatchedEnds, 0);
});

test("durations of the last minute: what was slow before it is forgotten there, and kept since the start", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  assert.is(optimizer.getMemoryStats().requests.lastMinute.windowMs, undefined);
  optimizer.enable();
  const serve = (ms: number) => {
    const request = optimizer.requests.start();
    port.nowMs += ms;
    optimizer.requests.end(request);
  };
  for (let i = 0; i < 100; i++) serve(1000);
  port.advance(61_000);
  for (let i = 0; i < 60; i++) {
    serve(10);
    port.advance(1000);
  }
  const { requests } = optimizer.getMemoryStats();
  assert.ok(requests.p50Ms! > 900, "most of all were slow");
  const { lastMinute } = requests;
  assert.ok(lastMinute.windowMs! >= 45_000 && lastMinute.windowMs! <= 62_000, `${lastMinute.windowMs}`);
  assert.ok(lastMinute.finished >= 44 && lastMinute.finished <= 60, `${lastMinute.finished}`);
  assert.ok(Math.abs(lastMinute.p999Ms! - 10) < 0.2 && Math.abs(lastMinute.meanMs! - 10) < 0.2);
  port.advance(61_000);
  const silent = optimizer.getMemoryStats().requests.lastMinute;
  assert.equal([silent.finished, silent.meanMs, silent.p50Ms], [0, undefined, undefined]);
});

test("what the heap cannot tell is undefined in the clean-ups too", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort({ lacks: ["heapUsed"] }) });
  assert.is(optimizer.getMemoryStats().cleanups.freedBytes, undefined);
});

test.run();
