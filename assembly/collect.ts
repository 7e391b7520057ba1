// Collections: when one is due, and whether it is performed.
//
// Due: by CPython-style thresholds or by a counter (gates.ts). CPython's rule,
// on requests instead of allocations: count 0 is finished requests since the
// last collection of any generation, count 1 generation-0 runs since the last of
// generation 1 or 2, count 2 generation-1 runs since the last of generation 2.
// When count 0 exceeds its threshold, the oldest generation whose count exceeds
// its own is due.
//
// Performed: only when nothing is in flight (unless its owner said otherwise),
// when the time budget allows (a token bucket that fills with `budgetRatio` of
// wall time and may go into debt; a major takes `majorCost` pauses out), and when the last ones of its kind were
// worth their pause (bytes freed per ms), else it sits out 1, 3, 7 .. 63 turns.
// A due collection that waits longer than `deferralMs` is dropped, never run late.
//
// due = performed + dropped + overBudget + notWorth + unsupported + merged + (1 while pending)

import { count, out } from "./memory";
import { flightCount } from "./flight";
import { NONE } from "./status";

const MAX_BACKOFF: i32 = 64;
const PAUSE_WEIGHT: f64 = 0.3;
const BUCKET_MS: f64 = 60000;
const POLICY_OBSERVE: i32 = 0;

@unmanaged
class Kind {
  due: f64;
  performed: f64;
  dropped: f64;
  overBudget: f64;
  notWorth: f64;
  unsupported: f64;
  merged: f64;
  manual: f64;
  pauseMs: f64;
  maxPauseMs: f64;
  freedBytes: f64;
  expectedMs: f64;
  turn: i32;
  skip: i32;
}
const KIND_BYTES: usize = 104;
const KIND_FIELDS: i32 = 11;
const kinds: usize = memory.data(2 * 104, 8);

// By their names these two would need a start function.
/** POLICY_OBSERVE */
let policy: i32 = 0;
let threshold0: f64 = 2000;
let threshold1: f64 = 15;
let threshold2: f64 = 5;
let count0: f64 = 0;
let count1: f64 = 0;
let count2: f64 = 0;
let minorSupported: bool = true;
let budgetRatio: f64 = 0.01;
/**
 * What a forced major costs in all, in pauses, until its owner has measured it here: V8 throws compiled code away
 * with it. On a light JSON server on Node 20 5 majors of 7 ms in 4 s took the CPU of a request from 20 to 40 us.
 */
let majorCost: f64 = 50;
let minFreedPerMs: f64 = 262144;
let deferralMs: f64 = 5000;
let tokensMs: f64 = 0;
let refilledAt: f64 = 0;
/** NONE */
let pending: i32 = -1;
let pendingSince: f64 = 0;
let pendingWhileBusy: bool = false;

/** The address of its kind. */
function kindOf(generation: i32): usize {
  return generation == 2 ? kinds + KIND_BYTES : kinds;
}
/** What a pause of this generation takes from the budget. */
@inline
function cost(generation: i32, pauseMs: f64): f64 {
  return generation == 2 ? pauseMs * majorCost : pauseMs;
}
@inline
function kind(generation: i32): Kind {
  return changetype<Kind>(kindOf(generation));
}

/**
 * `policy` 0: counts only, 1: counts make collections due. The three thresholds; whether there are minor collections
 * (1) or not (0); the share of time for collections; what one must free for each ms; how long one may wait, in ms.
 */
export function collectConfigure(
  newPolicy: i32,
  t0: f64,
  t1: f64,
  t2: f64,
  hasMinor: i32,
  ratio: f64,
  freedPerMs: f64,
  boundMs: f64,
  now: f64,
): void {
  policy = newPolicy;
  threshold0 = t0;
  threshold1 = t1;
  threshold2 = t2;
  minorSupported = hasMinor != 0;
  budgetRatio = ratio;
  minFreedPerMs = freedPerMs;
  deferralMs = boundMs;
  tokensMs = 0;
  refilledAt = now;
}

/** 0: counts only; 1: counts make collections due. */
export function collectSetPolicy(newPolicy: i32): void {
  policy = newPolicy;
}

/** What a major collection takes from the budget, in its pauses. */
export function collectSetCost(pauses: f64): void {
  majorCost = pauses;
}

export function makeDue(generation: i32, now: f64, whileBusy: bool): void {
  count(kindOf(generation), offsetof<Kind>("due"));
  if (pending == NONE) {
    pending = generation;
    pendingSince = now;
    pendingWhileBusy = whileBusy;
    return;
  }
  const loser = min(generation, pending);
  pending = max(generation, pending);
  pendingWhileBusy = pendingWhileBusy || whileBusy;
  count(kindOf(loser), offsetof<Kind>("merged"));
}

