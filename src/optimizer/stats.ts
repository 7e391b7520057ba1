import type { BudgetStats } from "../budget/stats.ts";
import type { WeakCacheStats } from "../cache/options.ts";
import type { Schedule } from "../core/schedule.ts";
import type { FlightStats } from "../core/schedule-stats.ts";
import type { CollectionResult, GcStats } from "../gc/gc-optimizer.ts";
import type { GovernorStats } from "../governor/stats.ts";
import type { SystemMemory } from "../monitor/system-memory.ts";
import type { BufferPoolStats } from "../pool/buffer-options.ts";
import type { ObjectPoolStats } from "../pool/options.ts";
import type { PressureStats } from "../pressure/stats.ts";
import type { MemoryVerdict } from "../verdict/verdict.ts";

/** Durations of the requests that finished in about the last minute, long-lived ones left out. */
export interface RecentRequests {
  /** The time it covers: 45 to 60 s, less after a start; `undefined` if the optimizer was never enabled: then all requests so far. */
  readonly windowMs: number | undefined;
  readonly finished: number;
  /** `undefined` if none finished, like the next three. */
  readonly meanMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly p999Ms: number | undefined;
}

/** Requests: how many, and how long they took. */
export interface RequestStats extends FlightStats {
  /** Those of about the last minute. */
  readonly lastMinute: RecentRequests;
  /** Since the start: durations of finished requests in ms, long-lived ones left out; `undefined` while there are none. */
  readonly meanMs: number | undefined;
  readonly p50Ms: number | undefined;
  readonly p99Ms: number | undefined;
  readonly p999Ms: number | undefined;
  readonly maxMs: number | undefined;
}

/** All statistics of an optimizer. A figure that this runtime cannot tell is `undefined`. */
export interface MemoryStats {
  /** Collections. */
  readonly gcStats: GcStats;
  /** Memory of the process. */
  readonly systemMemory: SystemMemory;
  /** By name. */
  readonly objectPools: Readonly<Record<string, ObjectPoolStats>>;
  /** By name. */
  readonly bufferPools: Readonly<Record<string, BufferPoolStats>>;
  /** By name. */
  readonly weakCaches: Readonly<Record<string, WeakCacheStats>>;
  /** What pools and caches may hold together, and what each gave back; `undefined` while nothing limits them. */
  readonly budget: BudgetStats | undefined;
  /** Requests and how long they took. */
  readonly requests: RequestStats;
  /** What memory is doing; `undefined` while the optimizer is not enabled. */
  readonly verdict: MemoryVerdict | undefined;
  /** Automatic clean-ups. */
  readonly cleanups: {
    /** Ran. */
    readonly performed: number;
    /** Skipped, because the last ones freed little. */
    readonly skipped: number;
    /** Freed by their collections; `undefined` if the runtime cannot tell. */
    readonly freedBytes: number | undefined;
  };
  /** What the governor does, and why. */
  readonly governor: GovernorStats;
  /** The memory threshold; `undefined` if none is set. */
  readonly memoryThreshold:
    | {
        readonly thresholdMb: number;
        readonly above: boolean;
        readonly crossings: number;
        readonly cleanups: number;
      }
    | undefined;
  /** How short memory is, and what was done about it. */
  readonly pressure: PressureStats;
}

/** What a clean-up freed, item by item. */
export interface CleanupStats {
  /** How long it took, its collection included. */
  readonly cleanupTimeMs: number;
  /** The collection, as returned by `manualCollection`. */
  readonly gcStats: CollectionResult;
  /** Idle objects that were freed, by pool. */
  readonly objectPools: Readonly<Record<string, number>>;
  /** Idle bytes that were freed, by pool. */
  readonly bufferPools: Readonly<Record<string, number>>;
  /** Entries removed, by cache: their value was collected, or nobody read them since the last clean-up. */
  readonly weakCaches: Readonly<Record<string, { readonly collected: number; readonly cold: number }>>;
}

/** @internal */
export function requestStats(schedule: Schedule, nowMs: number): RequestStats {
  const summary = schedule.latency.summary();
  const [p50, p99, p999] = schedule.latency.quantiles(0.5, 0.99, 0.999);
  const ms = (us: number | undefined) => (us === undefined ? undefined : us / 1000);
  const recent = schedule.recentDurations(nowMs);
  const flight = schedule.flightStats();
  return {
    inFlight: flight.inFlight,
    longLived: flight.longLived,
    highWater: flight.highWater,
    started: flight.started,
    finished: flight.finished,
    unmatchedEnds: flight.unmatchedEnds,
    requestsPerSecond10s: flight.requestsPerSecond10s,
    requestsPerSecond60s: flight.requestsPerSecond60s,
    lastMinute: {
      windowMs: recent.windowMs,
      finished: recent.count,
      meanMs: ms(recent.mean),
      p50Ms: ms(recent.quantiles[0]),
      p99Ms: ms(recent.quantiles[1]),
      p999Ms: ms(recent.quantiles[2]),
    },
    meanMs: ms(summary.mean),
    p50Ms: ms(p50),
    p99Ms: ms(p99),
    p999Ms: ms(p999),
    maxMs: ms(summary.max),
  };
}
