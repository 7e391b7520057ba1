import type { WeakCacheStats } from "../cache/options.ts";
import type { Histogram } from "../core/histogram.ts";
import type { FlightStats, KindStats } from "../core/schedule-stats.ts";
import type { SystemMemory } from "../monitor/system-memory.ts";
import type { MemoryStats, RequestStats } from "../optimizer/stats.ts";
import type { BufferPoolStats } from "../pool/buffer-options.ts";
import type { ObjectPoolStats } from "../pool/options.ts";
import type { AdmissionStats, Priority } from "../pressure/admission.ts";
import { LEVELS, type PressureLevel } from "../pressure/level.ts";
import { bounded } from "./state.ts";

type Named<T> = Readonly<Record<string, T>>;

const FLIGHT = ["inFlight", "longLived", "started", "finished", "unmatchedEnds"] as const;
const RATES = ["requestsPerSecond10s", "requestsPerSecond60s"] as const;
const KIND = [
  "due",
  "performed",
  "dropped",
  "overBudget",
  "notWorth",
  "unsupported",
  "merged",
  "manual",
  "totalPauseMs",
] as const;
const OF_PROCESS = ["rssMb", "vmsMb"] as const;
const OF_HEAP = ["heapUsedMb", "heapTotalMb", "externalMb", "arrayBuffersMb"] as const;
const OBJECTS = ["poolSize", "inUse", "created", "reused", "discarded", "resetFailures", "leaked"] as const;
const BUFFERS = ["idleBytes", "inUse", "inUseBytes", "created", "reused", "discarded"] as const;
const CACHE = [
  "size",
  "hits",
  "misses",
  "evictions",
  "collected",
  "expired",
  "loads",
  "loadFailures",
] as const;
const PRIORITIES: readonly Priority[] = ["low", "normal", "high"];

/** What one worker tells of itself, as plain data. */
export type WorkerShare = Pick<
  MemoryStats,
  "requests" | "systemMemory" | "objectPools" | "bufferPools" | "weakCaches" | "cleanups"
> & {
  readonly gcStats: Pick<MemoryStats["gcStats"], "minor" | "major">;
  readonly level: PressureLevel;
  readonly shedding: Pick<AdmissionStats, "admitted" | "shed">;
};

/** One worker in short. */
export interface WorkerSummary {
  readonly id: string;
  readonly pid: number;
  readonly inFlight: number;
  readonly finished: number;
  readonly rssMb: number | undefined;
  readonly heapUsedMb: number | undefined;
  readonly level: PressureLevel;
}

/**
 * What one optimizer would tell that did the work of all workers: counts and amounts added up, the memory of a process
 * once however many threads it has, durations from the histograms of all. `undefined` where no worker can tell.
 */
export interface WorkersStats {
  readonly workers: readonly WorkerSummary[];
  readonly requests: Pick<FlightStats, (typeof FLIGHT)[number] | (typeof RATES)[number]> &
    Pick<RequestStats, "meanMs" | "p50Ms" | "p99Ms" | "p999Ms" | "maxMs">;
  readonly gcStats: { readonly minor: KindStats; readonly major: KindStats };
  readonly systemMemory: Pick<SystemMemory, (typeof OF_PROCESS)[number] | (typeof OF_HEAP)[number]>;
  /** By name, pools of one name of all workers together; likewise the next two. */
  readonly objectPools: Named<Pick<ObjectPoolStats, (typeof OBJECTS)[number] | "reuseRatio">>;
  readonly bufferPools: Named<Pick<BufferPoolStats, (typeof BUFFERS)[number] | "reuseRatio">>;
  readonly weakCaches: Named<Pick<WeakCacheStats, (typeof CACHE)[number] | "hitRatio">>;
  readonly cleanups: MemoryStats["cleanups"];
  readonly pressure: Pick<AdmissionStats, "admitted" | "shed"> & {
    /** The worst of all. */
    readonly level: PressureLevel;
  };
}

export function shareOf(stats: MemoryStats): WorkerShare {
  const { requests, gcStats, systemMemory, cleanups, pressure } = stats;
  return {
    requests,
    gcStats: { minor: gcStats.minor, major: gcStats.major },
    systemMemory,
    objectPools: bounded(stats.objectPools),
    bufferPools: bounded(stats.bufferPools),
    weakCaches: bounded(stats.weakCaches),
    cleanups,
    level: pressure.level,
    shedding: { admitted: pressure.shedding.admitted, shed: pressure.shedding.shed },
  };
}

