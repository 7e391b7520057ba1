import type { KindStats } from "../core/schedule-stats.ts";
import { LEVELS } from "../pressure/level.ts";
import type { VerdictState } from "../verdict/judge.ts";
import { bytes, type Metric, type Sample, seconds } from "./metric.ts";
import { bounded } from "./state.ts";

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

const VERDICTS: readonly VerdictState[] = ["unknown", "stable", "growing", "lazy-gc", "allocator-retention"];
const KINDS = ["minor", "major"] as const;
const ENGINE_KINDS = ["minor", "major", "incremental"] as const;

/** The guide's name and ours, in base units. */
export const OWN_METRICS: readonly Metric[] = [
  {
    kind: "gauge",
    name: "velithon_runtime_info",
    help: "The runtime and its version.",
    labels: ["runtime", "version"],
    samples: (_, { name, version }) => [[1, { runtime: name, version }]],
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
    kind: "gauge",
    name: "velithon_memory_used_bytes",
    help: "Memory that counts against the limit, in bytes: the working set if a cgroup sets the limit, else resident memory.",
    samples: (s) => [[bytes(s.systemMemory.usedMb)]],
  },
  {
    kind: "gauge",
    name: "velithon_heap_limit_bytes",
    help: "The size of the heap in bytes above which the engine ends the process.",
    samples: (s) => [[bytes(s.systemMemory.heapLimitMb)]],
  },
  {
    kind: "gauge",
    name: "velithon_memory_stall_ratio",
    help: "Share of the last ten seconds in which some tasks, or all tasks, waited for memory, 0 to 1.",
    labels: ["tasks"],
    samples: (s) => [
      [s.systemMemory.psiSomeAvg10Ratio, { tasks: "some" }],
      [s.systemMemory.psiFullAvg10Ratio, { tasks: "all" }],
    ],
  },
  {
    kind: "gauge",
    name: "velithon_memory_pressure",
    help: "1 for the level of memory pressure, 0 for the others.",
    labels: ["level"],
    samples: (s) => LEVELS.map((level): Sample => [level === s.pressure.level ? 1 : 0, { level }]),
  },
  {
    kind: "counter",
    name: "velithon_memory_pressure_seconds_total",
    help: "Time at each level of memory pressure in seconds.",
    labels: ["level"],
    samples: (s) => LEVELS.map((level): Sample => [seconds(s.pressure.durationMs[level]), { level }]),
  },
  {
    kind: "gauge",
    name: "velithon_memory_verdict",
    help: "1 for the verdict on memory over a longer time, 0 for the others.",
    labels: ["state"],
    samples: ({ verdict }) =>
      verdict ? VERDICTS.map((state): Sample => [state === verdict.state ? 1 : 0, { state }]) : [],
  },
  {
    kind: "counter",
    name: "velithon_admissions_total",
    help: "Requests that load shedding admitted or shed.",
    labels: ["outcome", "priority"],
    samples: ({ pressure: { shedding } }) =>
      (["admitted", "shed"] as const).flatMap((outcome) =>
        Object.entries(shedding[outcome]).map(([priority, n]): Sample => [n, { outcome, priority }]),
      ),
  },
  {
    kind: "counter",
    name: "velithon_sampler_seconds_total",
    help: "Time that the library's own readings took in seconds.",
    samples: (s) => [[seconds(s.systemMemory.sampler.costMs)]],
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
    help: "Time in collections by the library in seconds.",
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
    help: "Time in collections that the engine reported in seconds.",
    labels: ["kind"],
    samples: (s) =>
      ENGINE_KINDS.map((kind): Sample => [seconds(s.gcStats.engine?.[kind].totalPauseMs), { kind }]),
  },
  {
    kind: "gauge",
    name: "velithon_requests_in_flight",
    help: "Requests whose response has not been sent.",
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
  ...(["p50", "p99", "p999"] as const).map(
    (of): Metric => ({
      kind: "gauge",
      name: `velithon_request_duration_${of}_seconds`,
      help: `Request duration in seconds since the start, without long-lived requests: ${of}.`,
      samples: (s) => [[seconds(s.requests[`${of}Ms`])]],
    }),
  ),
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
