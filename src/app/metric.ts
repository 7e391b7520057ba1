import type { RuntimePort } from "../shared/port.ts";
import type { MemoryStats } from "../stats.ts";

const MB = 1024 * 1024;

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
  /** The guide's name, beside the one that the rules for names ask for. */
  readonly alias?: boolean;
  /** A value that is not known makes no sample. */
  readonly samples: (stats: MemoryStats, port: RuntimePort) => Sample[];
}

export const bytes = (mb: number | undefined): number | undefined => (mb === undefined ? undefined : mb * MB);
export const seconds = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : ms / 1000;
