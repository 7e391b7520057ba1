/**
 * The app that every runtime serves: health, metrics, statistics, and a demo on real data.
 *
 * @module
 */
import { Hono } from "hono";
import { type AccessOptions, maySeeDetails } from "./app/access.ts";
import { createDemo, type MediaTypes } from "./app/demo.ts";
import { createMetrics } from "./app/metrics.ts";
import type { VelithonVariables } from "./middleware/govern.ts";
import { type MemoryGovernanceOptions, memoryGovernance } from "./middleware/memory-governance.ts";
import { MemoryOptimizer } from "./optimizer.ts";
import { VelithonError } from "./shared/errors.ts";
import { boolean, having, name, number, optional, options, parseOptions } from "./shared/options.ts";

export { type AccessOptions, isLoopback } from "./app/access.ts";
export type { MediaType, MediaTypes } from "./app/demo.ts";
export { createMetrics } from "./app/metrics.ts";

export interface AppOptions {
  optimizer: MemoryOptimizer;
  /** The server listens on a loopback address only: then local callers see details without a token. Default false. */
  loopback?: boolean | undefined;
  /** `Authorization: Bearer` with this token opens details from anywhere. Default: none. */
  token?: string | undefined;
  /** `/health` answers 503 from this RSS in MB on, as in the guide. Default 500. */
  healthyBelowMb?: number | undefined;
  /** Options of the three middlewares, which the app mounts. */
  governance?: Omit<MemoryGovernanceOptions, "optimizer"> | undefined;
  /** Data of the demo routes; without it there are none. */
  demo?: MediaTypes | undefined;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const schema = options({
  optimizer: having<MemoryOptimizer>("a MemoryOptimizer", (value) => value instanceof MemoryOptimizer),
  loopback: optional(boolean(), false),
  token: optional(name()),
  healthyBelowMb: optional(number(1, 16_777_216), 500),
  governance: optional(
    having<object>(
      "an object with gcTuning, memoryOptimization or memoryMonitoring",
      (value) => isObject(value) && !("optimizer" in value),
    ),
  ),
  demo: optional(having<MediaTypes>("an object of media types", isObject)),
});

/**
 * The shared app. Mount more routes on it, or mount it in another app.
 *
 * - `GET /`: what there is
 * - `GET /health`: 200 or 503; the guide's body for those who may see details
 * - `GET /health/live`: 200 as long as the process answers, whatever its memory
 * - `GET /stats`: `getMemoryStats()`; details
 * - `GET /metrics`: Prometheus text; details; needs the package `prom-client`
 * - `GET /demo/...`: with `demo` data
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`, and `NAME_TAKEN` for a second demo; nothing is made by then
 */
export function createApp(given: AppOptions): Hono<{ Variables: VelithonVariables }> {
  const parsed = parseOptions("createApp", schema, given);
  const { optimizer, healthyBelowMb } = parsed;
  const access: AccessOptions = { loopback: parsed.loopback, token: parsed.token };
  const app = new Hono<{ Variables: VelithonVariables }>();
  let metrics: ReturnType<typeof createMetrics> | undefined;
  const demo = parsed.demo && createDemo(optimizer, parsed.demo);

  app.get("/health/live", (c) => c.text("ok"));

  try {
    app.use(memoryGovernance({ ...parsed.governance, optimizer }));
  } catch (error) {
    demo?.close();
    throw error;
  }

  app.get("/health", async (c) => {
    const { systemMemory, gcStats } = optimizer.getMemoryStats();
    const healthy = systemMemory.rssMb === undefined || systemMemory.rssMb < healthyBelowMb;
    const status = healthy ? "healthy" : "unhealthy";
    const body = (await maySeeDetails(c, access))
      ? { status, memoryMb: systemMemory.rssMb, gcEnabled: gcStats.gcEnabled }
      : { status };
    return c.json(body, healthy ? 200 : 503);
  });

  for (const path of ["/stats", "/metrics"]) {
    app.use(path, async (c, next) => {
      if (await maySeeDetails(c, access)) return next();
      const reason =
        access.token === undefined ? "only local callers may see this" : "a bearer token is needed";
      return c.json({ error: reason }, access.token === undefined ? 403 : 401);
    });
  }

  app.get("/stats", (c) => c.json({ ...optimizer.getMemoryStats(), capabilities: optimizer.capabilities }));

  app.get("/metrics", async (c) => {
    metrics ??= createMetrics(optimizer);
    try {
      const registry = await metrics;
      return c.text(await registry.metrics(), 200, { "content-type": registry.contentType });
    } catch (error) {
      if (!(error instanceof VelithonError)) throw error;
      metrics = undefined;
      return c.json({ error: error.message }, 501);
    }
  });

  const demos = demo ? ["/demo/types?search=json&limit=5", "/demo/summary", "/demo/stream"] : [];
  if (demo) app.route("/demo", demo.routes);

  app.get("/", (c) =>
    c.json({
      name: "velithon",
      routes: ["/health", "/health/live", "/stats", "/metrics", ...demos],
    }),
  );

  return app;
}
