import { type EngineKindStats, PAUSE_BOUNDS_MS } from "../gc/engine.ts";
import type { MemoryStats } from "../optimizer/stats.ts";
import type { LoopLag } from "../shared/reading.ts";
import { bytes, type Metric, type Sample, seconds } from "./metric.ts";
import { PROCESS_METRICS } from "./metric-process.ts";

const spaces = ({ systemMemory }: MemoryStats, field: "usedMb" | "totalMb" | "availableMb"): Sample[] =>
  Object.entries(systemMemory.heapSpaces ?? {}).map(
    ([name, space]): Sample => [
      bytes(space[field]),
      // As prom-client names them.
      { space: name.replace(/_space$/, "") },
    ],
  );

/** Kinds of which none was seen yet are left out, as prom-client does. */
const pauses = ({ gcStats: { engine } }: MemoryStats): Sample[] =>
  Object.entries<EngineKindStats>({ ...engine })
    .filter(([, { count }]) => count > 0)
    .flatMap(([kind, { count, totalPauseMs, pausedAtMost }]): Sample[] => [
      ...pausedAtMost.map((n, i): Sample => {
        const le = String(PAUSE_BOUNDS_MS[i]! / 1000);
        return [n, { kind, le }, "_bucket"];
      }),
      [count, { kind, le: "+Inf" }, "_bucket"],
      [seconds(totalPauseMs), { kind }, "_sum"],
      [count, { kind }, "_count"],
    ]);

/** Part of the name, and the field. All over about ten seconds, but for the first (now) and `max` (a sample). */
const LAGS: readonly [string, keyof LoopLag][] = [
  ["", "last"],
  ["min_", "min"],
  ["max_", "max"],
  ["mean_", "mean"],
  ["stddev_", "standardDeviation"],
  ["p50_", "p50"],
  ["p90_", "p90"],
  ["p99_", "p99"],
];

/** The names of prom-client's default metrics, as far as the library reads what they say. */
export const STANDARD_METRICS: readonly Metric[] = [
  ...PROCESS_METRICS,
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
    name: "nodejs_heap_space_size_used_bytes",
    help: "Process heap space size used in bytes.",
    labels: ["space"],
    samples: (s) => spaces(s, "usedMb"),
  },
  {
    kind: "gauge",
    name: "nodejs_heap_space_size_total_bytes",
    help: "Process heap space size total in bytes.",
    labels: ["space"],
    samples: (s) => spaces(s, "totalMb"),
  },
  {
    kind: "gauge",
    name: "nodejs_heap_space_size_available_bytes",
    help: "Process heap space size available in bytes.",
    labels: ["space"],
    samples: (s) => spaces(s, "availableMb"),
  },
  {
    kind: "histogram",
    name: "nodejs_gc_duration_seconds",
    help: "Garbage collection duration by kind, one of major, minor or incremental.",
    labels: ["kind"],
    samples: pauses,
  },
  ...LAGS.map(
    ([name, of]): Metric => ({
      kind: "gauge",
      name: `nodejs_eventloop_lag_${name}seconds`,
      help: `How late the event loop ran: ${of}.`,
      samples: (s) => [[seconds(s.systemMemory.loopLagMs?.[of])]],
    }),
  ),
];
