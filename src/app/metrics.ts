import type { Registry } from "prom-client";
import type { KindStats } from "../core/schedule.ts";
import type { MemoryOptimizer } from "../optimizer.ts";
import { VelithonError } from "../shared/errors.ts";
import type { MemoryStats } from "../stats.ts";

const MB = 1024 * 1024;

type Labels = Record<string, string>;
type Sample = readonly [value: number | undefined, labels?: Labels];

interface Metric {
  readonly kind: "gauge" | "counter";
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  readonly samples: (stats: MemoryStats) => Sample[];
}

const bytes = (mb: number | undefined): number | undefined => (mb === undefined ? undefined : mb * MB);
const seconds = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : ms / 1000);

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
const METRICS: readonly Metric[] = [
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
    help: "Memory usage in MB.",
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
      Object.entries(s.objectPools).flatMap(([pool, p]): Sample[] => [
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
      Object.entries(s.objectPools).flatMap(([pool, p]): Sample[] => [
        [p.created, { pool, source: "created" }],
        [p.reused, { pool, source: "reused" }],
      ]),
  },
  {
    kind: "gauge",
    name: "velithon_cache_entries",
    help: "Entries of a weak cache.",
    labels: ["cache"],
    samples: (s) => Object.entries(s.weakCaches).map(([cache, c]): Sample => [c.size, { cache }]),
  },
  {
    kind: "counter",
    name: "velithon_cache_lookups_total",
    help: "Look-ups in a weak cache.",
    labels: ["cache", "outcome"],
    samples: (s) =>
      Object.entries(s.weakCaches).flatMap(([cache, c]): Sample[] => [
        [c.hits, { cache, outcome: "hit" }],
        [c.misses, { cache, outcome: "miss" }],
      ]),
  },
];

/**
 * A `prom-client` registry that reads the optimizer's statistics when it is scraped. It starts nothing.
 *
 * @throws `MISSING_PACKAGE` where `prom-client` is not installed
 */
export async function createMetrics(optimizer: MemoryOptimizer): Promise<Registry> {
  let prometheus: typeof import("prom-client");
  try {
    prometheus = (await import("prom-client")).default;
  } catch (cause) {
    throw new VelithonError(
      "MISSING_PACKAGE",
      "metrics need the package prom-client: npm install prom-client",
      {
        cause,
      },
    );
  }
  const registry = new prometheus.Registry();
  let stats = optimizer.getMemoryStats();
  METRICS.forEach((metric, index) => {
    const common = {
      name: metric.name,
      help: metric.help,
      labelNames: [...(metric.labels ?? [])],
      registers: [registry],
    };
    if (metric.kind === "gauge") {
      const gauge = new prometheus.Gauge({
        ...common,
        collect() {
          // The first metric of a scrape takes the reading that the others share.
          if (index === 0) stats = optimizer.getMemoryStats();
          gauge.reset();
          if (!metric.labels) gauge.remove();
          for (const [value, labels = {}] of metric.samples(stats)) {
            if (value !== undefined) gauge.set(labels, value);
          }
        },
      });
    } else {
      const counter = new prometheus.Counter({
        ...common,
        collect() {
          counter.reset();
          for (const [value, labels = {}] of metric.samples(stats)) {
            if (value !== undefined) counter.inc(labels, value);
          }
        },
      });
    }
  });
  return registry;
}
