import { known } from "./unknown.ts";

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
  /** The time that all of them took together. */
  readonly totalPauseMs: number;
  /** The longest. */
  readonly maxPauseMs: number;
  /** `undefined` where the runtime cannot tell. */
  readonly freedBytes: number | undefined;
}

/** Requests: open, started and finished. */
export interface FlightStats {
  /** Open now, without the long-lived ones. */
  readonly inFlight: number;
  /** Open for longer than `longLivedAfterMs`: streams, which delay no collection. */
  readonly longLived: number;
  /** The most that `inFlight` has ever been. */
  readonly highWater: number;
  /** Started so far. */
  readonly started: number;
  /** Finished so far. */
  readonly finished: number;
  /** Ends without a start: a mistake of the caller, counted and otherwise ignored. */
  readonly unmatchedEnds: number;
  /** Finished requests a second over about the last ten seconds; `undefined` before the second tick. */
  readonly requestsPerSecond10s: number | undefined;
  /** The same over about the last minute. */
  readonly requestsPerSecond60s: number | undefined;
}

/** What became of due collections, and what is counted towards the next. */
export interface CollectStats {
  readonly minor: KindStats;
  readonly major: KindStats;
  /** Finished requests, generation-0 runs, generation-1 runs, each since the last run of its own generation or an older one. */
  readonly counts: readonly [number, number, number];
  /** Due, and waiting for an idle moment. */
  readonly pending: Generation | undefined;
  /** Time that collections may still take; negative: in debt. */
  readonly budgetMs: number;
  /** `observe`: requests are only counted. `interval`: counts make collections due. */
  readonly policy: "observe" | "interval";
}

/** What became of due clean-ups. */
export interface CleanupCounts {
  /** Ran. */
  readonly performed: number;
  /** Sat out, because the one before freed little. */
  readonly skipped: number;
  /** Freed by the collections that were part of them. */
  readonly freedBytes: number;
  /** How many of the next ones will sit out. */
  readonly willSkip: number;
}

/** The memory mark and what happened at it. Bytes. */
export interface WatermarkStats {
  /** Memory counts as above the mark from here on; 0: there is no mark. */
  readonly highBytes: number;
  /** It counts as below again under this. */
  readonly lowBytes: number;
  /** Whether memory is above the mark now. */
  readonly above: boolean;
  /** How often it rose above. */
  readonly crossings: number;
  /** How often something was done about it. */
  readonly actions: number;
  /** Freed by these actions. */
  readonly freedBytes: number;
  /** The wait between two actions, in ms: the cool-down, or more if the last one freed little. */
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
