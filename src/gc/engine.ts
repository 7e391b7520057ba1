/** Bounds of pauses in ms, as prom-client has them. */
export const PAUSE_BOUNDS_MS = [1, 10, 100, 1000, 2000, 5000] as const;

/** Collections that the engine reported, of one kind. */
export interface EngineKindStats {
  /** How many there were. */
  readonly count: number;
  /** The time that they paused the program, in all. */
  readonly totalPauseMs: number;
  /** The longest pause. */
  readonly maxPauseMs: number;
  /** How many paused for at most 1, 10, 100, 1000, 2000 and 5000 ms. */
  readonly pausedAtMost: readonly number[];
  /** How many ran while a request was in flight; `undefined` if the runtime does not report when a collection began. */
  readonly insideRequests: number | undefined;
  /** The time that these took. */
  readonly insideRequestsMs: number | undefined;
  /** How many a program asked for, the library included; `undefined` if the runtime does not report that. */
  readonly forced: number | undefined;
  /** Bytes freed by the `measured` ones; `undefined` if the engine does not report it. */
  readonly freedBytes: number | undefined;
  /** How many the engine gave a full account of. */
  readonly measured: number;
}

/** Collections that the engine reported, whoever asked for them. */
export interface EngineStats {
  readonly minor: EngineKindStats;
  readonly major: EngineKindStats;
  readonly incremental: EngineKindStats;
}

/** What is counted of them. */
export interface Tally {
  count: number;
  totalPauseMs: number;
  maxPauseMs: number;
  pausedAtMost: number[];
  insideRequests: number;
  insideRequestsMs: number;
  forced: number;
  freedBytes: number;
  measured: number;
}

export function tally(): Tally {
  return {
    count: 0,
    totalPauseMs: 0,
    maxPauseMs: 0,
    pausedAtMost: PAUSE_BOUNDS_MS.map(() => 0),
    insideRequests: 0,
    insideRequestsMs: 0,
    forced: 0,
    freedBytes: 0,
    measured: 0,
  };
}

export function addPause(to: Tally, durationMs: number): void {
  to.count += 1;
  to.totalPauseMs += durationMs;
  to.maxPauseMs = Math.max(to.maxPauseMs, durationMs);
  for (let i = PAUSE_BOUNDS_MS.length - 1; i >= 0 && durationMs <= PAUSE_BOUNDS_MS[i]!; i--)
    to.pausedAtMost[i]! += 1;
}
