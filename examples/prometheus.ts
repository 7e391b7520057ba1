/**
 * Prometheus in an app of one's own: the library's metrics, a metric made from its statistics, and a counter
 * of the app, in one registry. Nothing is measured between two scrapes.
 */
import { Hono } from "hono";
import { Counter, Gauge } from "prom-client";
import { getMemoryOptimizer, memoryGovernance } from "velithon";
import { createMetrics } from "velithon/app";

export async function createPrometheusApp(): Promise<Hono> {
  const optimizer = getMemoryOptimizer();
  // velithon_memory_usage_mb, velithon_gc_collections_total and the others: a registry of its own, so it
  // does not clash with what the program keeps in prom-client's default one.
  const registry = await createMetrics(optimizer);

  new Gauge({
    name: "app_memory_limit_used_ratio",
    help: "Resident memory out of the process's limit.",
    registers: [registry],
    collect() {
      const { rssMb, limitMb } = optimizer.getMemoryStats().systemMemory;
      // What is not known makes no sample.
      if (rssMb === undefined || limitMb === undefined) this.remove();
      else this.set(rssMb / limitMb);
    },
  });

  const orders = new Counter({
    name: "app_orders_total",
    help: "Orders taken.",
    labelNames: ["size"],
    registers: [registry],
  });

  const app = new Hono();
  app.use(memoryGovernance({ optimizer }));
  app.post("/orders/:size{small|large}", (c) => {
    orders.inc({ size: c.req.param("size") });
    return c.body(null, 204);
  });
  // Keep it off the public network: labels name pools and caches.
  app.get("/metrics", async (c) =>
    c.text(await registry.metrics(), 200, { "content-type": registry.contentType }),
  );
  return app;
}
