// Which policy has an opportunity now, and when to look again.

import { out } from "../memory";
import { NONE } from "../status";
import { costMeasuredPauses } from "./cost";
import { earlyFound, earlySpend } from "./early";
import { growthReset, grownRatio, naturalMajors, naturalSpacingMs } from "./growth";
import {
  ACT,
  EARLY,
  guardAborted,
  guardDone,
  guardExpectedMs,
  guardHeld,
  guardJudge,
  guardUnsupported,
  guardWaited,
  QUIET,
  SEAL,
  TRIM,
  WATERMARK,
} from "./guard";
import {
  marksCollected,
  marksCrossings,
  marksDone,
  marksRatio,
  marksRefused,
  marksRising,
  marksWait,
  marksWaitMs,
  NEAR_MS,
  restWait,
  underPressure,
} from "./marks";
import { FAR_MS, limits, on } from "./look";
import { quietFound, quietLate, quietNext, quietSilence, quietSpend, quietWanted } from "./quiet";
import { trimStep, trimWait } from "./trim";
import { lastActive, meanGap, open, residualSilence, silencePaused, startedTotal, trafficResumed } from "./traffic";

export { guardStats } from "./guard";

/** Nothing to wait for until a request comes. */
const ASLEEP: f64 = -1;
/** A collection may take this long before anybody has measured how long silences last. */
const UNKNOWN_BOUND_MS: f64 = 100;
/** What `trim` and `early` do is never worth a server that answers nobody for longer. */
const LONGEST_MS: f64 = 1000;

let opportunity: i32 = NONE;
let decidedAt: f64 = -1;

/** When the last major collection of ours ended, by whatever policy or person; to be told before each decision. */
export function governorCollected(at: f64): void {
  marksCollected(at);
}

/** ms until another major collection may follow the last one of ours; 0: now. */
export function governorRestMs(now: f64): f64 {
  return restWait(now);
}

/** ms until the next look, -1: none needed before the next request, 0: `governorOpportunity` tells which policy. */
export function governorNext(now: f64): f64 {
  opportunity = NONE;
  let wait = Infinity;
  if (limits()) {
    wait = marksWait(now);
    if (wait == 0 && on(WATERMARK)) return found(WATERMARK);
    // At the mark there is nothing for `early` to do.
    wait = max(wait, on(WATERMARK) ? 1 : NEAR_MS);
    // A process without traffic is looked at once a second by the monitor, wherever it stands.
    if (open() == 0 && now - lastActive() > 1000 && !marksRising()) wait = Infinity;
  }
  if (open() > 0) {
    if (on(QUIET)) wait = min(wait, quietNext(now, false));
    if (on(TRIM)) wait = min(wait, FAR_MS);
    return wait == Infinity ? ASLEEP : wait;
  }
  if (on(QUIET)) {
    let quiet = quietNext(now, true);
    if (quiet == 0) quiet = restWait(now);
    if (quiet > 0) {
      wait = min(wait, quiet);
    } else {
      if (quietFound(now) && quietWanted()) return found(QUIET);
      quietSpend();
    }
  }
  if (on(EARLY) && earlyFound(now)) {
    earlySpend(now);
    return found(EARLY);
  }
  if (on(TRIM)) {
    let trim = trimWait(now);
    if (trim >= 0) trim = max(trim, restWait(now));
    if (trim == 0) return found(TRIM);
    if (trim > 0) wait = min(wait, trim);
  }
  return wait == Infinity ? ASLEEP : wait;
}

function found(policy: i32): f64 {
  opportunity = policy;
  decidedAt = startedTotal();
  return 0;
}

/** The policy that `governorNext` answered 0 for, or NONE. */
export function governorOpportunity(): i32 {
  return opportunity;
}

/**
 * Asked right before acting, a turn later: 0 act, 1 .. 3 the guard's reason, -1 a request has come. `started`
 * and `inFlight` as they are now. Each answer settles the opportunity.
 */
export function governorConfirm(policy: i32, now: f64, started: f64, inFlight: i32): i32 {
  // Somebody else has collected since it was found: no opportunity any more.
  if (policy != SEAL && (policy == WATERMARK ? marksWait(now) : restWait(now)) > 0) return NONE;
  if (policy == WATERMARK || policy == SEAL) {
    const verdict = guardJudge(policy, Infinity);
    if (policy == WATERMARK && verdict != ACT) marksRefused(now);
    return verdict;
  }
  if (policy == QUIET) quietSpend();
  if (inFlight > 0 || started != decidedAt) {
    const verdict = guardJudge(policy, Infinity);
    if (verdict != ACT) return verdict;
    guardAborted(policy);
    return NONE;
  }
  const verdict = guardJudge(policy, policy == QUIET ? silenceLeft(now) : LONGEST_MS);
  // A step that is refused is over, else it would be found again at once.
  if (policy == TRIM && verdict != ACT) trimStep();
  return verdict;
}

/** How much longer this silence is expected to last. */
function silenceLeft(now: f64): f64 {
  const residual = residualSilence();
  return residual == residual ? max(0, residual - quietLate(now)) : UNKNOWN_BOUND_MS;
}

/** The step of `trim` that runs now: 1 or 2. */
export function governorTrimStep(): i32 {
  return trimStep();
}

/** The experiment holds this opportunity back. */
export function governorHold(policy: i32): void {
  if (policy == QUIET) quietSpend();
  if (policy == TRIM) trimStep();
  guardHeld(policy);
}

/** 1 where memory is near its limit. */
export function governorPressed(): i32 {
  return underPressure() ? 1 : 0;
}

export function governorUnsupported(policy: i32, now: f64): void {
  guardUnsupported(policy);
  if (policy == WATERMARK) marksDone(now, 0, NaN);
}

/** `inUse`: what the freed bytes are compared with by `watermark`. `oldBytes`: after it. */
export function governorDone(
  policy: i32,
  now: f64,
  pauseMs: f64,
  costMs: f64,
  freedBytes: f64,
  inUse: f64,
  oldBytes: f64,
): void {
  guardDone(policy, pauseMs, costMs, freedBytes);
  growthReset(now, oldBytes);
  if (policy == WATERMARK) marksDone(now, pauseMs, freedBytes / inUse);
}

/** The first request after a silence starts now. */
export function governorResumed(now: f64): void {
  trafficResumed(now);
}

/** Two turns, or `sinceMs`, after a pause of ours, in which so many requests started; how many had been waiting for its end. */
export function governorWaited(policy: i32, pauseMs: f64, started: f64, sinceMs: f64): f64 {
  const waiting = guardWaited(policy, pauseMs, started, sinceMs);
  silencePaused(pauseMs, waiting);
  return waiting;
}

/**
 * Writes the mean gap in ms, the silence waited for, the residual silence, growth since the last major,
 * natural majors seen, ms between them, the mark's ratio, its crossings, its wait, 1 under pressure, the pause that
 * `quiet` expects, and what a major costs in pauses.
 */
export function governorStats(): void {
  out(0, meanGap());
  out(1, quietSilence());
  out(2, residualSilence());
  out(3, grownRatio());
  out(4, naturalMajors());
  out(5, naturalSpacingMs());
  out(6, marksRatio());
  out(7, marksCrossings());
  out(8, marksWaitMs());
  out(9, underPressure() ? 1 : 0);
  out(10, guardExpectedMs(QUIET));
  out(11, costMeasuredPauses());
}
