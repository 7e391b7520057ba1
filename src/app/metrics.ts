import type { Counter, Gauge, Registry } from "prom-client";
import type * as v from "valibot";
import type { MemoryOptimizer } from "../optimizer.ts";
import { VelithonError } from "../shared/errors.ts";
import { boolean, optional, options, parseOptions } from "../shared/options.ts";
import type { MemoryStats } from "../stats.ts";
import type { Labels } from "./metric.ts";
import { STANDARD_METRICS } from "./metric-standard.ts";
import { OWN_METRICS } from "./metric-table.ts";

export interface MetricsOptions {
  /** Also `velithon_memory_usage_mb`, which breaks Prometheus's rules for names. Default true. */
  guideNames?: boolean | undefined;
}

/** @internal */
export const metricsSchema: v.GenericSchema<unknown, { guideNames: boolean }> = options({
  guideNames: optional(boolean(), true),
});

/**
 * A `prom-client` registry that reads the optimizer's statistics when it is scraped. It starts nothing and
 * watches nothing, so there is nothing to stop.
 *
 * @throws `INVALID_OPTION`; `MISSING_PACKAGE` where `prom-client` is not installed
 */
export async function createMetrics(optimizer: MemoryOptimizer, given?: MetricsOptions): Promise<Registry> {
  const { guideNames } = parseOptions("createMetrics", metricsSchema, given);
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
  for (const { kind, name, help, labels, samples, alias } of [...STANDARD_METRICS, ...OWN_METRICS]) {
    if (alias && !guideNames) continue;
    const collect = (made: Gauge | Counter, set: (labels: Labels, value: number) => void): void => {
      made.reset();
      // Without labels, `reset` leaves a 0 behind: a value that nobody read.
      if (!labels) (made as Gauge).remove();
      for (const [value, of = {}] of samples(read(), optimizer.port)) if (value !== undefined) set(of, value);
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
