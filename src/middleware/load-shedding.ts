/**
 * Turns requests away while memory is short, so that the others are answered.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import {
  declaredBytes,
  LoadShedder,
  SHED,
  type SheddingOptions,
  sheddingFields,
} from "../pressure/shedding.ts";
import { optional, options, parseOptions } from "../shared/options.ts";
import { optimizerFor, optimizerSchema } from "./govern.ts";

/** Options of `loadShedding`, `shedFetch`, `shedListener` and `shedServer`. */
export interface LoadSheddingOptions extends SheddingOptions {
  /** Default: the program's. */
  optimizer?: MemoryOptimizer | undefined;
}

const schema = options({ ...sheddingFields, optimizer: optional(optimizerSchema) });

/** @internal */
export function loadShedder(
  where: string,
  given: unknown,
): { optimizer: MemoryOptimizer; shedder: LoadShedder } {
  const { optimizer: chosen, ...parsed } = parseOptions(where, schema, given);
  const optimizer = optimizerFor(chosen);
  return { optimizer, shedder: new LoadShedder(optimizer, parsed) };
}

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
  const { optimizer, shedder } = loadShedder("loadShedding", given);
  return function loadShedding(c, next) {
    if (!optimizer.enabled) return next();
    const { method } = c.req;
    const length = method === "GET" || method === "HEAD" ? undefined : c.req.header("content-length");
    const entered = shedder.enter(c.req.path, declaredBytes(method, length));
    if (entered === SHED) return Promise.resolve(shedder.refusal(c.env));
    return entered < 0 ? next() : leaveAfter(next, shedder, entered);
  };
}

async function leaveAfter(next: () => Promise<void>, shedder: LoadShedder, entered: number): Promise<void> {
  try {
    await next();
  } finally {
    shedder.leave(entered);
  }
}
