/** The guide's "Best Practices", "Production Deployment" and "Advanced Features"; then all is switched off. */
import assert from "node:assert/strict";
import { Hono } from "hono";
import { Counter, Gauge, Registry } from "prom-client";
import {
  disableMemoryOptimizations,
  enableMemoryOptimizations,
  getMemoryOptimizer,
  getMemoryStats,
  manualMemoryCleanup,
  type PoolFactory,
  RequestMemoryContext,
} from "velithon";
import { type Examples, text } from "./request.ts";

export const production: Examples = {
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
