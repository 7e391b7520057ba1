/**
 * All that needs hono: the middlewares, and the shared app.
 *
 * @module
 */
export {
  type AccessOptions,
  type AppOptions,
  type Authorizer,
  adminToken,
  createApp,
  createMetrics,
  type DashboardOptions,
  isLoopback,
  type MediaType,
  type MediaTypes,
  type MetricsRegistry,
  makeToken,
  memoryDashboard,
  type Permission,
} from "./app.ts";
export { type GcTuningOptions, gcTuning } from "./middleware/gc-tuning.ts";
export type { VelithonVariables } from "./middleware/govern.ts";
export { type LoadSheddingOptions, loadShedding } from "./middleware/load-shedding.ts";
export { type MemoryGovernanceOptions, memoryGovernance } from "./middleware/memory-governance.ts";
export { type MemoryMonitoringOptions, memoryMonitoring } from "./middleware/memory-monitoring.ts";
export { type MemoryOptimizationOptions, memoryOptimization } from "./middleware/memory-optimization.ts";
