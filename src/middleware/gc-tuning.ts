/**
 * When collections may run. The guide's `GCTuningMiddleware`.
 *
 * @module
 */
import type { MiddlewareHandler } from "hono";
import { GateKind } from "../core/schedule.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { Gate } from "../requests/gates.ts";
import { boolean, integer, type OptionFields, optional, options, parseOptions } from "../shared/options.ts";
import { govern, optimizerField, optimizerFor, Rank, type VelithonVariables } from "./govern.ts";

/** Options of `gcTuning`. */
export interface GcTuningOptions {
  /**
   * No collection that these counts make due runs while a request is in flight. An engine's own collector
   * cannot be switched off: what it does inside requests is shown in the statistics. Default true.
   */
  disableGcDuringRequest?: boolean | undefined;
  /** A minor collection is due every so many requests; 0: never. Default 100, or `VELITHON_GC_GEN0_INTERVAL`. */
  generation0Interval?: number | undefined;
  /** A major collection is due every so many requests; 0: never. Default 1000, or `VELITHON_GC_GEN2_INTERVAL`. */
  generation2Interval?: number | undefined;
  /** Default: the program's. */
  optimizer?: MemoryOptimizer | undefined;
}

const MAX_INTERVAL = 1_000_000_000;

const fields = {
  disableGcDuringRequest: optional(boolean(), true),
  generation0Interval: optional(integer(0, MAX_INTERVAL)),
  generation2Interval: optional(integer(0, MAX_INTERVAL)),
};

/** @internal Checked, with defaults. */
interface GcTuningSettings {
  readonly disableGcDuringRequest: boolean;
  readonly generation0Interval?: number | undefined;
  readonly generation2Interval?: number | undefined;
  readonly optimizer?: MemoryOptimizer | undefined;
}

/** @internal `also`: options besides its own. */
export function parseGcTuning(where: string, given: unknown, also: OptionFields = {}): GcTuningSettings {
  return parseOptions(where, options({ ...fields, ...also }), given);
}

/** @internal Whether somebody asked for counts: an option here, or a variable. 0 asks for none. */
export function namesCounts(optimizer: MemoryOptimizer, given: GcTuningSettings): boolean {
  const { generation0Interval, generation2Interval } = optimizer.environment;
  return [
    given.generation0Interval,
    given.generation2Interval,
    generation0Interval,
    generation2Interval,
  ].some((interval) => interval !== undefined && interval > 0);
}

/** @internal */
export function gcGates(optimizer: MemoryOptimizer, given: GcTuningSettings): Gate[] {
  const { environment } = optimizer;
  const whileBusy = !given.disableGcDuringRequest;
  return [
    {
      interval: given.generation0Interval ?? environment.generation0Interval ?? 100,
      kind: GateKind.generation0,
      whileBusy,
    },
    {
      interval: given.generation2Interval ?? environment.generation2Interval ?? 1000,
      kind: GateKind.generation2,
      whileBusy,
    },
  ].filter((gate) => gate.interval > 0);
}

/**
 * Makes collections due by the number of requests. A due one runs when nothing is in flight, within the time
 * budget (1 % of wall time), and when the last ones of its kind were worth their pause; else it is skipped
 * and counted. May be mounted on single routes.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * app.use(gcTuning({ generation0Interval: 100, generation2Interval: 1000 }));
 * ```
 */
export function gcTuning(given?: GcTuningOptions): MiddlewareHandler<{ Variables: VelithonVariables }> {
  const parsed = parseGcTuning("gcTuning", given, optimizerField);
  const optimizer = optimizerFor(parsed.optimizer);
  const gates = optimizer.requests.createGates(gcGates(optimizer, parsed));
  if (gates !== 0) optimizer.collectByCount();
  const passage = { optimizer, rank: Rank.gcTuning, gates };
  return function gcTuning(c, next) {
    return govern(c, next, passage);
  };
}
