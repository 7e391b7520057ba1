import type { MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { routePath } from "hono/route";
import { library } from "../runtimes.ts";

/**
 * The reference comes twice: what lies between the two is noise. "no counts": without the collections that counts
 * make due. Those may take 1 % of wall time, which is far more of the work of a server that waits for its turn.
 */
export const variants = [
  "bare",
  "bare again",
  "three empty",
  "three",
  "governance",
  "governFetch",
  "governFetch, no counts",
  "prom-client",
] as const;
export type Variant = (typeof variants)[number];

const silent = { info: () => {}, warn: () => {}, error: () => {} };

async function ours(one: boolean): Promise<MiddlewareHandler[]> {
  const v = await library();
  const optimizer = v.createMemoryOptimizer({ logger: silent });
  if (one) return [v.memoryGovernance({ optimizer })];
  return [
    v.gcTuning({ optimizer }),
    v.memoryOptimization({ optimizer }),
    v.memoryMonitoring({ optimizer, logger: silent }),
  ];
}

/** Duration and count by method, route and status, as the usual middlewares for prom-client do it. */
async function promClient(): Promise<MiddlewareHandler> {
  const { Counter, Histogram, Registry } = (await import("prom-client")).default;
  const register = new Registry();
  const labelNames = ["method", "route", "status"] as const;
  const duration = new Histogram({
    name: "http_request_duration_seconds",
    help: "Duration of requests",
    labelNames,
    registers: [register],
  });
  const count = new Counter({
    name: "http_requests_total",
    help: "Requests",
    labelNames,
    registers: [register],
  });
  return async function metrics(c, next) {
    const stop = duration.startTimer();
    try {
      await next();
    } finally {
      const labels = { method: c.req.method, route: routePath(c), status: String(c.res.status) };
      stop(labels);
      count.inc(labels);
    }
  };
}

async function middlewares(variant: Variant): Promise<MiddlewareHandler[]> {
  switch (variant) {
    case "three empty":
      return [(_, next) => next(), (_, next) => next(), (_, next) => next()];
    case "three":
      return ours(false);
    case "governance":
      return ours(true);
    case "prom-client":
      return [await promClient()];
    default:
      return [];
  }
}

export type Fetch = Hono["fetch"];

/** A light JSON route behind what a variant puts in front of it. */
export async function createVariant(variant: Variant): Promise<Fetch> {
  const app = new Hono();
  for (const middleware of await middlewares(variant)) app.use(middleware);
  app.get("/items/:id", (c) =>
    c.json({ id: c.req.param("id"), name: "a thing", price: 12.5, tags: ["a", "b"], inStock: true }),
  );
  if (variant !== "governFetch" && variant !== "governFetch, no counts") return app.fetch;
  const v = await library();
  const counts = variant === "governFetch" ? {} : { generation0Interval: 0, generation2Interval: 0 };
  return v.governFetch(app.fetch, {
    optimizer: v.createMemoryOptimizer({ logger: silent }),
    gcTuning: counts,
    memoryMonitoring: { logger: silent },
  });
}
