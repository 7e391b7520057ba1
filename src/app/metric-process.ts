import type { ProcessReading } from "../shared/process.ts";
import { bytes, type Metric, processOf, type Sample, seconds } from "./metric.ts";
import { bounded } from "./state.ts";

const byType = (counts: Readonly<Record<string, number>> | undefined): Sample[] =>
  Object.entries(bounded(counts ?? {})).map(([type, n]): Sample => [n, { type }]);

const total = (counts: Readonly<Record<string, number>> | undefined): number | undefined =>
  counts && Object.values(counts).reduce((sum, n) => sum + n, 0);

/** What a name of prom-client's counts, and where it is read. */
const ACTIVE: readonly [string, "resources" | "handles" | "operations", string][] = [
  ["resources", "resources", "Resources that keep the event loop alive"],
  ["handles", "handles", "Active sockets, servers, pipes and the like"],
  ["requests", "operations", "Active operations of the runtime's own I/O"],
];

const version = ({ nodeVersion }: ProcessReading): Sample[] => {
  const [, major, minor, patch] = /^v(\d+)\.(\d+)\.(\d+)/.exec(nodeVersion ?? "") ?? [];
  if (major === undefined || minor === undefined || patch === undefined) return [];
  return [[1, { version: nodeVersion!, major, minor, patch }]];
};

/** Of prom-client's default metrics, those of the process. */
export const PROCESS_METRICS: readonly Metric[] = [
  {
    kind: "gauge",
    name: "process_start_time_seconds",
    help: "Start time of the process since unix epoch in seconds.",
    samples: () => [[performance.timeOrigin / 1000]],
  },
  {
    kind: "counter",
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    samples: (_, port) => [[seconds(port.readCpuMs())]],
  },
  ...(["user", "system"] as const).map(
    (mode): Metric => ({
      kind: "counter",
      name: `process_cpu_${mode}_seconds_total`,
      help: `Total ${mode} CPU time spent in seconds.`,
      samples: (s, port) => [[seconds(processOf(s, port)?.[`${mode}CpuMs`])]],
    }),
  ),
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
    name: "process_heap_bytes",
    help: "Process heap size in bytes: virtual memory for data, as the kernel counts it.",
    samples: (s, port) => [[processOf(s, port)?.dataBytes]],
  },
  {
    kind: "gauge",
    name: "process_open_fds",
    help: "Number of open file descriptors.",
    samples: (s, port) => [[processOf(s, port)?.openFiles]],
  },
  {
    kind: "gauge",
    name: "process_max_fds",
    help: "Maximum number of open file descriptors.",
    samples: (s, port) => [[processOf(s, port)?.maxFiles]],
  },
  {
    kind: "gauge",
    name: "nodejs_version_info",
    help: "Node.js version info; on other runtimes the version that they are compatible with.",
    labels: ["version", "major", "minor", "patch"],
    samples: (s, port) => {
      const reading = processOf(s, port);
      return reading ? version(reading) : [];
    },
  },
  ...ACTIVE.flatMap(([name, of, help]): Metric[] => [
    {
      kind: "gauge",
      name: `nodejs_active_${name}`,
      help: `${help}, by type.`,
      labels: ["type"],
      samples: (s, port) => byType(processOf(s, port)?.[of]),
    },
    {
      kind: "gauge",
      name: `nodejs_active_${name}_total`,
      help: `${help}, in all.`,
      alias: true,
      samples: (s, port) => [[total(processOf(s, port)?.[of])]],
    },
  ]),
];
