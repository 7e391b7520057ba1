/**
 * The library's metrics for OpenTelemetry, by the names of its semantic conventions where there are some.
 * Needs the package `@opentelemetry/api`, and a meter provider that the program sets up.
 *
 * @module
 */
import {
  type BatchObservableResult,
  type Meter,
  type MetricOptions,
  metrics,
  type Observable,
} from "@opentelemetry/api";
import { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import { having, optional, options, parseOptions } from "../shared/options.ts";
import type { Closable, RuntimePort } from "../shared/port.ts";
import type { MemoryStats } from "../stats.ts";
import { bytes, type Sample, seconds } from "./metric.ts";
import { OWN_METRICS } from "./metric-table.ts";

export interface OpenTelemetryOptions {
  optimizer: MemoryOptimizer;
  /** Default: the meter `velithon` of the provider that the program made the global one. */
  meter?: Meter | undefined;
}

const schema = options({
  optimizer: having<MemoryOptimizer>("a MemoryOptimizer", (value) => value instanceof MemoryOptimizer),
  meter: optional(
    having<Meter>(
      "a Meter",
      (value) => typeof (value as Meter | null)?.addBatchObservableCallback === "function",
    ),
  ),
});

interface Instrument extends MetricOptions {
  readonly kind: "createObservableGauge" | "createObservableCounter" | "createObservableUpDownCounter";
  readonly name: string;
  readonly samples: (stats: MemoryStats) => Sample[];
}

/** Those of the semantic conventions (process, Node.js and V8 metrics, version 1.4x). */
const STANDARD: readonly Instrument[] = [
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
    kind: "createObservableGauge",
    name: "process.uptime",
    unit: "s",
    description: "The time the process has been running.",
    samples: () => [[performance.now() / 1000]],
  },
  ...(["p50", "p99", "max"] as const).map(
    (of): Instrument => ({
      kind: "createObservableGauge",
      name: `nodejs.eventloop.delay.${of}`,
      unit: "s",
      description: `Event loop ${of === "max" ? "maximum" : `${of.slice(1)} percentile`} delay.`,
      samples: (s) => [[seconds(s.systemMemory.loopLagMs?.[of])]],
    }),
  ),
];

/** V8's own, where the engine is V8: it is the one that tells its heap's spaces. */
const V8: readonly Instrument[] = [
  {
    kind: "createObservableUpDownCounter",
    name: "v8js.memory.heap.used",
    unit: "By",
    description: "Heap memory size in use.",
    samples: (s) => spaces(s, "usedMb"),
  },
  {
    kind: "createObservableUpDownCounter",
    name: "v8js.memory.heap.limit",
    unit: "By",
    description: "Total heap memory size pre-allocated.",
    samples: (s) => spaces(s, "totalMb"),
  },
];

function spaces({ systemMemory }: MemoryStats, field: "usedMb" | "totalMb"): Sample[] {
  return Object.entries(systemMemory.heapSpaces ?? {}).map(
    ([name, space]): Sample => [bytes(space[field]), { "v8js.heap.space.name": name }],
  );
}

/** `velithon_gc_pause_seconds_total` becomes `velithon.gc.pause` in `s`: here units are no part of a name. */
function ownInstruments(port: RuntimePort): Instrument[] {
  return OWN_METRICS.flatMap(({ kind, name, help, alias, labels = [], samples }): Instrument[] => {
    if (alias) return [];
    const [, stem, unit] = /^velithon_(.*?)(_bytes|_seconds|_ratio)?(?:_total)?$/.exec(name)!;
    return [
      {
        kind: kind === "counter" ? "createObservableCounter" : "createObservableGauge",
        name: `velithon.${stem!.replace(GROUPS, "$1.")}`,
        unit: UNITS[unit ?? ""] ?? "1",
        description: help,
        samples: (stats) =>
          samples(stats, port).map(
            ([value, given = {}]): Sample => [
              value,
              Object.fromEntries(labels.map((label) => [`velithon.${label}`, given[label]!])),
            ],
          ),
      },
    ];
  });
}

/** First words that many names share. */
const GROUPS = /^(gc|engine_gc|memory|requests|request|pool|buffer_pool|cache)_/;
const UNITS: Readonly<Record<string, string>> = { _bytes: "By", _seconds: "s" };

/** Pauses in seconds, as the semantic conventions have them. */
const PAUSE_BOUNDARIES = [0.01, 0.1, 1, 10];

/**
 * Registers the metrics, read together once a collection of the provider's reader, and on V8 a histogram of the
 * pauses of its collections. Between two collections it costs what watching the engine costs, nothing else.
 *
 * @returns what unregisters them and stops watching
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * const observed = observeWithOpenTelemetry({ optimizer });
 * observed.close();
 * ```
 */
export function observeWithOpenTelemetry(given: OpenTelemetryOptions): Closable {
  const { optimizer, meter = metrics.getMeter("velithon") } = parseOptions(
    "observeWithOpenTelemetry",
    schema,
    given,
  );
  const { port } = optimizer;
  const isV8 = optimizer.getMemoryStats().systemMemory.heapSpaces !== undefined;
  const instruments = [...STANDARD, ...(isV8 ? V8 : []), ...ownInstruments(port)];
  const made = instruments.map(({ kind, name, samples, ...about }): [Observable, Instrument["samples"]] => [
    meter[kind](name, about),
    samples,
  ]);
  const observables = made.map(([observable]) => observable);
  const observe = (result: BatchObservableResult): void => {
    const stats = optimizer.getMemoryStats();
    for (const [observable, samples] of made) {
      for (const [value, attributes] of samples(stats)) {
        if (value !== undefined) result.observe(observable, value, attributes);
      }
    }
  };
  meter.addBatchObservableCallback(observe, observables);
  const watching = isV8 ? watchPauses(meter, port) : undefined;
  return {
    close() {
      meter.removeBatchObservableCallback(observe, observables);
      watching?.close();
    },
  };
}

function watchPauses(meter: Meter, port: RuntimePort): Closable | undefined {
  const pauses = meter.createHistogram("v8js.gc.duration", {
    unit: "s",
    description: "Garbage collection duration.",
    advice: { explicitBucketBoundaries: PAUSE_BOUNDARIES },
  });
  return port.observeCollections(({ kind, durationMs }) => {
    if (kind !== "other") pauses.record(durationMs / 1000, { "v8js.gc.type": kind });
  });
}
