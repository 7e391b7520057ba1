import type { Context, Next } from "hono";
import type * as v from "valibot";
import { getMemoryOptimizer } from "../default.ts";
import { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import { type GovernedRequest, governedAround } from "../requests/governed.ts";
import { having, optional } from "../shared/options.ts";

/** What the middlewares set: `c.var.velithon`. */
export interface VelithonVariables {
  velithon: GovernedRequest;
}

/** Places in the one right order: collections, then memory, then monitoring. */
export const Rank = { gcTuning: 1, memoryOptimization: 2, memoryMonitoring: 3 } as const;

export const optimizerSchema: ReturnType<typeof having<MemoryOptimizer>> = having<MemoryOptimizer>(
  "a MemoryOptimizer, of this copy of velithon if there are two",
  (value) => value instanceof MemoryOptimizer,
);

/** For the options of a middleware that is mounted by itself. */
export const optimizerField: { readonly optimizer: v.OptionalSchema<typeof optimizerSchema, undefined> } = {
  optimizer: optional(optimizerSchema),
};

/** The optimizer that a middleware works for, at work from the moment that middleware is made. */
export function optimizerFor(given: MemoryOptimizer | undefined): MemoryOptimizer {
  return (given ?? getMemoryOptimizer()).enable();
}

const warned = new WeakSet<MemoryOptimizer>();

/**
 * Warns once where a middleware lies within one that belongs inside it. Not where it was mounted on other paths
 * than the one around it: on single routes any of them may follow the global ones.
 */
function checkOrder(c: Context, outer: GovernedRequest, passage: Passage): void {
  const { optimizer } = passage;
  if (passage.ordered || warned.has(optimizer)) return;
  passage.ordered = true;
  const routes = c.req.matchedRoutes;
  if (routes[outer.place]?.path !== routes[c.req.routeIndex]?.path) return;
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
  readonly monitored?: boolean | undefined;
  /** `getMemoryContext()` works in the handlers behind. */
  readonly ambient?: boolean | undefined;
  /** The signals of these contexts fire so long after the start of the request. */
  readonly deadlineMs?: number | undefined;
  /** Its place was looked at. */
  ordered?: boolean;
}

/**
 * The outermost middleware starts the request and sees it end; those within, and all within `governFetch`, only
 * add their gates. Each hands on the promise of what comes behind it, without a frame of its own.
 */
export function govern(c: Context, next: Next, passage: Passage): Promise<void> {
  const { requests } = passage.optimizer;
  let outer = c.get("velithon") as GovernedRequest | undefined;
  if (outer === undefined) {
    outer = governedAround(c.req.raw, requests);
    if (outer !== undefined) c.set("velithon", outer);
  } else if (outer.rank > passage.rank) checkOrder(c, outer, passage);
  if (outer?.tracker !== requests) return start(c, next, passage);
  outer.place = c.req.routeIndex;
  pass(outer, passage);
  return passage.ambient ? outer.context.runOpen(next) : next();
}

function start(c: Context, next: Next, passage: Passage): Promise<void> {
  const { enabled, requests } = passage.optimizer;
  const request = enabled ? requests.start() : requests.startUncounted();
  if (enabled && requests.sampling)
    requests.measure(request, `${c.req.method} ${c.req.matchedRoutes.at(-1)?.path}`);
  request.place = c.req.routeIndex;
  pass(request, passage);
  c.set("velithon", request);
  request.carriedBy(c.req.raw, c.env);
  if (!requests.announce(request, c.env)) return startWatched(c, next, passage, request);
  requests.answers(request, c);
  return passage.ambient ? request.context.runOpen(next) : next();
}

/** Asked of the promise before it is handed on, so answered before hono goes on to what it has to send. */
function startWatched(c: Context, next: Next, passage: Passage, request: GovernedRequest): Promise<void> {
  const { requests } = passage.optimizer;
  const answered = () => {
    const instead = requests.watch(request, c.finalized ? c.res : undefined, c.req);
    if (instead !== undefined) c.res = instead;
  };
  const behind = passage.ambient ? request.context.runOpen(next) : next();
  behind.then(answered, answered);
  return behind;
}

/** Adds what a passage adds. */
export function pass(request: GovernedRequest, passage: Passage): void {
  request.gates |= passage.gates;
  request.rank = passage.rank;
  if (passage.monitored) request.monitored = true;
  if (passage.deadlineMs !== undefined) request.deadlineMs = passage.deadlineMs;
}
