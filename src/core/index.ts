/**
 * The core alone: slot accounting, schedule, statistics and eviction order, compiled from
 * AssemblyScript, typed, without a server or a runtime around it.
 *
 * @example
 * ```ts
 * import { createCore, Histogram } from "velithon/core";
 *
 * const histogram = new Histogram(createCore());
 * histogram.record(120);
 * console.log(histogram.quantiles(0.5, 0.99));
 * ```
 *
 * @module
 */
export { type ErrorCode, VelithonError } from "../shared/errors.ts";
export type { CollectSettings } from "./collect-settings.ts";
export { type CoreExports, Status } from "./exports.ts";
export { Histogram, type HistogramSummary } from "./histogram.ts";
export {
  type Core,
  type CoreSource,
  createCore,
  createCoreAsync,
  loadCore,
  loadCoreAsync,
} from "./load.ts";
export {
  Due,
  GateKind,
  Policy,
  type Schedule,
} from "./schedule.ts";
export type {
  CleanupCounts,
  CollectStats,
  FlightStats,
  Generation,
  KindStats,
  WatermarkStats,
} from "./schedule-stats.ts";
export {
  SharedCounters,
  type SharedCountersHandle,
  type SharedCountersOptions,
  type SharedShard,
  type SharedTotals,
} from "./shared.ts";
export {
  type SharedMember,
  type SharedRequestStats,
  SharedRequests,
  type SharedRequestsHandle,
  type SharedRequestsOptions,
} from "./shared-requests.ts";
export { SieveOrder, type SieveStats } from "./sieve.ts";
export { type ReleaseStatus, type SlotStats, SlotTable } from "./slots.ts";
export { MAX_CAPACITY } from "./table.ts";
