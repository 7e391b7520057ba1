import type { MetricOptions } from "@opentelemetry/api";
import type { MemoryStats } from "../optimizer/stats.ts";
import type { RuntimePort } from "../shared/port.ts";
import { bytes, processOf, type Sample, seconds } from "./metric.ts";

export interface Instrument extends MetricOptions {
  readonly kind: "createObservableGauge" | "createObservableCounter" | "createObservableUpDownCounter";
  readonly name: string;
  readonly samples: (stats: MemoryStats, port: RuntimePort) => Sample[];
}

/** How late the event loop ran: the names of the conventions, and ours. */
const DELAYS = [
  ["min", "min", "minimum"],
  ["max", "max", "maximum"],
  ["mean", "mean", "mean"],
  ["stddev", "standardDeviation", "standard deviation"],
  ["p50", "p50", "50 percentile"],
  ["p90", "p90", "90 percentile"],
  ["p99", "p99", "99 percentile"],
] as const;

/** Those of the semantic conventions (process, Node.js and V8 metrics, version 1.45). */
export const STANDARD: readonly Instrument[] = [
  {
    kind: "createObservableUpDownCounter",
    name: "process.memory.usage",
    unit: "By",
    description: "The amount of physical memory in use.",
    samples: (s) => [[bytes(s.systemMemory.rssMb)]],
  },
  {
    kind: "createObservableUpDownCounter",
    name: "process.memory.virtual",
    unit: "By",
    description: "The amount of committed virtual memory.",
    samples: (s) => [[bytes(s.systemMemory.vmsMb)]],
  },
  {
    kind: "createObservableCounter",
    name: "process.cpu.time",
    unit: "s",
    description: "Total CPU seconds broken down by different CPU modes.",
    samples: (s, port) =>
      (["user", "system"] as const).map(
        (mode): Sample => [seconds(processOf(s, port)?.[`${mode}CpuMs`]), { "cpu.mode": mode }],
      ),
  },
  {
    kind: "createObservableUpDownCounter",
    name: "process.unix.file_descriptor.count",
    unit: "{file_descriptor}",
    description: "Number of UNIX file descriptors in use by the process.",
    samples: (s, port) => [[processOf(s, port)?.openFiles]],
  },
  {
    kind: "createObservableGauge",
    name: "process.uptime",
    unit: "s",
    description: "The time the process has been running.",
    samples: (_, port) => [[port.now() / 1000]],
  },
  ...DELAYS.map(
    ([name, field, words]): Instrument => ({
      kind: "createObservableGauge",
      name: `nodejs.eventloop.delay.${name}`,
      unit: "s",
      description: `Event loop ${words} delay.`,
      samples: (s) => [[seconds(s.systemMemory.loopLagMs?.[field])]],
    }),
  ),
];

/** V8's own, where the engine is V8: it is the one that tells its heap's spaces. */
export const V8: readonly Instrument[] = [
  {
    kind: "createObservableUpDownCounter",
    name: "v8js.memory.heap.used",
    unit: "By",
    description: "Heap Memory size allocated.",
    samples: (s) => spaces(s, "usedMb"),
  },
  {
    kind: "createObservableUpDownCounter",
    name: "v8js.memory.heap.space.size",
    unit: "By",
    description: "Total heap memory size pre-allocated for a heap space.",
    samples: (s) => spaces(s, "totalMb"),
  },
  {
    kind: "createObservableUpDownCounter",
    name: "v8js.memory.heap.space.available_size",
    unit: "By",
    description: "Heap space available size.",
    samples: (s) => spaces(s, "availableMb"),
  },
];

function spaces({ systemMemory }: MemoryStats, field: "usedMb" | "totalMb" | "availableMb"): Sample[] {
  return Object.entries(systemMemory.heapSpaces ?? {}).map(
    ([name, space]): Sample => [bytes(space[field]), { "v8js.heap.space.name": name }],
  );
}
