import type { HistoryField, HistorySpan, MemoryHistory } from "../monitor/history.ts";
import type { MemoryOptimizer } from "../optimizer.ts";
import type { MemoryStats } from "../stats.ts";

/** Pools, caches and routes shown or labelled one by one; a program that makes more of them floods nothing. */
export const MAX_NAMES = 100;

/** The first `MAX_NAMES` entries, by the order they were made in. */
export function bounded<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(record);
  return entries.length <= MAX_NAMES ? record : Object.fromEntries(entries.slice(0, MAX_NAMES));
}

/** What the dashboard shows, once a second. */
export interface DashboardState {
  /** ms since 1970. */
  readonly atMs: number;
  readonly runtime: { readonly name: string; readonly version: string };
  /** Whether a token or a function is there that could allow an action. */
  readonly actions: boolean;
  readonly ready: boolean;
  readonly stats: MemoryStats;
}

/** Ready: takes more requests. Fails open: what is not known makes nobody unready. */
export function isReady({ pressure: { level } }: MemoryStats): boolean {
  return level === "normal" || level === "elevated";
}

export function dashboardState(optimizer: MemoryOptimizer, actions: boolean): DashboardState {
  const stats = optimizer.getMemoryStats();
  const { name, version } = optimizer.port;
  return {
    atMs: Date.now(),
    runtime: { name, version },
    actions,
    ready: isReady(stats),
    stats: {
      ...stats,
      objectPools: bounded(stats.objectPools),
      bufferPools: bounded(stats.bufferPools),
      weakCaches: bounded(stats.weakCaches),
    },
  };
}

/** A history as it is sent: by series, in six digits. */
export type DashboardHistory = Pick<MemoryHistory, "span" | "intervalMs" | "endsAtMs"> & {
  readonly series: Readonly<Partial<Record<HistoryField, readonly (number | null)[]>>>;
};

export function dashboardHistory(optimizer: MemoryOptimizer, span: HistorySpan): DashboardHistory {
  const history = optimizer.getHistory(span);
  const short = (value: number | null) => (value === null ? null : Number(value.toPrecision(6)));
  const series = Object.entries(history.series).map(([name, values]) => [name, values.map(short)]);
  return { ...history, series: Object.fromEntries(series) };
}
