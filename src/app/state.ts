import type { Suggestion } from "../advisor/evidence.ts";
import type { BudgetStats } from "../budget/stats.ts";
import type { HistoryField, HistorySpan, MemoryHistory } from "../monitor/history.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { MemoryStats } from "../optimizer/stats.ts";
import type { RouteStats } from "../requests/routes.ts";

/** Pools, caches and routes shown or labelled one by one; a program that makes more of them floods nothing. */
const MAX_NAMES = 100;

/** The first `MAX_NAMES` entries, by the order they were made in. */
export function bounded<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const entries = Object.entries(record);
  return entries.length <= MAX_NAMES ? record : Object.fromEntries(entries.slice(0, MAX_NAMES));
}

/** A path that was sampled less often may be what a visitor typed, and no route. */
const ROUTE_SAMPLES = 8;
const MAX_ROUTES = 10;
/** Of a route where no router names it, characters. */
const MAX_ROUTE_LENGTH = 120;

/** The heaviest routes, by the heap that they take, or by time where that cannot be told. */
export function heaviestRoutes({ requests }: MemoryOptimizer): readonly RouteStats[] {
  return requests
    .topRoutes(64)
    .filter(({ samples }) => samples >= ROUTE_SAMPLES)
    .slice(0, MAX_ROUTES)
    .map((one) => ({ ...one, route: one.route.slice(0, MAX_ROUTE_LENGTH) }));
}

/** Those who gave most way first. */
function shownBudget(budget: BudgetStats | undefined): BudgetStats | undefined {
  if (budget === undefined) return undefined;
  const shares = Object.entries(budget.shares).sort(([, a], [, b]) => b.gaveBytes - a.gaveBytes);
  return { ...budget, shares: bounded(Object.fromEntries(shares)) };
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
  /** By the heap that their requests take, or by their time where that cannot be told; at most ten. */
  readonly topRoutes: readonly RouteStats[];
  /** What only a start can change. */
  readonly advice: readonly Suggestion[];
}

/** Ready: takes more requests. Fails open: what is not known, or is no longer watched, makes nobody unready. */
export function isReady({ enabled, pressure }: MemoryOptimizer): boolean {
  return !enabled || pressure.level === "normal" || pressure.level === "elevated";
}

export function dashboardState(optimizer: MemoryOptimizer, actions: boolean): DashboardState {
  const stats = optimizer.getMemoryStats();
  const { name, version } = optimizer.port;
  return {
    atMs: Date.now(),
    runtime: { name, version },
    actions,
    ready: isReady(optimizer),
    stats: {
      ...stats,
      objectPools: bounded(stats.objectPools),
      bufferPools: bounded(stats.bufferPools),
      weakCaches: bounded(stats.weakCaches),
      budget: shownBudget(stats.budget),
    },
    topRoutes: heaviestRoutes(optimizer),
    advice: optimizer.getAdvice(),
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
