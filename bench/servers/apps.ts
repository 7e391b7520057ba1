import type { MiddlewareHandler } from "hono";
import { Hono } from "hono";
import { routePath } from "hono/route";
import { createCore } from "../../src/core/index.ts";
import type { MemoryOptimizer } from "../../src/index.ts";
import { library } from "../runtimes.ts";

/**
 * The reference comes twice: what lies between the two is noise. "watching": an optimizer at work that sees no request.
 * "least": two readings of the clock, the core's two calls and the listener that tells of the end, and nothing else:
 * whoever counts requests with this core pays no less.
 */
export const variants = [
  "bare",
  "bare again",
  "watching",
  "least",
  "governFetch",
  "one empty",
  "three empty",
  "three",
  "governance",
  "shedFetch",
  "loadShedding",
  "prom-client",
] as const;
export type Variant = (typeof variants)[number];

/** What tells of the end of a response: Node's server, or Deno's. */
interface Environment {
  readonly outgoing?: { on(event: "close", listener: () => void): unknown };
  readonly completed?: Promise<void>;
}

function least(inner: Fetch): Fetch {
  const { schedule } = createCore();
  return (request, environment, execution) => {
    const startMs = performance.now();
    schedule.requestStart(startMs);
    const end = () => void schedule.requestEnd(performance.now(), startMs, 0);
    const { outgoing, completed } = environment as Environment;
    outgoing?.on("close", end);
    completed?.then(end, end);
    const response = inner(request, environment, execution);
    if (outgoing === undefined && completed === undefined) end();
    return response;
  };
}

type Library = Awaited<ReturnType<typeof library>>;

/** Load shedding decides at its full price only below a limit; far away, so that nobody is turned away. */
const LIMIT_BYTES = 2 ** 40;

const silent = { info: () => {}, warn: () => {}, error: () => {} };

function three(v: Library, optimizer: MemoryOptimizer): MiddlewareHandler[] {
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

/** A light JSON route behind some middlewares. */
function app(...middlewares: MiddlewareHandler[]): Fetch {
  const made = new Hono();
  for (const middleware of middlewares) made.use(middleware);
  made.get("/items/:id", (c) =>
    c.json({ id: c.req.param("id"), name: "a thing", price: 12.5, tags: ["a", "b"], inStock: true }),
  );
  return made.fetch;
}

export type Fetch = Hono["fetch"];

/** What answers, and the optimizer that works for it. */
export interface Prepared {
  readonly fetch: Fetch;
  readonly optimizer?: MemoryOptimizer;
}

export async function prepare(variant: Variant): Promise<Prepared> {
  switch (variant) {
    case "bare":
    case "bare again":
      return { fetch: app() };
    case "least":
      return { fetch: least(app()) };
    case "one empty":
      return { fetch: app((_, next) => next()) };
    case "three empty":
      return {
        fetch: app(
          (_, next) => next(),
          (_, next) => next(),
          (_, next) => next(),
        ),
      };
    case "prom-client":
      return { fetch: app(await promClient()) };
  }
  const v = await library();
  const limitBytes = variant === "shedFetch" || variant === "loadShedding" ? LIMIT_BYTES : undefined;
  const optimizer = v.createMemoryOptimizer({ logger: silent, limitBytes }).enable();
  switch (variant) {
    case "watching":
      return { fetch: app(), optimizer };
    case "three":
      return { fetch: app(...three(v, optimizer)), optimizer };
    case "governance":
      return { fetch: app(v.memoryGovernance({ optimizer })), optimizer };
    case "shedFetch":
      return { fetch: v.shedFetch(app(), { optimizer }), optimizer };
    case "loadShedding":
      return { fetch: app(v.loadShedding({ optimizer })), optimizer };
    case "governFetch":
      return { fetch: v.governFetch(app(), { optimizer, memoryMonitoring: { logger: silent } }), optimizer };
  }
}
