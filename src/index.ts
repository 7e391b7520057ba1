/**
 * Memory governance for web servers: collections between requests, object pools, weak caches, request
 * contexts, statistics. Importing it mounts and starts nothing.
 *
 * @module
 */

export { type FetchHandler, type GovernOptions, governFetch } from "./adapters/fetch.ts";
export {
  type GovernServerOptions,
  governListener,
  governServer,
  type IncomingLike,
  type OutgoingLike,
  type ServerLike,
} from "./adapters/node-http.ts";
export { shedFetch } from "./adapters/shed.ts";
export { shedListener, shedServer } from "./adapters/shed-http.ts";
export type { Suggestion } from "./advisor/evidence.ts";
export type { MemoryBudget } from "./budget/budget.ts";
export type { BudgetShareStats, BudgetShrink, BudgetStats } from "./budget/stats.ts";
export type { Load } from "./cache/flights.ts";
export type {
  DemotionMode,
  RemoveReason,
  StrongTierStats,
  WeakCacheOptions,
  WeakCacheStats,
} from "./cache/options.ts";
export { WeakCache } from "./cache/weak-cache.ts";
export type { FlightStats, Generation, KindStats } from "./core/schedule-stats.ts";
export {
  createMemoryOptimizer,
  disableMemoryOptimizations,
  enableMemoryOptimizations,
  getMemoryOptimizer,
  getMemoryStats,
  manualMemoryCleanup,
} from "./default.ts";
export type { EngineKindStats, EngineStats } from "./gc/engine.ts";
export {
  type CollectionResult,
  GarbageCollectionOptimizer,
  type GcStats,
  type ManualCollectionOptions,
} from "./gc/gc-optimizer.ts";
export type { Verdict } from "./governor/challenger.ts";
export type { Concluded } from "./governor/experiment.ts";
export type { ExperimentStats } from "./governor/experiment-stats.ts";
export type { Governor } from "./governor/governor.ts";
export type { Collected } from "./governor/host.ts";
export type { GovernorObjective, GovernorOptions, GovernorPolicy } from "./governor/options.ts";
export type { ActingPolicy, TriedPolicy } from "./governor/policies.ts";
export type { QuantileEffect, QuantileEffects } from "./governor/quantile-effects.ts";
export type {
  GovernorReadings,
  GovernorStats,
  PolicyStats,
  TrimAftermath,
} from "./governor/stats.ts";
export { type GcTuningOptions, gcTuning } from "./middleware/gc-tuning.ts";
export type { VelithonVariables } from "./middleware/govern.ts";
export { type LoadSheddingOptions, loadShedding } from "./middleware/load-shedding.ts";
export { type MemoryGovernanceOptions, memoryGovernance } from "./middleware/memory-governance.ts";
export { type MemoryMonitoringOptions, memoryMonitoring } from "./middleware/memory-monitoring.ts";
export { type MemoryOptimizationOptions, memoryOptimization } from "./middleware/memory-optimization.ts";
export type { HistoryField, HistorySpan, MemoryHistory } from "./monitor/history.ts";
export type { MemoryMonitor } from "./monitor/memory-monitor.ts";
export type { SamplerStats, SystemMemory } from "./monitor/system-memory.ts";
export type { EnvironmentSettings } from "./optimizer/environment.ts";
export { MemoryOptimizer } from "./optimizer/memory-optimizer.ts";
export type { MemoryOptimizerOptions } from "./optimizer/options.ts";
export type { CleanupStats, MemoryStats, RecentRequests, RequestStats } from "./optimizer/stats.ts";
export type { BufferClassStats, BufferPoolOptions, BufferPoolStats } from "./pool/buffer-options.ts";
export { BufferPool } from "./pool/buffer-pool.ts";
export type { PoolMode } from "./pool/economy.ts";
export type { LeakDetection, LeakReport } from "./pool/leaks.ts";
export type { Lease } from "./pool/lease.ts";
export { ObjectPool } from "./pool/object-pool.ts";
export type { ObjectPoolOptions, ObjectPoolStats, PoolFactory } from "./pool/options.ts";
export type { AdmissionStats, Priority } from "./pressure/admission.ts";
export type { PressureControl, PressureHandler } from "./pressure/control.ts";
export { DRAINED_EXIT_CODE, type DrainAndExitOptions, drainAndExit } from "./pressure/drain.ts";
export type { PressureCause, PressureInfo, PressureInputs, PressureLevel } from "./pressure/level.ts";
export type { PressureCounts, ReliefStats } from "./pressure/pressure.ts";
export type { RoutePriority, SheddingOptions } from "./pressure/shedding.ts";
export type { PressureStats } from "./pressure/stats.ts";
export type { Gate } from "./requests/gates.ts";
export { type GovernedRequest, governedRequest } from "./requests/governed.ts";
export type { RouteStats } from "./requests/routes.ts";
export type { RequestTracker } from "./requests/tracker.ts";
export {
  type ContextReport,
  type Leasable,
  RequestMemoryContext,
} from "./scope/context.ts";
export { getMemoryContext, tryGetMemoryContext } from "./scope/current.ts";
export type { RequestMemoryContextOptions } from "./scope/options.ts";
export { withMemoryOptimization } from "./scope/wrap.ts";
export type { BudgetMember, BudgetReading } from "./shared/budget-member.ts";
export { type ErrorCode, VelithonError } from "./shared/errors.ts";
export { consoleLogger, type Logger } from "./shared/logger.ts";
export type {
  AllocationProfile,
  AllocationSite,
  AsyncContext,
  Capabilities,
  Capability,
  Closable,
  CollectionKind,
  CollectionProfile,
  HeapSpace,
  LiveHeap,
  MemoryReading,
  ObservedCollection,
  ProfiledCollection,
  ResponseWatcher,
  RuntimePort,
  StartSetting,
  StartSettings,
  TextFile,
} from "./shared/port.ts";
export type { ProcessReading } from "./shared/process.ts";
export type { LimitSource, LoopLag, Reading } from "./shared/reading.ts";
export { runtime, useRuntime } from "./shared/runtime.ts";
export type {
  Culprit,
  CulpritClass,
  CulpritRoute,
  CulpritSite,
  FindCulpritOptions,
} from "./verdict/culprit.ts";
export type { GrowingPart, Judgement, VerdictState } from "./verdict/judge.ts";
export type { HeapSnapshotOptions, SnapshotResult } from "./verdict/snapshot.ts";
export type { MemoryVerdict } from "./verdict/verdict.ts";
