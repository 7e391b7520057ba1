import { HISTOGRAM_NUMBERS, Histogram } from "../core/histogram.ts";
import { createCore } from "../core/load.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { Labels, Sample } from "./metric.ts";
import { METRICS } from "./metric-all.ts";
import { shareOf, statsOfAll, type WorkerShare, type WorkersStats } from "./worker-stats.ts";

/** What one worker tells of itself: plain data, so that it goes through a socket or a message. */
export interface WorkerSnapshot {
  readonly id: string;
  /** Workers of one process share its memory: readings of the whole process count once for each pid. */
  readonly pid: number;
  /** Name of the metric (of a histogram, of the series), value, labels. */
  readonly samples: readonly (readonly [name: string, value: number, labels: Labels])[];
  /** Request durations: place and value of each number of the histogram that is not 0. */
  readonly latency: readonly (readonly [place: number, value: number])[];
  readonly share: WorkerShare;
}

/** Where the figures of all workers come from. */
export interface WorkerSource {
  /** Of every worker that answers, this one included. */
  snapshots(): Promise<readonly WorkerSnapshot[]>;
}

/** Readings that each worker of a process would repeat. */
const OF_PROCESS = new Set([
  "process_resident_memory_bytes",
  "process_virtual_memory_bytes",
  "process_cpu_seconds_total",
  "process_cpu_user_seconds_total",
  "process_cpu_system_seconds_total",
  "process_heap_bytes",
  "process_open_fds",
  "process_max_fds",
  "velithon_memory_usage_mb",
]);
/** How many workers a sum is made of. */
export const WORKERS_METRIC = "velithon_workers";
/** Quantiles do not add up: they are taken from the histograms of all workers together. */
const QUANTILES: ReadonlyMap<string, number> = new Map([
  ["velithon_request_duration_p50_seconds", 0.5],
  ["velithon_request_duration_p99_seconds", 0.99],
  ["velithon_request_duration_p999_seconds", 0.999],
]);
/** Where workers do not add up: the greatest (bounds, states, shares), the earliest. */
const GREATEST = /_info$|^velithon_memory_(used_bytes|pressure)$|_limit_bytes$|_ratio$|_lag_/;
const EARLIEST = /_start_time_seconds$/;

export function snapshotOf(optimizer: MemoryOptimizer, id: string, pid: number): WorkerSnapshot {
  const stats = optimizer.getMemoryStats();
  const samples = METRICS.flatMap((metric) =>
    metric
      .samples(stats, optimizer.port)
      .flatMap(([value, labels = {}, part = ""]) =>
        value === undefined ? [] : [[metric.name + part, value, labels] as const],
      ),
  );
  const latency = Array.from(
    optimizer.core.schedule.latency.toNumbers(),
    (value, place) => [place, value] as const,
  );
  return { id, pid, samples, latency: latency.filter(([, value]) => value !== 0), share: shareOf(stats) };
}

/** The durations of all workers' requests together. */
function latencyOf(snapshots: readonly WorkerSnapshot[]): Histogram {
  const merged = new Histogram(createCore());
  for (const { latency } of snapshots) {
    const numbers = new Float64Array(HISTOGRAM_NUMBERS);
    for (const [place, value] of latency) numbers[place] = value;
    merged.mergeNumbers(numbers);
  }
  return merged;
}

/** The statistics of all workers that answer. */
export async function statsOfWorkers(source: WorkerSource): Promise<WorkersStats> {
  const snapshots = await source.snapshots();
  return statsOfAll(snapshots, latencyOf(snapshots));
}

function join(name: string, a: number, b: number): number {
  if (GREATEST.test(name)) return Math.max(a, b);
  if (EARLIEST.test(name)) return Math.min(a, b);
  return a + b;
}

/** One sample a label set, by metric: the workers added up, quantiles from their histograms together. */
export function addUp(snapshots: readonly WorkerSnapshot[]): Map<string, Sample[]> {
  const sums = new Map<string, Map<string, { value: number; labels: Labels }>>();
  const processes = new Set<string>();
  for (const { pid, samples } of snapshots) {
    for (const [name, value, labels] of samples) {
      if (QUANTILES.has(name)) continue;
      if (OF_PROCESS.has(name)) {
        const once = `${pid} ${name}`;
        if (processes.has(once)) continue;
        processes.add(once);
      }
      const byLabels = sums.get(name) ?? new Map<string, { value: number; labels: Labels }>();
      sums.set(name, byLabels);
      const key = JSON.stringify(Object.entries(labels).sort());
      const before = byLabels.get(key);
      byLabels.set(key, { value: before ? join(name, before.value, value) : value, labels });
    }
  }
  const answer = new Map<string, Sample[]>([[WORKERS_METRIC, [[snapshots.length]]]]);
  for (const [name, byLabels] of sums) {
    answer.set(
      name,
      Array.from(byLabels.values(), ({ value, labels }): Sample => [value, labels]),
    );
  }
  const latency = latencyOf(snapshots);
  for (const [name, quantile] of QUANTILES) {
    const [us] = latency.quantiles(quantile);
    answer.set(name, [[us === undefined ? undefined : us / 1e6]]);
  }
  return answer;
}
