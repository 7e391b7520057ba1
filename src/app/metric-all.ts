import type { Metric } from "./metric.ts";
import { STANDARD_METRICS } from "./metric-standard.ts";
import { OWN_METRICS } from "./metric-table.ts";

/** Every metric of one optimizer. */
export const METRICS: readonly Metric[] = [...STANDARD_METRICS, ...OWN_METRICS];
