/** The guide's "Middleware Options", "Monitoring and Statistics" and "Performance Tuning Tips". */
import assert from "node:assert/strict";
import { Hono } from "hono";
import {
  gcTuning,
  getMemoryOptimizer,
  getMemoryStats,
  manualMemoryCleanup,
  memoryMonitoring,
  memoryOptimization,
} from "velithon";
import { type Examples, text } from "./request.ts";

const quiet = { info() {} };

export const serving: Examples = {
  async MemoryOptimizationMiddleware() {
    const app = new Hono();
    app.use(
      memoryOptimization({ enableMonitoring: true, cleanupThreshold: 1000, cleanupIntervalSeconds: 300 }),
    );
    app.get("/", (c) => c.text("ok"));
    assert.equal(await text(app), "ok");
  },

  async MemoryMonitoringMiddleware() {
    const lines: string[] = [];
    const info = (fields: object, message: string) => lines.push(`${message} ${JSON.stringify(fields)}`);
    const app = new Hono();
    app.use(memoryMonitoring({ logInterval: 2, logger: { info } }));
    app.get("/", (c) => c.text("ok"));
    for (let i = 0; i < 4; i++) {
      await text(app);
      // A line is written behind the response.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.equal(lines.length, 2, lines.join("\n"));
    assert.match(lines[0] ?? "", /^memory statistics .*"rssMb":\d/);
  },

  async GCTuningMiddleware() {
    const app = new Hono();
    app.use(gcTuning({ disableGcDuringRequest: true, generation0Interval: 2, generation2Interval: 4 }));
    app.get("/", (c) => c.text("ok"));
    const before = getMemoryStats().gcStats;
    for (let i = 0; i < 4; i++) await text(app);
    const { major, minor } = getMemoryStats().gcStats;
    assert.ok(minor.due > before.minor.due, `${minor.due} minor due`);
    assert.ok(major.due > before.major.due, `${major.due} major due`);
  },

  "Memory Statistics"() {
    const { gcStats, systemMemory, objectPools, weakCaches } = getMemoryStats();
    assert.equal(gcStats.gcEnabled, true);
    assert.equal(gcStats.gcThresholds.length, 3);
    assert.equal(gcStats.gcCounts.length, 3);
    assert.ok("totalObjects" in gcStats && gcStats.totalObjects === undefined);
    assert.ok((systemMemory.rssMb ?? 0) > 1);
    assert.ok("vmsMb" in systemMemory);
    assert.equal(objectPools.request_objects?.poolSize, 1);
    assert.equal(objectPools.request_objects?.reuseRatio, 0.75);
    assert.equal(weakCaches.user_sessions?.size, 1);
    assert.equal(weakCaches.user_sessions?.hitRatio, 0.5);
  },

  "Manual Cleanup"() {
    const { cleanupTimeMs, gcStats } = manualMemoryCleanup();
    assert.ok(cleanupTimeMs > 0);
    assert.equal(gcStats.generation, 2);
    assert.ok((gcStats.collectionTimeMs ?? 0) > 0 && "collectedObjects" in gcStats);
  },

  async "Middleware Order"() {
    const app = new Hono();
    app.use(gcTuning());
    app.use(memoryOptimization());
    app.use(memoryMonitoring({ logger: quiet }));
    app.get("/", (c) => c.text("ok"));
    assert.equal(await text(app), "ok");
  },

  async "Cleanup Thresholds"() {
    for (const cleanupThreshold of [500, 100, 2000]) {
      const app = new Hono();
      app.use(memoryOptimization({ cleanupThreshold }));
      app.get("/", (c) => c.text(`${cleanupThreshold}`));
      assert.equal(await text(app), `${cleanupThreshold}`);
    }
  },

  "Object Pool Sizing"() {
    for (const maxSize of [200, 100, 50]) {
      const pool = getMemoryOptimizer().createObjectPool({ name: "requests", factory: () => ({}), maxSize });
      const used = Array.from({ length: maxSize + 1 }, () => pool.acquire());
      for (const object of used) pool.release(object);
      assert.equal(pool.getStats().poolSize, maxSize);
      pool.close();
    }
  },

  "Cache Sizing"() {
    for (const maxSize of [5000, 500]) {
      const cache = getMemoryOptimizer().createWeakCache<string, object>({ name: "data", maxSize });
      const kept = Array.from({ length: maxSize + 1 }, (_, key) => ({ key }));
      for (const value of kept) cache.put(`${value.key}`, value);
      assert.equal(cache.size, maxSize);
      cache.close();
    }
  },
};
