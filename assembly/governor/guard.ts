// What holds the policies back: a budget, the worth of the last ones, and the
// length of their pauses. One record a policy.
//
// opportunities = performed + held + aborted + overBudget + notWorth + tooLong + unsupported

import { out } from "../memory";
import { costMeasuredPauses } from "./cost";
import { marksCritical } from "./marks";

export const QUIET: i32 = 0;
export const WATERMARK: i32 = 1;
export const TRIM: i32 = 2;
export const SEAL: i32 = 3;
export const EARLY: i32 = 4;
const POLICIES: i32 = 5;

/** Verdicts. */
export const ACT: i32 = 0;
const OVER_BUDGET: i32 = 1;
const NOT_WORTH: i32 = 2;
const TOO_LONG: i32 = 3;

const MAX_BACKOFF: i32 = 64;
/** A refusal for its pauses makes it expect so much of them: a heap may have become smaller. */
const FORGET: f64 = 0.99;
const WEIGHT: f64 = 0.3;
/** Most ms that can be saved up. */
const BUCKET_MS: f64 = 1000;
/**
 * `quiet` and `early` may each take this share of the CPU time that the process uses, what requests cost more
 * afterwards included; of wall time where that cannot be read.
 */
const CPU_RATIO: f64 = 0.05;
/** `trim` may take this share of wall time: it acts where the process uses no CPU time to speak of. */
const WALL_RATIO: f64 = 0.01;
/** `watermark` may take this share of wall time, as relief at critical; past its critical mark it has no budget: it saves the process. */
const WATERMARK_RATIO: f64 = 0.1;
/** A collection must free this much for each ms of pause. */
const MIN_FREED_PER_MS: f64 = 262144;

@unmanaged
class Record {
  opportunities: f64;
  performed: f64;
  held: f64;
  aborted: f64;
  overBudget: f64;
  notWorth: f64;
  tooLong: f64;
  unsupported: f64;
  pauseMs: f64;
  maxPauseMs: f64;
  costMs: f64;
  freedBytes: f64;
  verdict: f64;
  /** Requests that came during its pauses, and what they waited for the end. */
  waiting: f64;
  waitingMs: f64;
  /** What one is expected to take: pause, its deviation, and what the budget is charged with. */
  expectedMs: f64;
  spreadMs: f64;
  expectedCostMs: f64;
  tokensMs: f64;
  turn: i32;
  skip: i32;
}
const RECORD_BYTES: usize = 160;
const FIELDS: i32 = 15;
const records: usize = memory.data(5 * 160, 8);

let filledAt: f64 = -1;
let cpuAt: f64 = NaN;

@inline
function record(policy: i32): Record {
  return changetype<Record>(records + <usize>policy * RECORD_BYTES);
}

function fill(policy: i32, ms: f64): void {
  const r = record(policy);
  r.tokensMs = min(BUCKET_MS, r.tokensMs + ms);
}

/** `cpuMs`: CPU time of the process so far; NaN: cannot be read. */
export function guardFill(now: f64, cpuMs: f64): void {
  if (filledAt >= 0) {
    const wall = max(0, now - filledAt);
    const used = cpuMs - cpuAt;
    const share = used == used ? used * CPU_RATIO : wall * WALL_RATIO;
    fill(QUIET, share);
    fill(EARLY, share);
    fill(TRIM, wall * WALL_RATIO);
    fill(WATERMARK, wall * WATERMARK_RATIO);
  }
  filledAt = now;
  cpuAt = cpuMs;
}

/** Whether `policy` may act now; every call is one opportunity. `boundMs`: longest pause it may take; Infinity: any. */
export function guardJudge(policy: i32, boundMs: f64): i32 {
  const r = record(policy);
  r.opportunities += 1;
  let verdict = ACT;
  if (policy != SEAL) {
    if (r.skip > 0) {
      r.skip -= 1;
      r.notWorth += 1;
      verdict = NOT_WORTH;
    } else if (r.tokensMs < min(BUCKET_MS, r.expectedCostMs) && !(policy == WATERMARK && marksCritical())) {
      r.overBudget += 1;
      verdict = OVER_BUDGET;
    } else if (r.expectedMs + 2 * r.spreadMs > boundMs) {
      r.tooLong += 1;
      r.expectedMs *= FORGET;
      verdict = TOO_LONG;
    }
  }
  r.verdict = <f64>verdict;
  return verdict;
}

/** An arrival came between decision and collection: nothing was done. */
export function guardAborted(policy: i32): void {
  record(policy).aborted += 1;
}
/** The experiment's coin said hold: nothing was done. */
export function guardHeld(policy: i32): void {
  const r = record(policy);
  r.opportunities += 1;
  r.held += 1;
}
/** The runtime has no such collection. */
export function guardUnsupported(policy: i32): void {
  record(policy).unsupported += 1;
}

/** It ran. `costMs`: CPU time with all helpers, NaN: as the pause. `freedBytes` NaN: the runtime cannot tell, so it is not judged. */
export function guardDone(policy: i32, pauseMs: f64, costMs: f64, freedBytes: f64): void {
  const r = record(policy);
  const cost = costMs > pauseMs ? costMs : pauseMs;
  // The budgets of wall time are of the collection alone: `trim` acts where no requests come that could cost more.
  const pauses = policy == TRIM || policy == WATERMARK ? NaN : costMeasuredPauses();
  const charged = pauses == pauses ? max(cost, pauseMs * pauses) : cost;
  const first = r.performed == 0;
  r.performed += 1;
  r.pauseMs += pauseMs;
  r.maxPauseMs = max(r.maxPauseMs, pauseMs);
  r.costMs += cost;
  r.tokensMs -= charged;
  r.spreadMs = first ? 0 : r.spreadMs + (abs(pauseMs - r.expectedMs) - r.spreadMs) * WEIGHT;
  r.expectedMs = first ? pauseMs : r.expectedMs + (pauseMs - r.expectedMs) * WEIGHT;
  r.expectedCostMs = first ? charged : r.expectedCostMs + (charged - r.expectedCostMs) * WEIGHT;
  if (freedBytes != freedBytes) return;
  r.freedBytes += freedBytes;
  // The watermark backs off in time, not in turns (marks.ts).
  if (policy == WATERMARK || freedBytes >= MIN_FREED_PER_MS * pauseMs) {
    r.turn = 0;
  } else {
    r.turn = min(MAX_BACKOFF, max(2, r.turn * 2));
    r.skip = r.turn - 1;
  }
}

/**
 * So many requests started in the `sinceMs` behind a pause of it; how many had been waiting for its end: of all that
 * start, those that came during the pause are its share of the time, as if spread evenly.
 */
export function guardWaited(policy: i32, pauseMs: f64, started: f64, sinceMs: f64): f64 {
  const waiting = started > 0 ? Math.round((started * pauseMs) / (pauseMs + sinceMs)) : 0;
  const r = record(policy);
  r.waiting += waiting;
  r.waitingMs += pauseMs * waiting * 0.5;
  return waiting;
}

export function guardExpectedMs(policy: i32): f64 {
  return record(policy).expectedMs;
}

/**
 * Writes opportunities, performed, held, aborted, overBudget, notWorth, tooLong, unsupported, pauseMs,
 * maxPauseMs, costMs, freedBytes, the last verdict, requests that waited for its pauses, and for how long in all.
 */
export function guardStats(policy: i32): void {
  if (<u32>policy >= <u32>POLICIES) return;
  const base = records + <usize>policy * RECORD_BYTES;
  for (let i = 0; i < FIELDS; i++) out(i, load<f64>(base + (<usize>i << 3)));
}
