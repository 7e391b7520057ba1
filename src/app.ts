/**
 * The app that every runtime serves: health, metrics, statistics, the dashboard, and a demo on real data.
 *
 * @module
 */
import { Hono } from "hono";
import { Access, type AccessOptions, type Authorizer, checkedByAccess } from "./app/access.ts";
import { dashboardRoutes } from "./app/dashboard.ts";
import { createDemo, type MediaTypes } from "./app/demo.ts";
import { createMetrics, type MetricsOptions, metricsSchema } from "./app/metrics.ts";
import { heaviestRoutes, isReady } from "./app/state.ts";
import { statsOfWorkers } from "./app/worker-metrics.ts";
import { optimizerSchema, type VelithonVariables } from "./middleware/govern.ts";
import { type MemoryGovernanceOptions, memoryGovernance } from "./middleware/memory-governance.ts";
import type { MemoryOptimizer } from "./optimizer/memory-optimizer.ts";
import { VelithonError } from "./shared/errors.ts";
import { boolean, having, isRecord, number, optional, options, parseOptions } from "./shared/options.ts";

export {
  type AccessOptions,
  type Authorizer,
  adminToken,
  isLoopback,
  makeToken,
  type Permission,
} from "./app/access.ts";
export { type DashboardOptions, memoryDashboard } from "./app/dashboard.ts";
export type { MediaType, MediaTypes } from "./app/demo.ts";
export { createMetrics, type MetricsOptions } from "./app/metrics.ts";
export type {
  MetricDescription,
  MetricsRegistry,
  MetricWithValues,
  PrometheusContentType,
} from "./app/registry.ts";
export type { DashboardState } from "./app/state.ts";

/** Options of `createApp`. */
export interface AppOptions extends AccessOptions {
  /** The optimizer that the app shows and that governs its requests. */
  optimizer: MemoryOptimizer;
  /** The RSS in MB from which `/health` answers 503, as in the guide. Default 500. */
  healthyBelowMb?: number | undefined;
  /** Options of the three middlewares, which the app mounts; false: mounts none, for an app that is served by `governFetch`. */
  governance?: Omit<MemoryGovernanceOptions, "optimizer"> | false | undefined;
  /** False: no dashboard at `/memory`. Default true. */
  dashboard?: boolean | undefined;
  /** Options of `createMetrics`, for `/metrics`. */
  metrics?: MetricsOptions | undefined;
  /** Data for the demo routes; without it there are none. */
  demo?: MediaTypes | undefined;
  /** Aborts when the server begins to stop: from then on it is not ready, and dashboards disconnect. Default: none. */
  stopping?: AbortSignal | undefined;
}

const schema = options({
  optimizer: optimizerSchema,
  loopback: checkedByAccess<boolean>(),
  token: checkedByAccess<string>(),
  authorize: checkedByAccess<Authorizer>(),
  healthyBelowMb: optional(number(1, 16_777_216), 500),
  governance: optional(
    having<Omit<MemoryGovernanceOptions, "optimizer"> | false>(
      "an object with gcTuning, memoryOptimization or memoryMonitoring, or false",
      (value) => value === false || (isRecord(value) && !("optimizer" in value)),
    ),
  ),
  dashboard: optional(boolean(), true),
  metrics: optional(having<MetricsOptions>("an object", isRecord)),
  demo: optional(having<MediaTypes>("an object of media types", isRecord)),
  stopping: optional(having<AbortSignal>("an AbortSignal", (value) => value instanceof AbortSignal)),
});

/**
 * The shared app. Mount more routes on it, or mount it in another app.
 *
 * - `GET /`: the list of routes
 * - `GET /health`: 200 or 503; the guide's body for callers who may see details
 * - `GET /health/live`: 200 as long as the process answers, whatever its memory
 * - `GET /health/ready`: 200, or 503 while memory is short or the server stops
 * - `GET /stats`: `getMemoryStats()`, `topRoutes()` and the runtime's capabilities; with `metrics.workers` also
 *   `allWorkers`, the statistics of all of them together; details
 * - `GET /metrics`: Prometheus text; details; needs the package `prom-client`
 * - `/memory`: the dashboard, see `memoryDashboard`
 * - `GET /demo/...`: with `demo` data
 *
 * @throws `INVALID_OPTION`, `INVALID_ENVIRONMENT`, `TOO_MANY_GATES`, and `NAME_TAKEN` for a second demo; then nothing
 * has been made
 */
export function createApp(given: AppOptions): Hono<{ Variables: VelithonVariables }> {
  const parsed = parseOptions("createApp", schema, given);
  const { optimizer, healthyBelowMb, loopback, token, authorize, stopping } = parsed;
  parseOptions("createApp: metrics", metricsSchema, parsed.metrics);
  const access = new Access("createApp", { loopback, token, authorize }, optimizer.port);
  const demo = parsed.demo && createDemo(optimizer, parsed.demo);
  let governance: ReturnType<typeof memoryGovernance> | undefined;
  try {
    if (parsed.governance !== false) governance = memoryGovernance({ ...parsed.governance, optimizer });
  } catch (error) {
    demo?.close();
    throw error;
  }
  const app = new Hono<{ Variables: VelithonVariables }>();
  let metrics: ReturnType<typeof createMetrics> | undefined;

  // Before the governed routes: probes and onlookers change nothing that they look at.
  app.get("/health/live", (c) => c.text("ok"));

  app.get("/health/ready", (c) => {
    const ready = !stopping?.aborted && isReady(optimizer);
    return ready ? c.text("ready") : c.text("not ready", 503);
  });

  if (parsed.dashboard) app.route("/memory", dashboardRoutes(optimizer, access, stopping));

  if (governance) app.use(governance);

  app.get("/health", async (c) => {
    const { systemMemory, gcStats } = optimizer.getMemoryStats();
    const healthy = systemMemory.rssMb === undefined || systemMemory.rssMb < healthyBelowMb;
    const status = healthy ? "healthy" : "unhealthy";
    const body = (await access.allows(c, "read"))
      ? { status, memoryMb: systemMemory.rssMb, gcEnabled: gcStats.gcEnabled }
      : { status };
    return c.json(body, healthy ? 200 : 503);
  });

  app.get("/stats", access.reading, async (c) => {
    const { workers } = parsed.metrics ?? {};
    return c.json({
      ...optimizer.getMemoryStats(),
      topRoutes: heaviestRoutes(optimizer),
      capabilities: optimizer.capabilities,
      ...(workers && { allWorkers: await statsOfWorkers(workers) }),
    });
  });

  app.get("/metrics", access.reading, async (c) => {
    metrics ??= createMetrics(optimizer, parsed.metrics);
    try {
      const registry = await metrics;
      return c.text(await registry.metrics(), 200, { "content-type": registry.contentType });
    } catch (error) {
      if (!(error instanceof VelithonError)) throw error;
      metrics = undefined;
      return c.json({ error: error.message }, 501);
    }
  });

  const routes = ["/health", "/health/live", "/health/ready", "/stats", "/metrics"];
  if (parsed.dashboard) routes.push("/memory");
  if (demo) {
    routes.push("/demo/types?search=json&limit=5", "/demo/summary", "/demo/stream");
    app.route("/demo", demo.routes);
  }
  app.get("/", (c) => c.json({ name: "velithon", routes }));

  return app;
}
