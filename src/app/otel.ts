/**
 * The library's metrics for OpenTelemetry, by the names of its semantic conventions where there are some.
 * Needs the package `@opentelemetry/api`, and a meter provider that the program sets up.
 *
 * @module
 */
import { type BatchObservableResult, type Meter, metrics, type Observable } from "@opentelemetry/api";
import { optimizerSchema } from "../middleware/govern.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import { having, optional, options, parseOptions } from "../shared/options.ts";
import type { Closable, RuntimePort } from "../shared/port.ts";
import type { Sample } from "./metric.ts";
import { OWN_METRICS } from "./metric-table.ts";
import { type Instrument, STANDARD, V8 } from "./otel-standard.ts";

/** Options of `observeWithOpenTelemetry`. */
export interface OpenTelemetryOptions {
  /** The optimizer that is observed. */
  optimizer: MemoryOptimizer;
  /** Default: the meter `velithon` of the provider that the program made the global one. */
  meter?: Meter | undefined;
}

const schema = options({
  optimizer: optimizerSchema,
  meter: optional(
    having<Meter>(
      "a Meter",
      (value) => typeof (value as Meter | null)?.addBatchObservableCallback === "function",
    ),
  ),
});

/** `velithon_gc_pause_seconds_total` becomes `velithon.gc.pause` in `s`: here units are no part of a name. */
function ownInstruments(): Instrument[] {
  return OWN_METRICS.flatMap(({ kind, name, help, alias, labels = [], samples }): Instrument[] => {
    if (alias) return [];
    const [, stem, unit] = /^velithon_(.*?)(_bytes|_seconds|_ratio)?(?:_total)?$/.exec(name)!;
    return [
      {
        kind: kind === "counter" ? "createObservableCounter" : "createObservableGauge",
        name: `velithon.${(SAME_WITHOUT_UNIT[name] ?? stem!).replace(GROUPS, "$1.")}`,
        unit: UNITS[unit ?? ""] ?? countedUnit(stem!),
        description: help,
        samples: (stats, port) =>
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

/** Without its unit this name would be that of another metric. */
const SAME_WITHOUT_UNIT: Readonly<Record<string, string>> = {
  velithon_memory_pressure_seconds_total: "memory_pressure_time",
};

/** First words that many names share. */
const GROUPS = /^(gc|engine_gc|memory|requests|request|pool|buffer_pool|cache)_/;
const UNITS: Readonly<Record<string, string>> = { _bytes: "By", _seconds: "s", _ratio: "1" };

/** What is counted, in braces as the conventions have it; a state is 1 or 0 of nothing. */
function countedUnit(stem: string): string {
  const [, things] = COUNTED.exec(stem) ?? [];
  return things === undefined ? "1" : `{${things === "entrie" ? "entry" : things}}`;
}

const COUNTED = /(admission|collection|request|cleanup|object|acquire|entrie|lookup|worker)s(?:_in_flight)?$/;

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
  const instruments = [...STANDARD, ...(isV8 ? V8 : []), ...ownInstruments()];
  const made = instruments.map(({ kind, name, samples, ...about }): [Observable, Instrument["samples"]] => [
    meter[kind](name, about),
    samples,
  ]);
  const observables = made.map(([observable]) => observable);
  const observe = (result: BatchObservableResult): void => {
    const stats = optimizer.getMemoryStats();
    for (const [observable, samples] of made) {
      for (const [value, attributes] of samples(stats, port)) {
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
