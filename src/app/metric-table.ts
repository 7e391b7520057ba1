import type { KindStats } from "../core/schedule.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { MemoryStats } from "../stats.ts";
import { bounded } from "./state.ts";

const MB = 1024 * 1024;

export type Labels = Record<string, string>;
export type Sample = readonly [value: number | undefined, labels?: Labels];

/** One metric and where its samples come from. */
export interface Metric {
  readonly kind: "gauge" | "counter";
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** The guide's name, beside the one that the rules for names ask for. */
  readonly alias?: boolean;
  readonly samples: (stats: MemoryStats, port: RuntimePort) => Sample[];
}

const bytes = (mb: number | undefined): number | undefined => (mb === undefined ? undefined : mb * MB);
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

/** The first hundred: labels are kept by whoever scrapes, for as long as it keeps anything. */
const named = <T>(record: Readonly<Record<string, T>>): [string, T][] => Object.entries(bounded(record));

const OUTCOMES: readonly [keyof KindStats, string][] = [
  ["performed", "performed"],
  ["manual", "manual"],
  ["dropped", "dropped"],
  ["overBudget", "over_budget"],
  ["notWorth", "not_worth"],
  ["unsupported", "unsupported"],
  ["merged", "merged"],
];

const KINDS = ["minor", "major"] as const;
const ENGINE_KINDS = ["minor", "major", "incremental"] as const;

/** The standard names, then the guide's, then ours in base units. A value that is not known makes no sample. */
export const METRICS: readonly Metric[] = [
  {
    kind: "gauge",
    name: "velithon_runtime_info",
    help: "The runtime and its version.",
    labels: ["runtime", "version"],
    samples: (_, { name, version }) => [[1, { runtime: name, version }]],
  },
  {
    kind: "gauge",
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    samples: () => [[performance.timeOrigin / 1000]],
  },
  {
    kind: "gauge",
    name: "process_resident_memory_bytes",
    help: "Resident memory size in bytes.",
    samples: (s) => [[bytes(s.systemMemory.rssMb)]],
  },
  {
    kind: "gauge",
    name: "process_virtual_memory_bytes",
    help: "Virtual memory size in bytes.",
    samples: (s) => [[bytes(s.systemMemory.vmsMb)]],
  },
  {
    kind: "gauge",
    name: "nodejs_heap_size_used_bytes",
    help: "Process heap size used in bytes.",
    samples: (s) => [[bytes(s.systemMemory.heapUsedMb)]],
  },
  {
    kind: "gauge",
    name: "nodejs_heap_size_total_bytes",
    help: "Process heap size in bytes.",
    samples: (s) => [[bytes(s.systemMemory.heapTotalMb)]],
  },
  {
    kind: "gauge",
    name: "nodejs_external_memory_bytes",
    help: "Memory outside the heap in bytes.",
    samples: (s) => [[bytes(s.systemMemory.externalMb)]],
  },
  {
    kind: "gauge",
    name: "velithon_memory_usage_mb",
    help: "Memory usage in MB: process_resident_memory_bytes by the guide's name.",
    alias: true,
    samples: (s) => [[s.systemMemory.rssMb]],
  },
  {
    kind: "gauge",
    name: "velithon_memory_limit_bytes",
    help: "The process's memory limit in bytes.",
    samples: (s) => [[bytes(s.systemMemory.limitMb)]],
  },
  {
    kind: "counter",
    name: "velithon_gc_collections_total",
    help: "Collections by the library, and due ones that it did not run, by outcome.",
    labels: ["kind", "outcome"],
    samples: (s) =>
      KINDS.flatMap((kind) =>
        OUTCOMES.map(([field, outcome]): Sample => [s.gcStats[kind][field], { kind, outcome }]),
      ),
  },
  {
    kind: "counter",
    name: "velithon_gc_pause_seconds_total",
    help: "Time in collections by the library.",
    labels: ["kind"],
    samples: (s) => KINDS.map((kind): Sample => [seconds(s.gcStats[kind].totalPauseMs), { kind }]),
  },
  {
    kind: "counter",
    name: "velithon_engine_gc_collections_total",
    help: "Collections that the engine reported, forced ones included.",
    labels: ["kind"],
    samples: (s) => ENGINE_KINDS.map((kind): Sample => [s.gcStats.engine?.[kind].count, { kind }]),
  },
  {
    kind: "counter",
    name: "velithon_engine_gc_pause_seconds_total",
    help: "Time in collections that the engine reported.",
    labels: ["kind"],
    samples: (s) =>
      ENGINE_KINDS.map((kind): Sample => [seconds(s.gcStats.engine?.[kind].totalPauseMs), { kind }]),
  },
  {
    kind: "gauge",
    name: "velithon_requests_in_flight",
    help: "Requests whose response has not left.",
    labels: ["age"],
    samples: (s) => [
      [s.requests.inFlight, { age: "young" }],
      [s.requests.longLived, { age: "long_lived" }],
    ],
  },
  {
    kind: "counter",
    name: "velithon_requests_total",
    help: "Finished requests.",
    samples: (s) => [[s.requests.finished]],
  },
  {
    kind: "gauge",
    name: "velithon_request_duration_quantile_seconds",
    help: "Request durations since the start, by quantile.",
    labels: ["quantile"],
    samples: (s) => [
      [seconds(s.requests.p50Ms), { quantile: "0.5" }],
      [seconds(s.requests.p99Ms), { quantile: "0.99" }],
      [seconds(s.requests.p999Ms), { quantile: "0.999" }],
    ],
  },
  {
    kind: "counter",
    name: "velithon_cleanups_total",
    help: "Automatic clean-ups.",
    labels: ["outcome"],
    samples: (s) => [
      [s.cleanups.performed, { outcome: "performed" }],
      [s.cleanups.skipped, { outcome: "skipped" }],
    ],
  },
  {
    kind: "gauge",
    name: "velithon_pool_objects",
    help: "Objects of a pool.",
    labels: ["pool", "state"],
    samples: (s) =>
      named(s.objectPools).flatMap(([pool, p]): Sample[] => [
        [p.poolSize, { pool, state: "idle" }],
        [p.inUse, { pool, state: "in_use" }],
      ]),
  },
  {
    kind: "counter",
    name: "velithon_pool_acquires_total",
    help: "Objects handed out by a pool.",
    labels: ["pool", "source"],
    samples: (s) =>
      named(s.objectPools).flatMap(([pool, p]): Sample[] => [
        [p.created, { pool, source: "created" }],
        [p.reused, { pool, source: "reused" }],
      ]),
  },
  {
    kind: "gauge",
    name: "velithon_buffer_pool_bytes",
    help: "Bytes of a buffer pool.",
    labels: ["pool", "state"],
    samples: (s) =>
      named(s.bufferPools).flatMap(([pool, p]): Sample[] => [
        [p.idleBytes, { pool, state: "idle" }],
        [p.inUseBytes, { pool, state: "in_use" }],
      ]),
  },
  {
    kind: "gauge",
    name: "velithon_cache_entries",
    help: "Entries of a weak cache.",
    labels: ["cache"],
    samples: (s) => named(s.weakCaches).map(([cache, c]): Sample => [c.size, { cache }]),
  },
  {
    kind: "counter",
    name: "velithon_cache_lookups_total",
    help: "Look-ups in a weak cache.",
    labels: ["cache", "outcome"],
    samples: (s) =>
      named(s.weakCaches).flatMap(([cache, c]): Sample[] => [
        [c.hits, { cache, outcome: "hit" }],
        [c.misses, { cache, outcome: "miss" }],
      ]),
  },
];
