import type { MemoryStats } from "../optimizer/stats.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { ProcessReading } from "../shared/process.ts";
import { MB } from "../shared/units.ts";

export type Labels = Record<string, string>;
/** Of a histogram, which of its series: buckets carry the label `le`. */
export type Part = "_bucket" | "_sum" | "_count";
export type Sample = readonly [value: number | undefined, labels?: Labels, part?: Part];

/** One metric and where its samples come from. */
export interface Metric {
  readonly kind: "gauge" | "counter" | "histogram";
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** A name that breaks the rules for names: what it tells is told by another one as well. */
  readonly alias?: boolean;
  /** A value that is not known makes no sample. */
  readonly samples: (stats: MemoryStats, port: RuntimePort) => Sample[];
}

export const bytes = (mb: number | undefined): number | undefined => (mb === undefined ? undefined : mb * MB);
export const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : ms / 1000;

const processes = new WeakMap<MemoryStats, ProcessReading | undefined>();

/** One reading for all metrics of a scrape. */
export function processOf(stats: MemoryStats, port: RuntimePort): ProcessReading | undefined {
  if (!processes.has(stats)) processes.set(stats, port.readProcess());
  return processes.get(stats);
}
