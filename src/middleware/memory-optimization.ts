/**
 * Clean-up by count and by time, and a memory context for each request. The guide's
 * `MemoryOptimizationMiddleware`.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { GateKind } from "../core/schedule.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { Gate } from "../requests/gates.ts";
import { deadline } from "../scope/options.ts";
import {
  boolean,
  integer,
  number,
  type OptionFields,
  optional,
  options,
  parseOptions,
} from "../shared/options.ts";
import { govern, optimizerField, optimizerFor, Rank, type VelithonVariables } from "./govern.ts";

/** Options of `memoryOptimization`. */
export interface MemoryOptimizationOptions {
  /** Contexts that handlers use measure time and heap growth (`context.report`). Default false. */
  enableMonitoring?: boolean | undefined;
  /** A clean-up is due every so many requests; 0: never. Default 1000, without a collection where nobody named a count. */
  cleanupThreshold?: number | undefined;
  /** A clean-up is due every so many seconds, where requests have finished since; 0: never. Default 300, likewise. */
  cleanupIntervalSeconds?: number | undefined;
  /**
   * `getMemoryContext()` works in every handler behind. Costs an `AsyncLocalStorage` run a request; without
   * it a handler reaches its context as `c.var.velithon.context`. Default false.
   */
  ambientContext?: boolean | undefined;
  /**
   * `context.signal` fires so many ms after the request's start: 1 to 86,400,000. Costs a timer only where a
   * handler looks at the signal. Default: never.
   */
  deadlineMs?: number | undefined;
  /** Default: the program's. */
  optimizer?: MemoryOptimizer | undefined;
}

const fields = {
  enableMonitoring: optional(boolean(), false),
  cleanupThreshold: optional(integer(0, 1_000_000_000)),
  cleanupIntervalSeconds: optional(number(0, 604_800)),
  ambientContext: optional(boolean(), false),
  deadlineMs: optional(deadline),
};

/** @internal Checked, with defaults. */
interface MemoryOptimizationSettings {
  readonly enableMonitoring: boolean;
  readonly cleanupThreshold: number;
  readonly cleanupIntervalSeconds: number;
  /** Somebody asked for clean-ups, so they collect. */
  readonly collects: boolean;
  readonly ambientContext: boolean;
  readonly deadlineMs?: number | undefined;
  readonly optimizer?: MemoryOptimizer | undefined;
}

/** @internal `also`: options besides its own. */
export function parseMemoryOptimization(
  where: string,
  given: unknown,
  also: OptionFields = {},
): MemoryOptimizationSettings {
  const parsed = parseOptions(where, options({ ...fields, ...also }), given);
  const { cleanupThreshold, cleanupIntervalSeconds } = parsed;
  return {
    ...parsed,
    cleanupThreshold: cleanupThreshold ?? 1000,
    cleanupIntervalSeconds: cleanupIntervalSeconds ?? 300,
    collects: (cleanupThreshold ?? 0) > 0 || (cleanupIntervalSeconds ?? 0) > 0,
  };
}

/** @internal */
export function cleanupGates(given: MemoryOptimizationSettings): Gate[] {
  return given.cleanupThreshold > 0 ? [{ interval: given.cleanupThreshold, kind: GateKind.cleanup }] : [];
}

/**
 * Cleans up every `cleanupThreshold` requests and every `cleanupIntervalSeconds`, behind the response; one
 * that freed little makes the next ones sit out. Gives each request a memory context, made when a handler
 * first asks for it (`c.var.velithon.context`) and ended when the response has left.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * app.use(memoryOptimization({ cleanupThreshold: 500 }));
 * app.get("/report", (c) => {
 *   const buffer = c.var.velithon.context.acquire(buffers);
 *   return c.json(report(buffer));
 * });
 * ```
 */
export function memoryOptimization(
  given?: MemoryOptimizationOptions,
): MiddlewareHandler<{ Variables: VelithonVariables }> {
  const parsed = parseMemoryOptimization("memoryOptimization", given, optimizerField);
  const optimizer = optimizerFor(parsed.optimizer);
  const gates = optimizer.requests.createGates(cleanupGates(parsed));
  optimizer.cleanUpEvery(parsed.cleanupIntervalSeconds * 1000, parsed.collects);
  const passage = {
    optimizer,
    rank: Rank.memoryOptimization,
    gates,
    monitored: parsed.enableMonitoring,
    ambient: parsed.ambientContext,
    deadlineMs: parsed.deadlineMs,
  };
  return function memoryOptimization(c, next) {
    return govern(c, next, passage);
  };
}
