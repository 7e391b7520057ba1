/**
 * Turns requests away while memory is short, so that the others are answered.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import {
  declaredBytes,
  LoadShedder,
  SHED,
  type SheddingOptions,
  sheddingFields,
} from "../optimizer/shedding.ts";
import type { MemoryOptimizer } from "../optimizer.ts";
import { optional, options, parseOptions } from "../shared/options.ts";
import { optimizerFor, optimizerSchema } from "./govern.ts";

export interface LoadSheddingOptions extends SheddingOptions {
  /** Default: the program's. */
  optimizer?: MemoryOptimizer | undefined;
}

const schema = options({ ...sheddingFields, optimizer: optional(optimizerSchema) });

/**
 * Answers 503 with `Retry-After` to a share of requests that rises with memory pressure, low priorities
 * first, and to bodies that there is no room for. Health, metrics and dashboard are exempt. Without a
 * fresh reading of memory everybody is let in. Mount it first, once.
 *
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * app.use(loadShedding({ routes: { "/reports/*": "low", "/checkout": "high" } }));
 * app.use(memoryGovernance());
 * ```
 */
export function loadShedding(given?: LoadSheddingOptions): MiddlewareHandler {
  const { optimizer: chosen, ...parsed } = parseOptions("loadShedding", schema, given);
  const optimizer = optimizerFor(chosen);
  const shedder = new LoadShedder(optimizer.pressure, parsed);
  return function loadShedding(c, next) {
    if (!optimizer.enabled) return next();
    const { method } = c.req;
    const length = method === "GET" || method === "HEAD" ? undefined : c.req.header("content-length");
    const entered = shedder.enter(c.req.path, declaredBytes(method, length));
    if (entered === SHED) return Promise.resolve(refuse(c, shedder));
    return entered < 0 ? next() : leaveAfter(next, shedder, entered);
  };
}

function refuse(c: Context, shedder: LoadShedder): Response {
  return c.text("overloaded, try again later", 503, { "retry-after": shedder.retryAfter() });
}

async function leaveAfter(next: () => Promise<void>, shedder: LoadShedder, entered: number): Promise<void> {
  try {
    await next();
  } finally {
    shedder.leave(entered);
  }
}
