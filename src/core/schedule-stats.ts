import { known } from "./histogram.ts";

/** As in CPython: 0 and 1 are collections of the young generation here, 2 of the whole heap. */
export type Generation = 0 | 1 | 2;

/** What became of the collections of one kind. due = performed + dropped + ... + merged + (1 while pending). */
export interface KindStats {
  /** Made due by a count, a threshold or a clean-up. */
  readonly due: number;
  /** Of those that were due: ran. */
  readonly performed: number;
  /** Waited longer than the deferral bound. */
  readonly dropped: number;
  /** Left out: the time for collections was used up. */
  readonly overBudget: number;
  /** Left out: the last ones freed too little for their pauses. */
  readonly notWorth: number;
  /** The runtime has no collection of this kind. */
  readonly unsupported: number;
  /** Taken up by another one that was pending at the time. */
  readonly merged: number;
  /** Run because somebody asked, or by the memory mark. */
  readonly manual: number;
  readonly totalPauseMs: number;
  readonly maxPauseMs: number;
  /** `undefined` where the runtime cannot tell. */
  readonly freedBytes: number | undefined;
}

export interface FlightStats {
  /** Open now: young ones, and those open for longer than `longLivedAfterMs`. */
  readonly inFlight: number;
  readonly longLived: number;
  /** Most young ones ever open at once. */
  readonly highWater: number;
  /** So far. */
  readonly started: number;
  readonly finished: number;
  /** Ends without a start: a fault of the caller, counted and otherwise ignored. */
  readonly unmatchedEnds: number;
  /** Finished, over about ten seconds and a minute; `undefined` before the second tick. */
  readonly requestsPerSecond10s: number | undefined;
  readonly requestsPerSecond60s: number | undefined;
}

export interface CollectStats {
  readonly minor: KindStats;
  readonly major: KindStats;
  /** Finished requests, generation-0 runs, generation-1 runs, each since the last run of its own generation or an older one. */
  readonly counts: readonly [number, number, number];
  /** Due, and waiting for an idle moment. */
  readonly pending: Generation | undefined;
  /** Time that collections may still take; negative: in debt. */
  readonly budgetMs: number;
  readonly policy: "observe" | "interval";
}

export interface CleanupCounts {
  readonly performed: number;
  /** Sat out, because the one before freed little. */
  readonly skipped: number;
  /** By the collections of those that had one. */
  readonly freedBytes: number;
  /** How many will still sit out. */
  readonly willSkip: number;
}

export interface WatermarkStats {
  /** Entered at the first, left below the second; 0: there is no mark. */
  readonly highBytes: number;
  readonly lowBytes: number;
  readonly above: boolean;
  /** Times that it was entered. */
  readonly crossings: number;
  readonly actions: number;
  readonly freedBytes: number;
  /** Between two actions: the cool-down, or more where the last freed little. */
  readonly waitMs: number;
}

/** As the core numbers them. */
const POLICIES = ["observe", "interval"] as const;

// Each takes what `scheduleStats` wrote (assembly/schedule.ts).

export function readFlight(s: Float64Array): FlightStats {
  return {
    inFlight: s[0]!,
    longLived: s[1]!,
    highWater: s[2]!,
    started: s[3]!,
    finished: s[4]!,
    unmatchedEnds: s[5]!,
    requestsPerSecond10s: known(s[6]),
    requestsPerSecond60s: known(s[7]),
  };
}

function kindAt(s: Float64Array, base: number): KindStats {
  return {
    due: s[base]!,
    performed: s[base + 1]!,
    dropped: s[base + 2]!,
    overBudget: s[base + 3]!,
    notWorth: s[base + 4]!,
    unsupported: s[base + 5]!,
    merged: s[base + 6]!,
    manual: s[base + 7]!,
    totalPauseMs: s[base + 8]!,
    maxPauseMs: s[base + 9]!,
    freedBytes: s[base + 10]!,
  };
}

export function readCollect(s: Float64Array): CollectStats {
  return {
    minor: kindAt(s, 8),
    major: kindAt(s, 19),
    counts: [s[30]!, s[31]!, s[32]!],
    pending: s[33]! < 0 ? undefined : (s[33] as Generation),
    budgetMs: s[34]!,
    policy: POLICIES[s[35]!]!,
  };
}

export function readCleanup(s: Float64Array): CleanupCounts {
  return { performed: s[36]!, skipped: s[37]!, freedBytes: s[38]!, willSkip: s[39]! };
}

export function readWatermark(s: Float64Array): WatermarkStats {
  return {
    highBytes: s[40]!,
    lowBytes: s[41]!,
    above: s[43] === 1,
    crossings: s[44]!,
    actions: s[45]!,
    freedBytes: s[46]!,
    waitMs: s[47]!,
  };
}
