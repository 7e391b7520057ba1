import type { Context, Next } from "hono";
import { getMemoryOptimizer } from "../default.ts";
import { MemoryOptimizer } from "../optimizer.ts";
import type { GovernedRequest } from "../requests.ts";
import { having } from "../shared/options.ts";

/** What the middlewares set: `c.var.velithon`. */
export interface VelithonVariables {
  velithon: GovernedRequest;
}

/** Places in the one right order: collections, then memory, then monitoring. */
export const Rank = { gcTuning: 1, memoryOptimization: 2, memoryMonitoring: 3 } as const;

export const optimizerSchema: ReturnType<typeof having<MemoryOptimizer>> = having<MemoryOptimizer>(
  "a MemoryOptimizer",
  (value) => value instanceof MemoryOptimizer,
);

/** The optimizer that a middleware works for, at work from the moment that middleware is made. */
export function optimizerFor(given: MemoryOptimizer | undefined): MemoryOptimizer {
  return (given ?? getMemoryOptimizer()).enable();
}

const warned = new WeakSet<MemoryOptimizer>();

function warnOfOrder(optimizer: MemoryOptimizer): void {
  if (warned.has(optimizer)) return;
  warned.add(optimizer);
  optimizer.logger.warn(
    { code: "MIDDLEWARE_ORDER" },
    "velithon middlewares are mounted in the wrong order; mount gcTuning, memoryOptimization, memoryMonitoring in that order, or memoryGovernance alone",
  );
}

/** What one middleware adds to each request that passes it. */
export interface Passage {
  readonly optimizer: MemoryOptimizer;
  readonly rank: number;
  /** Bits of its gates. */
  readonly gates: number;
  /** Contexts of these requests measure. */
  readonly monitored?: boolean;
  /** `getMemoryContext()` works in the handlers behind. */
  readonly ambient?: boolean;
}

/**
 * The outermost middleware starts the request and sees it end; those within only add their gates, and hand
 * on the promise of what comes behind them instead of waiting in a frame of their own.
 */
export function govern(c: Context, next: Next, passage: Passage): Promise<void> {
  const { optimizer } = passage;
  if (!optimizer.enabled) return next();
  const outer = c.get("velithon") as GovernedRequest | undefined;
  if (outer === undefined || outer.tracker !== optimizer.requests) return start(c, next, passage);
  if (outer.rank > passage.rank) warnOfOrder(optimizer);
  pass(outer, passage);
  return passage.ambient ? outer.context.runOpen(next) : next();
}

async function start(c: Context, next: Next, passage: Passage): Promise<void> {
  const { requests } = passage.optimizer;
  const request = requests.start();
  pass(request, passage);
  c.set("velithon", request);
  try {
    await (passage.ambient ? request.context.runOpen(next) : next());
  } finally {
    // An answer to HEAD goes out without its body, which nobody reads then.
    const sent = c.finalized && c.req.method !== "HEAD" ? c.res : undefined;
    const instead = requests.respond(request, c.env, sent);
    if (instead !== undefined) c.res = instead;
  }
}

function pass(request: GovernedRequest, passage: Passage): void {
  request.gates |= passage.gates;
  request.rank = passage.rank;
  if (passage.monitored) request.monitored = true;
}
