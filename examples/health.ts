/**
 * Health checks. `/health/live` answers as long as the process does, whatever its memory: a restart loop
 * helps nobody. `/health` answers 503 once memory is above a bound, so that a balancer looks elsewhere.
 */
import { Hono } from "hono";
import { getMemoryStats, memoryGovernance } from "velithon";

export interface HealthOptions {
  /** RSS in MB from which on `/health` answers 503. Choose it below what the machine or container has. */
  healthyBelowMb: number;
}

export function createHealthApp({ healthyBelowMb }: HealthOptions): Hono {
  const app = new Hono();

  // Before the governed routes: it must not wait for anything.
  app.get("/health/live", (c) => c.text("ok"));

  app.use(memoryGovernance());

  app.get("/health", (c) => {
    const { systemMemory, gcStats } = getMemoryStats();
    const memoryMb = systemMemory.rssMb;
    // A runtime that cannot tell is no reason to take the server out.
    const healthy = memoryMb === undefined || memoryMb < healthyBelowMb;
    return c.json(
      { status: healthy ? "healthy" : "unhealthy", memoryMb, gcEnabled: gcStats.gcEnabled },
      healthy ? 200 : 503,
    );
  });

  return app;
}