/** Of those that are known; `undefined` where none is. */
function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

function sums<K extends string>(
  of: readonly Readonly<Partial<Record<K, number | undefined>>>[],
  fields: readonly K[],
): Record<K, number> {
  return Object.fromEntries(fields.map((field) => [field, sum(of.map((one) => one[field]))])) as Record<
    K,
    number
  >;
}

const ratio = (part: number, whole: number): number | undefined => (whole === 0 ? undefined : part / whole);

/** Of all records together, by name. */
function byName<T, R>(records: readonly Named<T>[], join: (all: readonly T[]) => R): Named<R> {
  const names = new Set(records.flatMap((record) => Object.keys(record)));
  return Object.fromEntries(
    Array.from(names, (name) => [name, join(records.flatMap((record) => record[name] ?? []))]),
  );
}

function kindOf(all: readonly KindStats[]): KindStats {
  return {
    ...sums(all, KIND),
    maxPauseMs: Math.max(0, ...all.map(({ maxPauseMs }) => maxPauseMs)),
    freedBytes: sum(all.map(({ freedBytes }) => freedBytes)),
  };
}

/** @param latency durations of all workers, in µs */
function requestsOf(all: readonly WorkerShare["requests"][], latency: Histogram): WorkersStats["requests"] {
  const ms = (us: number | undefined) => (us === undefined ? undefined : us / 1000);
  const { mean, max } = latency.summary();
  const [p50, p99, p999] = latency.quantiles(0.5, 0.99, 0.999);
  return {
    ...sums(all, FLIGHT),
    ...sums(all, RATES),
    meanMs: ms(mean),
    p50Ms: ms(p50),
    p99Ms: ms(p99),
    p999Ms: ms(p999),
    maxMs: ms(max),
  };
}

/** Those of one worker of each process. */
const oncePerProcess = <T extends { readonly pid: number }>(snapshots: readonly T[]): T[] => [
  ...new Map(snapshots.map((one) => [one.pid, one])).values(),
];

export function statsOfAll(
  snapshots: readonly { readonly id: string; readonly pid: number; readonly share: WorkerShare }[],
  latency: Histogram,
): WorkersStats {
  const shares = snapshots.map(({ share }) => share);
  const processes = oncePerProcess(snapshots).map(({ share }) => share.systemMemory);
  const admissions = (of: "admitted" | "shed") =>
    sums(
      shares.map(({ shedding }) => shedding[of]),
      PRIORITIES,
    );
  return {
    workers: snapshots.map(({ id, pid, share: { requests, systemMemory, level } }) => ({
      id,
      pid,
      inFlight: requests.inFlight,
      finished: requests.finished,
      rssMb: systemMemory.rssMb,
      heapUsedMb: systemMemory.heapUsedMb,
      level,
    })),
    requests: requestsOf(
      shares.map(({ requests }) => requests),
      latency,
    ),
    gcStats: {
      minor: kindOf(shares.map(({ gcStats }) => gcStats.minor)),
      major: kindOf(shares.map(({ gcStats }) => gcStats.major)),
    },
    systemMemory: {
      ...sums(processes, OF_PROCESS),
      ...sums(
        shares.map(({ systemMemory }) => systemMemory),
        OF_HEAP,
      ),
    },
    objectPools: byName(
      shares.map(({ objectPools }) => objectPools),
      (all) => {
        const total = sums(all, OBJECTS);
        return { ...total, reuseRatio: ratio(total.reused, total.created + total.reused) };
      },
    ),
    bufferPools: byName(
      shares.map(({ bufferPools }) => bufferPools),
      (all) => {
        const total = sums(all, BUFFERS);
        return { ...total, reuseRatio: ratio(total.reused, total.created + total.reused) };
      },
    ),
    weakCaches: byName(
      shares.map(({ weakCaches }) => weakCaches),
      (all) => {
        const total = sums(all, CACHE);
        return { ...total, hitRatio: ratio(total.hits, total.hits + total.misses) };
      },
    ),
    cleanups: {
      ...sums(
        shares.map(({ cleanups }) => cleanups),
        ["performed", "skipped"],
      ),
      freedBytes: sum(shares.map(({ cleanups }) => cleanups.freedBytes)),
    },
    pressure: {
      level: LEVELS[Math.max(0, ...shares.map(({ level }) => LEVELS.indexOf(level)))]!,
      admitted: admissions("admitted"),
      shed: admissions("shed"),
    },
  };
}
