/** The format that Prometheus reads, as `prom-client` writes it. */
export type PrometheusContentType = "text/plain; version=0.0.4; charset=utf-8";

/** One metric as `prom-client` describes it. */
export interface MetricDescription {
  name: string;
  help: string;
  type: number;
  aggregator: "omit" | "sum" | "first" | "min" | "max" | "average";
  collect: () => void | Promise<void>;
}

/** With what it measured. */
export interface MetricWithValues extends MetricDescription {
  values: { value: number; labels: Partial<Record<string, string | number>> }[];
}

/**
 * A `Registry` of `prom-client`, and accepted wherever one is. Described here, because the package is optional: its
 * own types would be missing in a program that does without it.
 */
export interface MetricsRegistry {
  /** All metrics as text. */
  metrics(): Promise<string>;
  readonly contentType: PrometheusContentType;
  setContentType(contentType: PrometheusContentType): void;
  clear(): void;
  resetMetrics(): void;
  setDefaultLabels(labels: object): void;
  registerMetric(metric: object): void;
  removeSingleMetric(name: string): void;
  // biome-ignore lint/suspicious/noExplicitAny: a class of prom-client, which cannot be named here
  getSingleMetric(name: string): any;
  getSingleMetricAsString(name: string): Promise<string>;
  getMetricsAsArray(): MetricDescription[];
  getMetricsAsJSON(): Promise<MetricWithValues[]>;
}
