/**
 * One server of several workers; `/metrics` and `/stats` add them up, whichever worker answers.
 *
 * - Node: `examples/workers-node.ts`, processes of `node:cluster`
 * - Bun: `examples/workers-bun.ts`, processes on one port by `reusePort`
 * - Deno: `deno serve --parallel examples/workers-deno.ts`, threads of one process
 *
 * `WORKERS_DIRECTORY` is a folder of this server's own, where its workers find one another.
 */
import process from "node:process";
import { Hono } from "hono";
import { enableMemoryOptimizations, memoryGovernance } from "velithon";
import { createMetrics } from "velithon/app";
import { joinWorkers } from "velithon/workers";

/** What each worker serves. */
export async function createWorker(
  directory: string = process.env.WORKERS_DIRECTORY ?? "/tmp/velithon-workers",
): Promise<Hono> {
  const optimizer = enableMemoryOptimizations();
  const workers = await joinWorkers(optimizer, { directory });
  const metrics = await createMetrics(optimizer, { workers });
  const app = new Hono();
  // Before the governed routes, so that looking does not count. Keep it from strangers, as the shared app does.
  app.get("/metrics", async (c) => c.text(await metrics.metrics()));
  app.get("/stats", async (c) => c.json(await workers.getMemoryStats()));
  app.use(memoryGovernance());
  app.get("/", (c) => c.text("hello\n"));
  return app;
}
