/** The guide's "Quick Start" and "Core Components". */
import assert from "node:assert/strict";
import { Hono } from "hono";
import {
  enableMemoryOptimizations,
  GarbageCollectionOptimizer,
  gcTuning,
  getMemoryOptimizer,
  getMemoryStats,
  memoryMonitoring,
  memoryOptimization,
  RequestMemoryContext,
  tryGetMemoryContext,
  withMemoryOptimization,
} from "velithon";
import { type Examples, text } from "./request.ts";

export const components: Examples = {
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
};
