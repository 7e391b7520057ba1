import { MAX_CAPACITY } from "../core/table.ts";
import { type GovernorOptions, type GovernorSettings, parseGovernorOptions } from "../governor/options.ts";
import { DEFAULT_RATIOS } from "../pressure/pressure.ts";
import { consoleLogger, type Logger, steady } from "../shared/logger.ts";
import {
  boolean,
  having,
  integer,
  isRecord,
  number,
  optional,
  options,
  parseOptions,
  tuple,
} from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import { isPort } from "../shared/runtime.ts";
import {
  type HeapSnapshotOptions,
  parseSnapshotOptions,
  type SnapshotSettings,
} from "../verdict/snapshot.ts";
import type { EnvironmentSettings } from "./environment.ts";

/** Options of `createMemoryOptimizer` and `enableMemoryOptimizations`. All can be left out. */
export interface MemoryOptimizerOptions {
  /** False: `enable()` does nothing and the middlewares let requests pass untouched. Default true, or `VELITHON_MEMORY_OPTIMIZATION`. */
  enabled?: boolean | undefined;
  /** Finished requests, generation-0 runs, generation-1 runs, as in CPython. Default `[2000, 15, 5]`. */
  gcThresholds?: readonly [number, number, number] | undefined;
  /** Share of wall time for collections that become due by counts, 0 to 1. Default 0.01. */
  gcBudgetRatio?: number | undefined;
  /** RSS in MB above which a clean-up runs, requests in flight or not. Default none, or `VELITHON_MEMORY_THRESHOLD`. */
  memoryThresholdMb?: number | undefined;
  /**
   * Bytes of memory that this process may use, 1 MiB to 2^50. Default: the tightest limit of its cgroup and the
   * ancestors of that, else the one that the runtime reports. Set it if no limit is found: pressure is measured by it.
   */
  limitBytes?: number | undefined;
  /** Shares of the limit at which memory pressure is elevated, high, critical. Default `[0.7, 0.8, 0.9]`. */
  pressureRatios?: readonly [number, number, number] | undefined;
  /** Bytes that all pools and caches may hold together, 0 to 2^50. Default: each may hold what its own options allow. */
  budgetBytes?: number | undefined;
  /** Default `maxSize` of pools. Default 100, or `VELITHON_POOL_MAX_SIZE`. */
  poolMaxSize?: number | undefined;
  /** Default `maxSize` of caches. Default 1000, or `VELITHON_CACHE_MAX_SIZE`. */
  cacheMaxSize?: number | undefined;
  /** A request open for longer than this, in ms, counts as long-lived and delays no collection, 100 to 3,600,000. Default 10,000. */
  longLivedAfterMs?: number | undefined;
  /** The governor's policies and objective. Default: it only measures. */
  governor?: GovernorOptions | undefined;
  /**
   * Whether to search for the code that allocates it when memory is found to grow. A search takes 10 s or more of
   * sampling and two major collections, at most once an hour. Default true. You can also call `findCulprit()`.
   */
  culprit?: boolean | undefined;
  /** Where to write heap snapshots, when memory is found to grow and by `takeHeapSnapshot()`. Default: none are written. */
  heapSnapshots?: HeapSnapshotOptions | undefined;
  /** Default `console`. */
  logger?: Logger | undefined;
  /** The runtime. Default: the one whose entry point was imported. */
  port?: RuntimePort | undefined;
}

const isLogger = (value: unknown): boolean =>
  ["info", "warn", "error"].every(
    (level) => typeof (value as Record<string, unknown> | null)?.[level] === "function",
  );

const isRising = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length === 3 &&
  [0, ...value, 1].every((n, i, all) => typeof n === "number" && (i === 0 || n > all[i - 1]));

const schema = options({
  enabled: optional(boolean()),
  gcThresholds: optional(tuple(3, 1, 1_000_000_000), [2000, 15, 5]),
  gcBudgetRatio: optional(number(0, 1), 0.01),
  memoryThresholdMb: optional(number(1, 16_777_216)),
  limitBytes: optional(integer(1_048_576, 2 ** 50)),
  pressureRatios: optional(
    having<readonly [number, number, number]>("three rising numbers above 0 and below 1", isRising),
    DEFAULT_RATIOS,
  ),
  budgetBytes: optional(integer(0, 2 ** 50)),
  poolMaxSize: optional(integer(0, MAX_CAPACITY)),
  cacheMaxSize: optional(integer(1, MAX_CAPACITY)),
  longLivedAfterMs: optional(integer(100, 3_600_000), 10_000),
  culprit: optional(boolean(), true),
  heapSnapshots: optional(having<object>("an object", isRecord)),
  governor: optional(having<object>("an object", isRecord)),
  logger: optional(having<Logger>("an object with info, warn and error", isLogger), consoleLogger),
  port: optional(having<RuntimePort>("a RuntimePort", isPort)),
});

/** Checked, with the defaults that need no environment filled in. */
export interface OptimizerSettings extends MemoryOptimizerOptions {
  gcThresholds: readonly [number, number, number];
  gcBudgetRatio: number;
  longLivedAfterMs: number;
  pressureRatios: readonly [number, number, number];
  logger: Logger;
  culprit: boolean;
  snapshots: SnapshotSettings | undefined;
  governorSettings: GovernorSettings;
}

/** What the environment may set, too; an option goes before it. */
interface FilledSettings extends OptimizerSettings {
  enabled: boolean;
  poolMaxSize: number;
  cacheMaxSize: number;
}

export function withEnvironment(
  settings: OptimizerSettings,
  environment: EnvironmentSettings,
): FilledSettings {
  return {
    ...settings,
    enabled: settings.enabled ?? environment.enabled ?? true,
    memoryThresholdMb: settings.memoryThresholdMb ?? environment.memoryThresholdMb,
    poolMaxSize: settings.poolMaxSize ?? environment.poolMaxSize ?? 100,
    cacheMaxSize: settings.cacheMaxSize ?? environment.cacheMaxSize ?? 1000,
  };
}

/** @throws `INVALID_OPTION` */
export function parseOptimizerOptions(given: MemoryOptimizerOptions | undefined): OptimizerSettings {
  const parsed = parseOptions("createMemoryOptimizer", schema, given);
  const governorSettings = parseGovernorOptions("createMemoryOptimizer: governor", parsed.governor);
  const snapshots = parsed.heapSnapshots && parseSnapshotOptions(parsed.heapSnapshots);
  return { ...parsed, logger: steady(parsed.logger), snapshots, governorSettings } as OptimizerSettings;
}
