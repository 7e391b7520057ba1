/**
 * Collection tuning for one route: a report that computes for a while and leaves much garbage counts
 * collections; the light routes beside it do not.
 */
import { Hono } from "hono";
import { gcTuning, memoryMonitoring, memoryOptimization } from "velithon";

/** Stands for real work: many short-lived objects. */
function computeReport(rows: number): { rows: number; total: number } {
  const items = Array.from({ length: rows }, (_, i) => ({ id: i, label: `row ${i}`, value: i % 97 }));
  const total = items
    .filter((item) => item.label.endsWith("7"))
    .map((item) => ({ ...item, value: item.value * 2 }))
    .reduce((sum, item) => sum + item.value, 0);
  return { rows, total };
}

export function createReportApp(): Hono {
  const app = new Hono();
  // First, and on this path alone: hono runs middlewares in the order in which they are mounted, and
  // collection tuning comes before the other two.
  app.use("/report", gcTuning({ generation0Interval: 10, generation2Interval: 100 }));
  app.use(memoryOptimization({ cleanupThreshold: 500 }));
  app.use(memoryMonitoring({ logInterval: 10_000 }));

  app.get("/ping", (c) => c.text("pong"));
  app.get("/report", (c) => c.json(computeReport(5_000)));
  return app;
}
