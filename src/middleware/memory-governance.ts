/**
 * The three middlewares as one, in the right order.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import { having, isRecord, type OptionFields, optional, options, parseOptions } from "../shared/options.ts";
import { type GcTuningOptions, gcGates, namesCounts, parseGcTuning } from "./gc-tuning.ts";
import {
  govern,
  optimizerFor,
  optimizerSchema,
  type Passage,
  Rank,
  type VelithonVariables,
} from "./govern.ts";
import { type MemoryMonitoringOptions, monitoringGates, parseMemoryMonitoring } from "./memory-monitoring.ts";
import {
  cleanupGates,
  type MemoryOptimizationOptions,
  parseMemoryOptimization,
} from "./memory-optimization.ts";

/** Options of `memoryGovernance`: those of the three middlewares that it mounts. */
export interface MemoryGovernanceOptions {
  /** Counts make collections due only where one is named, here or in the environment: unasked they cost more than they give. */
  gcTuning?: Omit<GcTuningOptions, "optimizer"> | undefined;
  /** Clean-ups and request contexts. */
  memoryOptimization?: Omit<MemoryOptimizationOptions, "optimizer"> | undefined;
  /** Statistics in the log. */
  memoryMonitoring?: Omit<MemoryMonitoringOptions, "optimizer"> | undefined;
  /** Default: the program's. */
  optimizer?: MemoryOptimizer | undefined;
}

const part = optional(
  having<object>("an object without optimizer", (value) => isRecord(value) && !("optimizer" in value)),
);

const fields = {
  gcTuning: part,
  memoryOptimization: part,
  memoryMonitoring: part,
  optimizer: optional(optimizerSchema),
};

/**
 * @internal The options checked, their gates made and their optimizer at work: what each request passes.
 * `also`: options of the caller's own.
 */
export function governancePassage(where: string, given: unknown, also: OptionFields = {}): Passage {
  const parsed = parseOptions(where, options({ ...also, ...fields }), given);
  const gc = parseGcTuning(`${where}: gcTuning`, parsed.gcTuning);
  const memory = parseMemoryOptimization(`${where}: memoryOptimization`, parsed.memoryOptimization);
  const monitoring = parseMemoryMonitoring(`${where}: memoryMonitoring`, parsed.memoryMonitoring);
  const optimizer = optimizerFor(parsed.optimizer);
  const collections = namesCounts(optimizer, gc) ? gcGates(optimizer, gc) : [];
  const gates = optimizer.requests.createGates([
    ...collections,
    ...cleanupGates(memory),
    ...monitoringGates(optimizer, monitoring),
  ]);
  if (collections.length > 0) optimizer.collectByCount();
  optimizer.cleanUpEvery(memory.cleanupIntervalSeconds * 1000, memory.collects);
  return {
    optimizer,
    // As the outermost of the three: any of them may follow, on single routes.
    rank: Rank.gcTuning,
    gates,
    monitored: memory.enableMonitoring,
    ambient: memory.ambientContext,
    deadlineMs: memory.deadlineMs,
  };
}

/**
 * `gcTuning`, `memoryOptimization` and `memoryMonitoring` as one middleware, one function call a request
 * instead of three. Unlike `gcTuning` alone it makes no collection due by counts unless you name one. Around a whole app `governFetch` is cheaper still.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * const app = new Hono();
 * app.use(memoryGovernance({ memoryOptimization: { cleanupThreshold: 500 } }));
 * ```
 */
export function memoryGovernance(
  given?: MemoryGovernanceOptions,
): MiddlewareHandler<{ Variables: VelithonVariables }> {
  const passage = governancePassage("memoryGovernance", given);
  return function memoryGovernance(c, next) {
    return govern(c, next, passage);
  };
}
