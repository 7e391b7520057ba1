/**
 * The dashboard: one page, a stream of what it shows, and two actions.
 *
 * @module
 */
import { Hono } from "hono";
import { optimizerSchema } from "../middleware/govern.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import { having, optional, options, parseOptions } from "../shared/options.ts";
import { Access, type AccessOptions, type Authorizer, checkedByAccess } from "./access.ts";
import { page, pagePolicy } from "./page-html.ts";
import { dashboardHistory, dashboardState } from "./state.ts";
import { Viewers } from "./viewers.ts";

/** Options of `memoryDashboard`. */
export interface DashboardOptions extends AccessOptions {
  /** The optimizer that it shows. */
  optimizer: MemoryOptimizer;
  /** Aborts when the server begins to stop: open streams end, so that the drain need not wait for them. Default: none. */
  stopping?: AbortSignal | undefined;
}

/** Open streams; more are told to come back. */
export const MAX_VIEWERS = 32;
const FRAME_MS = 1000;
const RETRY_SECONDS = 10;

const schema = options({
  optimizer: optimizerSchema,
  stopping: optional(having<AbortSignal>("an AbortSignal", (value) => value instanceof AbortSignal)),
  loopback: checkedByAccess<boolean>(),
  token: checkedByAccess<string>(),
  authorize: checkedByAccess<Authorizer>(),
});

/** What a browser may do with the page: run its own script, call this server, nothing else. */
const PAGE_HEADERS = {
  "content-security-policy": pagePolicy,
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;

/**
 * The dashboard, to be mounted in your own app. The page itself contains no data and is open to everybody, because a
 * browser sends no token when it opens a page; everything that it shows and does needs access.
 *
 * - `GET /`: the page
 * - `GET /state`: its data, once
 * - `GET /history?span=hour`: the last hour in steps of 5 s; `span=week`: seven days in steps of 15 min
 * - `GET /events`: the last hour, then the state once a second, as a stream; at most 32 at the same time
 * - `POST /cleanup`: `manualMemoryCleanup()`
 * - `POST /collect?generation=2`: `manualCollection()`
 *
 * @throws `INVALID_OPTION`, `INVALID_ENVIRONMENT`
 * @example
 * ```ts
 * app.route("/memory", memoryDashboard({ optimizer, token }));
 * ```
 */
export function memoryDashboard(given: DashboardOptions): Hono {
  const { optimizer, stopping, ...access } = parseOptions("memoryDashboard", schema, given);
  return dashboardRoutes(optimizer, new Access("memoryDashboard", access, optimizer.port), stopping);
}

/** @internal */
export function dashboardRoutes(optimizer: MemoryOptimizer, access: Access, stopping?: AbortSignal): Hono {
  const state = () => dashboardState(optimizer, access.mayOpen);
  const viewers = new Viewers(optimizer.port, {
    max: MAX_VIEWERS,
    intervalMs: FRAME_MS,
    frame: () => event("state", state()),
  });
  if (stopping?.aborted) viewers.close();
  else stopping?.addEventListener("abort", () => viewers.close(), { once: true });
  const app = new Hono();

  app.get("/", (c) => c.html(page, 200, PAGE_HEADERS));

  app.get("/state", access.reading, (c) => c.json(state()));

  app.get("/history", access.reading, (c) => {
    const span = c.req.query("span") ?? "hour";
    if (span !== "hour" && span !== "week") return c.json({ error: "span; accepted: hour or week" }, 400);
    return c.json(dashboardHistory(optimizer, span));
  });

  app.get("/events", access.reading, (c) => {
    const first = event("history", dashboardHistory(optimizer, "hour")) + event("state", state());
    const stream = viewers.open(first, c.req.raw.signal);
    if (!stream) {
      c.header("retry-after", String(RETRY_SECONDS));
      return c.json({ error: `${MAX_VIEWERS} dashboards are open already` }, 503);
    }
    c.header("content-type", "text/event-stream; charset=utf-8");
    // A proxy that collects a response before it passes it on would show nothing.
    c.header("x-accel-buffering", "no");
    return c.body(stream);
  });

  app.post("/cleanup", access.acting, (c) => c.json(optimizer.manualMemoryCleanup()));

  app.post("/collect", access.acting, (c) => {
    const generation = c.req.query("generation") ?? "2";
    if (generation !== "0" && generation !== "2") {
      return c.json({ error: "generation; accepted: 0 or 2" }, 400);
    }
    return c.json(optimizer.gcOptimizer.manualCollection({ generation: generation === "0" ? 0 : 2 }));
  });

  return app;
}
