import type { DashboardHistory, DashboardState } from "../state.ts";

/** What is plotted, one number each a second; `null` where it is not known. */
export const FIELDS = [
  "used",
  "heap",
  "external",
  "limit",
  "oursMs",
  "engineMs",
  "lagMs",
  "inFlight",
  "perSecond",
  "p50",
  "p99",
  "p999",
] as const;

export type Field = (typeof FIELDS)[number];
export type Point = { readonly [F in Field]?: number | undefined };
type Column = (number | null)[];

/** An hour at one point a second. */
export const MAX_POINTS = 3600;
/** A silence longer than this is a gap in the line. */
const GAP_SECONDS = 10;
const MB = 1024 * 1024;

/** What there was, column by column, oldest first; at most `MAX_POINTS`. */
export class Series {
  readonly times: number[] = [];
  readonly columns: Record<Field, Column> = Object.fromEntries(
    FIELDS.map((field): [Field, Column] => [field, []]),
  ) as Record<Field, Column>;

  add(atSeconds: number, point: Point): void {
    const last = this.times.at(-1);
    if (last !== undefined && atSeconds <= last) return;
    if (last !== undefined && atSeconds - last > GAP_SECONDS) this.#push(last + 1, {});
    this.#push(atSeconds, point);
  }

  /** What the server kept; only what is newer than the points that are here. */
  addHistory({ endsAtMs, intervalMs, series }: DashboardHistory): void {
    const length = series.usedBytes?.length ?? 0;
    for (let i = 0; i < length; i++) {
      const at = (endsAtMs - (length - i) * intervalMs) / 1000;
      const value = (name: keyof typeof series, per: number) => {
        const found = series[name]?.[i];
        return found === null || found === undefined ? undefined : found / per;
      };
      if (at <= (this.times.at(-1) ?? 0)) continue;
      this.#push(at, {
        used: value("usedBytes", MB),
        heap: value("heapUsedBytes", MB),
        external: value("externalBytes", MB),
        limit: value("limitBytes", MB),
        // Of a whole interval: as an average second.
        engineMs: value("collectionPauseMs", intervalMs / 1000),
        lagMs: value("loopLagMaxMs", 1),
        inFlight: value("inFlight", 1),
        perSecond: value("requestsPerSecond", 1),
      });
    }
  }

  #push(at: number, point: Point): void {
    this.times.push(at);
    for (const field of FIELDS) this.columns[field].push(point[field] ?? null);
    if (this.times.length <= MAX_POINTS) return;
    this.times.shift();
    for (const field of FIELDS) this.columns[field].shift();
  }

  /** The columns from a time on, as uPlot takes them. */
  since(atSeconds: number, fields: readonly Field[]): [number[], ...Column[]] {
    let from = this.times.findIndex((time) => time >= atSeconds);
    if (from < 0) from = this.times.length;
    return [this.times.slice(from), ...fields.map((field) => this.columns[field].slice(from))];
  }
}

interface Pauses {
  ours: number;
  engine: number | undefined;
}

function pausesOf({ stats: { gcStats } }: DashboardState): Pauses {
  const { engine, minor, major } = gcStats;
  return {
    ours: minor.totalPauseMs + major.totalPauseMs,
    engine: engine && engine.minor.totalPauseMs + engine.major.totalPauseMs + engine.incremental.totalPauseMs,
  };
}

/** What counters gained since the state before; not known after a restart of the server. */
function gained(now: number | undefined, before: number | undefined): number | undefined {
  return now === undefined || before === undefined || now < before ? undefined : now - before;
}

/** One state as a point; pauses are those since `before`. */
export function pointOf(state: DashboardState, before: DashboardState | undefined): Point {
  const { systemMemory, requests } = state.stats;
  const now = pausesOf(state);
  const then = before && pausesOf(before);
  const ours = gained(now.ours, then?.ours);
  const all = gained(now.engine, then?.engine);
  return {
    used: systemMemory.usedMb,
    heap: systemMemory.heapUsedMb,
    external: systemMemory.externalMb,
    limit: systemMemory.limitMb,
    oursMs: ours,
    // The engine reports ours among its own.
    engineMs: all === undefined ? undefined : Math.max(0, all - (ours ?? 0)),
    lagMs: systemMemory.loopLagMs?.max,
    inFlight: requests.inFlight + requests.longLived,
    perSecond: requests.requestsPerSecond10s,
    p50: requests.lastMinute.p50Ms,
    p99: requests.lastMinute.p99Ms,
    p999: requests.lastMinute.p999Ms,
  };
}
