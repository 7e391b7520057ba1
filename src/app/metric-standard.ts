import type { MemoryStats } from "../stats.ts";
import { bytes, type Metric, type Sample, seconds } from "./metric.ts";

const spaces = ({ systemMemory }: MemoryStats, field: "usedMb" | "totalMb"): Sample[] =>
  Object.entries(systemMemory.heapSpaces ?? {}).map(
    ([name, space]): Sample => [
      bytes(space[field]),
      // As prom-client names them.
      { space: name.replace(/_space$/, "") },
    ],
  );

/** The names of prom-client's default metrics, as far as the library reads what they say. */
export const STANDARD_METRICS: readonly Metric[] = [
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
  ...(["p50", "p99", "max"] as const).map(
    (of): Metric => ({
      kind: "gauge",
      name: `nodejs_eventloop_lag_${of}_seconds`,
      help: `How late the event loop ran: ${of}.`,
      samples: (s) => [[seconds(s.systemMemory.loopLagMs?.[of])]],
    }),
  ),
];
