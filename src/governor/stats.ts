import type { GovernorCore } from "../core/governor.ts";
import type { ExperimentStats } from "./experiment-stats.ts";
import type { GovernorObjective, GovernorPolicy } from "./options.ts";
import { ACTING, type ActingPolicy } from "./policies.ts";

/**
 * What became of a policy's opportunities:
 * opportunities = performed + held + aborted + overBudget + notWorth + tooLong + unsupported.
 */
export interface PolicyStats {
  /** How often its conditions were met. */
  readonly opportunities: number;
  /** How often it acted. */
  readonly performed: number;
  /** Held back by the coin of the experiment. */
  readonly held: number;
  /** A request came first. */
  readonly aborted: number;
  /** Its budget was used up. */
  readonly overBudget: number;
  /** The last ones freed too little for their pauses. */
  readonly notWorth: number;
  /** The pause would have been longer than the silence is expected to last; of `trim` and `early`, than a second. */
  readonly tooLong: number;
  /** The runtime has no such collection. */
  readonly unsupported: number;
  /** The time that its collections took. */
  readonly totalPauseMs: number;
  /** The longest of them. */
  readonly maxPauseMs: number;
  /** CPU time of the collections, helper threads included, where it can be read; else their pauses. */
  readonly totalCostMs: number;
  /** `undefined` where the runtime cannot tell. */
  readonly freedBytes: number | undefined;
  /** Requests that came during its pauses. */
  readonly waitingRequests: number;
  /** How long these waited in all, estimated as if they had come evenly spread over the pauses. */
  readonly waitingMs: number;
  /** Why it does not act now; `undefined` where nothing holds it back. */
  readonly suspended: string | undefined;
}

/** What the governor sees. Each `undefined` while it is not known, or where the runtime cannot tell. */
export interface GovernorReadings {
  /** Mean time between requests, over about 10 s. */
  readonly meanGapMs: number | undefined;
  /** How long nothing must have come before `quiet` acts; not known before twenty requests. */
  readonly silenceMs: number | undefined;
  /** How much longer a silence is expected to last from then on. */
  readonly residualSilenceMs: number | undefined;
  /** The old generation as a multiple of what the last major collection left. */
  readonly oldGrowthRatio: number | undefined;
  /** Major collections that the engine ran by itself, as far as readings of the heap show. */
  readonly naturalMajors: number;
  /** Mean time between two of them. */
  readonly naturalMajorSpacingMs: number | undefined;
  /** The largest of working set, heap and external memory over their limits. */
  readonly limitRatio: number | undefined;
  /** Near a limit: nothing is tried. */
  readonly underPressure: boolean;
  /** What a major collection costs in all, in its pauses, once five were measured: the guard's budget is charged with that. */
  readonly majorCostPauses: number | undefined;
}

/** What requests paid right after a `trim`. */
export interface TrimAftermath {
  /** How many were measured. */
  readonly requests: number;
  /** Their mean duration. */
  readonly meanMs: number;
  /** The mean duration of all requests before the trim. */
  readonly usualMeanMs: number | undefined;
}

/** What the governor does, why, and what came of it. */
export interface GovernorStats {
  /** The policies at work. */
  readonly policies: readonly GovernorPolicy[];
  /** What `auto` improves. */
  readonly objective: GovernorObjective;
  /** What it does and why, in one sentence. */
  readonly reason: string;
  /** By policy, for those that act. */
  readonly actions: Readonly<Partial<Record<ActingPolicy, PolicyStats>>>;
  /** `undefined` where no policy acts: then nothing is read. */
  readonly readings: GovernorReadings | undefined;
  /** After the last trim that requests followed; `undefined` before. */
  readonly afterTrim: TrimAftermath | undefined;
  /** The experiment of `auto`; `undefined` without it. */
  readonly experiment: ExperimentStats | undefined;
}

const VERDICTS: readonly (string | undefined)[] = [
  undefined,
  "its collections have used up their budget",
  "its last collections freed too little for their pauses",
  "its collections take longer than silences last",
];
const TOO_LONG = 3;

function known(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** @param tellsFreed whether the runtime can tell what a collection freed */
export function readPolicy(core: GovernorCore, policy: ActingPolicy, tellsFreed: boolean): PolicyStats {
  core.exports.guardStats(ACTING.indexOf(policy));
  const s = core.scratch;
  return {
    opportunities: s[0]!,
    performed: s[1]!,
    held: s[2]!,
    aborted: s[3]!,
    overBudget: s[4]!,
    notWorth: s[5]!,
    tooLong: s[6]!,
    unsupported: s[7]!,
    totalPauseMs: s[8]!,
    maxPauseMs: s[9]!,
    totalCostMs: s[10]!,
    freedBytes: tellsFreed ? s[11]! : undefined,
    waitingRequests: s[13]!,
    waitingMs: s[14]!,
    suspended:
      s[12] === TOO_LONG && policy !== "quiet"
        ? "its collections take longer than a second"
        : VERDICTS[s[12]!],
  };
}

export function readReadings(core: GovernorCore): GovernorReadings {
  core.exports.governorStats();
  const s = core.scratch;
  return {
    meanGapMs: known(s[0]),
    silenceMs: known(s[1]),
    residualSilenceMs: known(s[2]),
    oldGrowthRatio: known(s[3]),
    naturalMajors: s[4]!,
    naturalMajorSpacingMs: known(s[5]),
    limitRatio: known(s[6]),
    underPressure: s[9] === 1,
    majorCostPauses: known(s[11]),
  };
}