/** Whether counts (thresholds, gates) make collections due. */
@inline
export function countsDecide(): bool {
  return policy != POLICY_OBSERVE;
}

/** Counts a finished request; makes a collection due where a threshold is exceeded. */
@inline
export function countFinished(now: f64): void {
  count0 += 1;
  if (!countsDecide() || count0 <= threshold0 || pending != NONE) return;
  makeDue(count2 > threshold2 ? 2 : i32(count1 > threshold1), now, false);
}

/** Ends what is pending without a collection; its count starts again, so that it is not due at the next request. */
function settle(): void {
  pending = NONE;
  count0 = 0;
}

/** True where something is pending that may run now; drops what has waited too long. */
export function collectWanted(now: f64): bool {
  if (pending == NONE) return false;
  if (now - pendingSince > deferralMs) {
    count(kindOf(pending), offsetof<Kind>("dropped"));
    settle();
    return false;
  }
  return pendingWhileBusy || flightCount() == 0;
}

/** The generation to collect now, or NONE. To be asked right before, and answered by `collectDone`. */
export function collectDecide(now: f64): i32 {
  if (!collectWanted(now)) return NONE;
  const generation = pending;
  const k = kind(generation);
  const full = budgetRatio * BUCKET_MS;
  tokensMs = min(full, tokensMs + (now - refilledAt) * budgetRatio);
  refilledAt = now;
  if (generation != 2 && !minorSupported) {
    count(changetype<usize>(k), offsetof<Kind>("unsupported"));
  } else if (k.skip > 0) {
    k.skip -= 1;
    count(changetype<usize>(k), offsetof<Kind>("notWorth"));
  } else if (tokensMs < min(full, cost(generation, k.expectedMs))) {
    count(changetype<usize>(k), offsetof<Kind>("overBudget"));
  } else {
    return generation;
  }
  settle();
  return NONE;
}

function ran(generation: i32, k: Kind, pauseMs: f64, freedBytes: f64): void {
  count0 = 0;
  count1 = generation == 0 ? count1 + 1 : 0;
  if (generation == 1) count2 += 1;
  if (generation == 2) count2 = 0;
  k.pauseMs += pauseMs;
  k.maxPauseMs = max(k.maxPauseMs, pauseMs);
  if (freedBytes == freedBytes) k.freedBytes += freedBytes;
  k.expectedMs = k.expectedMs == 0 ? pauseMs : k.expectedMs + (pauseMs - k.expectedMs) * PAUSE_WEIGHT;
}

/** The collection that `collectDecide` asked for has run. `freedBytes` NaN: the runtime cannot tell, so it is not judged. */
export function collectDone(generation: i32, pauseMs: f64, freedBytes: f64): void {
  const k = kind(generation);
  ran(generation, k, pauseMs, freedBytes);
  count(changetype<usize>(k), offsetof<Kind>("performed"));
  tokensMs -= cost(generation, pauseMs);
  pending = NONE;
  if (freedBytes != freedBytes) return;
  if (freedBytes < minFreedPerMs * pauseMs) {
    k.turn = min(MAX_BACKOFF, max(2, k.turn * 2));
    k.skip = k.turn - 1;
  } else {
    k.turn = 0;
  }
}

/** A collection ran because somebody asked for it, or by the memory mark: counted, not judged. */
export function collectManual(generation: i32, pauseMs: f64, freedBytes: f64): void {
  const k = kind(generation);
  ran(generation, k, pauseMs, freedBytes);
  count(changetype<usize>(k), offsetof<Kind>("manual"));
}

/**
 * Writes from 8 on, for minor and then major: due, performed, dropped, overBudget, notWorth, unsupported, merged,
 * manual, pauseMs, maxPauseMs, freedBytes; then the three counts, the pending generation (-1: none), the
 * budget left in ms, and 1 where counts make collections due.
 */
export function collectStats(now: f64): void {
  for (let k = 0; k < 2; k++) {
    const base = kinds + <usize>k * KIND_BYTES;
    for (let i = 0; i < KIND_FIELDS; i++) out(8 + k * KIND_FIELDS + i, load<f64>(base + (<usize>i << 3)));
  }
  out(30, count0);
  out(31, count1);
  out(32, count2);
  out(33, <f64>pending);
  out(34, min(budgetRatio * BUCKET_MS, tokensMs + (now - refilledAt) * budgetRatio));
  out(35, <f64>policy);
}
