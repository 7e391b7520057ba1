import type { Counter, Gauge } from "prom-client";
import type * as v from "valibot";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { MemoryStats } from "../optimizer/stats.ts";
import { requireOptimizer, VelithonError } from "../shared/errors.ts";
import { boolean, having, optional, options, parseOptions } from "../shared/options.ts";
import type { Labels, Metric, Part, Sample } from "./metric.ts";
import { METRICS } from "./metric-all.ts";
import type { MetricsRegistry } from "./registry.ts";
import { addUp, WORKERS_METRIC, type WorkerSource } from "./worker-metrics.ts";

/** Options of `createMetrics`. */
export interface MetricsOptions {
  /** Also the names that break Prometheus's rules: `velithon_memory_usage_mb`, `nodejs_active_*_total`. Default true. */
  guideNames?: boolean | undefined;
  /** Adds up all workers that joined, this one included: the result of `joinWorkers` of `velithon/workers`. Default: only this one. */
  workers?: WorkerSource | undefined;
}

const PARTS: readonly Part[] = ["_bucket", "_sum", "_count"];

/** Present if workers are added up. */
const WORKERS: Metric = {
  kind: "gauge",
  name: WORKERS_METRIC,
  help: "Workers that this sum is made of.",
  samples: () => [],
};

/** A histogram out of the sums of its series. */
const partsOf = (name: string, sums: ReadonlyMap<string, Sample[]>): Sample[] =>
  PARTS.flatMap((part) =>
    (sums.get(name + part) ?? []).map(([value, labels = {}]): Sample => [value, labels, part]),
  );

/** @internal */
export const metricsSchema: v.GenericSchema<
  unknown,
  { guideNames: boolean; workers?: WorkerSource | undefined }
> = options({
  guideNames: optional(boolean(), true),
  workers: optional(
    having<WorkerSource>(
      "the result of joinWorkers",
      (value) => typeof (value as WorkerSource | null)?.snapshots === "function",
    ),
  ),
});

/**
 * Makes a `prom-client` registry that reads the optimizer's statistics when it is scraped. It has no timers, so there is
 * nothing to stop.
 *
 * @throws `INVALID_OPTION`; `MISSING_PACKAGE` if `prom-client` is not installed
 * @example
 * ```ts
 * const registry = await createMetrics(optimizer);
 * app.get("/metrics", async (c) => c.text(await registry.metrics()));
 * ```
 */
export async function createMetrics(
  optimizer: MemoryOptimizer,
  given?: MetricsOptions,
): Promise<MetricsRegistry> {
  requireOptimizer("createMetrics", optimizer);
  const { guideNames, workers } = parseOptions("createMetrics", metricsSchema, given);
  let prometheus: typeof import("prom-client");
  try {
    prometheus = (await import("prom-client")).default;
  } catch (cause) {
    const message = "metrics need the package prom-client: npm install prom-client";
    throw new VelithonError("MISSING_PACKAGE", message, { cause });
  }
  const registry = new prometheus.Registry();
  let stats: MemoryStats | undefined;
  // The metrics of one scrape share one reading.
  const read = (): MemoryStats => {
    if (stats === undefined) {
      stats = optimizer.getMemoryStats();
      queueMicrotask(() => {
        stats = undefined;
      });
    }
    return stats;
  };
  let totals: Promise<Map<string, Sample[]>> | undefined;
  const readAll = (source: WorkerSource): Promise<Map<string, Sample[]>> => {
    totals ??= source
      .snapshots()
      .then(addUp)
      .finally(() => {
        totals = undefined;
      });
    return totals;
  };
  const all: readonly Metric[] = workers ? [...METRICS, WORKERS] : METRICS;
  for (const { kind, name, help, labels, samples, alias } of all) {
    if (alias && !guideNames) continue;
    if (kind === "histogram") {
      const get = async () => {
        const parts = workers ? partsOf(name, await readAll(workers)) : samples(read(), optimizer.port);
        const values = parts.map(([value, labels, part]) => ({
          metricName: `${name}${part}`,
          labels,
          value,
        }));
        return { name, help, type: "histogram", aggregator: "sum", values };
      };
      // prom-client's own histogram takes observations alone: this one is counted elsewhere.
      registry.registerMetric({ name, help, get, reset() {} } as unknown as Gauge);
      continue;
    }
    const collect = async (
      made: Gauge | Counter,
      set: (labels: Labels, value: number) => void,
    ): Promise<void> => {
      const of = workers ? ((await readAll(workers)).get(name) ?? []) : samples(read(), optimizer.port);
      made.reset();
      // Without labels, `reset` leaves a 0 behind: a value that nobody read.
      if (!labels) (made as Gauge).remove();
      for (const [value, labels = {}] of of) if (value !== undefined) set(labels, value);
    };
    const common = { name, help, labelNames: [...(labels ?? [])], registers: [registry] };
    if (kind === "gauge") {
      const gauge: Gauge = new prometheus.Gauge({
        ...common,
        collect: () => collect(gauge, (of, value) => gauge.set(of, value)),
      });
    } else {
      const counter: Counter = new prometheus.Counter({
        ...common,
        collect: () => collect(counter, (of, value) => counter.inc(of, value)),
      });
    }
  }
  return registry;
}
