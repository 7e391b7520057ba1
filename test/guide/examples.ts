/**
 * Every example of the guide as a user of this library writes it, in the guide's order, under the guide's headings.
 * `guide.test.ts` runs them here; `test/package.mjs` takes the types away and runs them from the packed tarball.
 */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { Counter, Gauge, Registry } from "prom-client";
import {
  disableMemoryOptimizations,
  enableMemoryOptimizations,
  GarbageCollectionOptimizer,
  gcTuning,
  getMemoryOptimizer,
  getMemoryStats,
  manualMemoryCleanup,
  memoryMonitoring,
  memoryOptimization,
  type PoolFactory,
  RequestMemoryContext,
  tryGetMemoryContext,
  withMemoryOptimization,
} from "velithon";

const text = async (app: Pick<Hono, "request">, path = "/"): Promise<string> =>
  (await app.request(path)).text();

const quiet = { info() {} };

export const examples: Readonly<Record<string, () => void | Promise<void>>> = {
  async "Basic Setup"() {
    enableMemoryOptimizations();
    const app = new Hono();
    app.get("/", (c) => c.json({ message: "Memory optimized app!" }));
    assert.equal(await text(app), '{"message":"Memory optimized app!"}');
    assert.equal(getMemoryOptimizer().enabled, true);
  },

  async "Using Middleware"() {
    const app = new Hono();
    app.use(gcTuning({ disableGcDuringRequest: true }));
    app.use(memoryOptimization({ cleanupThreshold: 1000 }));
    app.use(memoryMonitoring({ logInterval: 5000 }));
    app.get("/", (c) => c.text("hello"));
    const before = getMemoryStats().requests.finished;
    assert.equal(await text(app), "hello");
    assert.equal(getMemoryStats().requests.finished, before + 1);
  },

  "Garbage Collection Optimizer"() {
    const optimizer = getMemoryOptimizer();
    optimizer.enable();
    assert.ok(optimizer.gcOptimizer instanceof GarbageCollectionOptimizer);
    const stats = optimizer.gcOptimizer.manualCollection({ generation: 2 });
    assert.equal(stats.generation, 2);
    assert.equal(stats.performed, true, stats.reason);
    assert.match(`in ${stats.collectionTimeMs?.toFixed(2)}ms`, /^in \d+\.\d\dms$/);
    assert.equal(stats.collectedObjects, undefined, "only where it is asked for");
    assert.deepEqual(Object.keys(optimizer.getComprehensiveStats()), Object.keys(getMemoryStats()));
  },

  "GC Tuning Parameters"() {
    assert.deepEqual(getMemoryStats().gcStats.gcThresholds, [2000, 15, 5]);
  },

  "Object Pools"() {
    const requestPool = getMemoryOptimizer().createObjectPool({
      name: "request_objects",
      factory: () => ({ headers: {}, data: null }) as { headers?: object; data?: unknown },
      reset: (object) => {
        object.headers = {};
        object.data = null;
      },
      maxSize: 100,
    });
    for (let i = 0; i < 4; i++) {
      const object = requestPool.acquire();
      object.data = i;
      requestPool.release(object);
      assert.equal(object.data, null);
    }
    assert.equal(requestPool.getStats().reuseRatio, 0.75);
    assert.equal(requestPool.getStats().maxSize, 100);
  },

  "Weak Reference Caching"() {
    const cache = getMemoryOptimizer().createWeakCache<string, { user: number }>({
      name: "user_sessions",
      maxSize: 1000,
    });
    const session = { user: 5 };
    cache.put("session_123", session);
    assert.equal(cache.get("session_123"), session);
    assert.equal(cache.get("session_124"), undefined);
    assert.equal(cache.getStats().hitRatio, 0.5);
  },

  "Request Memory Context"() {
    const order: string[] = [];
    {
      using context = new RequestMemoryContext({ enableMonitoring: true });
      context.defer(() => order.push("cleaned up"));
      order.push("work");
    }
    assert.deepEqual(order, ["work", "cleaned up"]);
  },

  async "As a decorator"() {
    const heavyProcessing = withMemoryOptimization(async (rows: number) => {
      await Promise.resolve();
      assert.ok(tryGetMemoryContext());
      return new Array(rows).fill("row").length;
    });
    const rows: number = await heavyProcessing(1000);
    assert.equal(rows, 1000);
    assert.equal(tryGetMemoryContext(), undefined);
  },

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

  "Enable Early"() {
    assert.equal(enableMemoryOptimizations(), enableMemoryOptimizations(), "again: nothing changes");
  },

  async "Monitor Memory Usage"() {
    const lines: string[] = [];
    let requests = 0;
    const app = new Hono();
    app.use(async (_, next) => {
      await next();
      requests += 1;
      if (requests % 10 === 0) lines.push(`Memory stats: ${JSON.stringify(getMemoryStats())}`);
    });
    app.get("/", (c) => c.text("ok"));
    for (let i = 0; i < 20; i++) await text(app);
    assert.equal(lines.length, 2);
    assert.match(lines[0] ?? "", /"rssMb":\d/);
  },

  async "Use Context Managers"() {
    const app = new Hono();
    let cleaned = 0;
    app.post("/process-data", async (c) => {
      await using context = new RequestMemoryContext();
      context.defer(() => {
        cleaned += 1;
      });
      return c.json({ rows: (await c.req.json<unknown[]>()).length });
    });
    const answer = await app.request("/process-data", { method: "POST", body: "[1,2,3]" });
    assert.deepEqual(await answer.json(), { rows: 3 });
    assert.equal(cleaned, 1);
  },

  "Handle Cleanup Gracefully"() {
    const onShutdown = (): string => `Shutdown cleanup: ${JSON.stringify(manualMemoryCleanup())}`;
    assert.match(onShutdown(), /^Shutdown cleanup: \{"cleanupTimeMs":/);
  },

  async "Monitoring Integration"() {
    const registers = [new Registry()];
    const memory = new Gauge({ name: "velithon_memory_usage_mb", help: "Memory usage in MB", registers });
    const collections = new Counter({ name: "velithon_gc_collections_total", help: "Total", registers });
    const app = new Hono();
    app.use(async (_, next) => {
      await next();
      const { systemMemory } = getMemoryStats();
      if (systemMemory.rssMb !== undefined) memory.set(systemMemory.rssMb);
      collections.inc(0);
    });
    app.get("/", (c) => c.text("ok"));
    await text(app);
    assert.match((await registers[0]?.metrics()) ?? "", /^velithon_memory_usage_mb \d+/m);
  },

  async "Health Checks"() {
    const app = new Hono();
    app.get("/health", (c) => {
      const { systemMemory, gcStats } = getMemoryStats();
      const memoryMb = systemMemory.rssMb ?? 0;
      return c.json({
        status: memoryMb < 50_000 ? "healthy" : "unhealthy",
        memoryMb,
        gcEnabled: gcStats.gcEnabled,
      });
    });
    assert.match(
      await text(app, "/health"),
      /^\{"status":"healthy","memoryMb":\d+(\.\d+)?,"gcEnabled":true\}$/,
    );
  },

  "Custom Object Factories"() {
    class RequestBufferFactory implements PoolFactory<{ bytes: number[] }> {
      readonly initialSize: number;
      constructor(initialSize = 1024) {
        this.initialSize = initialSize;
      }
      create(): { bytes: number[] } {
        return { bytes: new Array<number>(this.initialSize).fill(0) };
      }
      reset(buffer: { bytes: number[] }): { bytes: number[] } {
        return buffer.bytes.length > this.initialSize * 4 ? this.create() : buffer;
      }
    }
    const pool = getMemoryOptimizer().createObjectPool({
      name: "buffers",
      factory: new RequestBufferFactory(2048),
    });
    const buffer = pool.acquire();
    buffer.bytes.length = 10_000;
    pool.release(buffer);
    assert.equal(
      pool.acquire().bytes.length,
      2048,
      "the replacement is kept; the guide's own example loses it",
    );
  },

  async "Custom Memory Monitoring"() {
    class CustomMemoryMonitor {
      peakMemory = 0;
      requestCount = 0;
      cleanups = 0;
      checkMemory(): void {
        const current = getMemoryStats().systemMemory.rssMb ?? 0;
        this.peakMemory = Math.max(this.peakMemory, current);
        this.requestCount += 1;
        if (this.requestCount % 10 === 0 && current > this.peakMemory * 0.8) {
          manualMemoryCleanup();
          this.cleanups += 1;
        }
      }
    }
    const monitor = new CustomMemoryMonitor();
    const app = new Hono();
    app.use(async (_, next) => {
      await next();
      monitor.checkMemory();
    });
    app.get("/", (c) => c.text("ok"));
    for (let i = 0; i < 10; i++) await text(app);
    assert.equal(monitor.cleanups, 1);
  },

  "Disabled again"() {
    disableMemoryOptimizations();
    disableMemoryOptimizations();
    assert.equal(getMemoryOptimizer().enabled, false);
  },
};
