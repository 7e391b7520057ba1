// Pressure: one level out of what the readings say (inputs.ts).
//
// A reading that is missing (NaN) is not used. Memory that grows towards its limit
// within FAST_MS counts one level more. The highest input decides: the level rises
// at once, and falls one step after each `holdMs` below itself. So calm inputs end
// in normal after three holds at the latest, whatever came before.

import { out } from "../memory";
import { CRITICAL, ELEVATED, HEAP, INPUTS, inputsConfigure, LAG, levelOf, MEMORY, mark, NORMAL, strainOf } from "./inputs";

const LAG_SMOOTHING_MS: f64 = 2000;
/** The rate of change forgets over this time, and is not taken over less than MIN_RATE_MS. */
const RATE_SMOOTHING_MS: f64 = 500;
const MIN_RATE_MS: f64 = 5;
/** At this rate the limit is near: entered, and left at twice that. Counts from this share of the elevated mark. */
const FAST_MS: f64 = 3000;
const FAST_FROM: f64 = 0.85;

/** From this strain on memory is looked at more often. */
const TENSE_STRAIN: f64 = 0.8;

const values: usize = memory.data(INPUTS * 8, 8);
const entries: usize = memory.data(4 * 8, 8);
const durations: usize = memory.data(4 * 8, 8);

export let level: i32 = NORMAL;
/**
 * What the last readings ask for, below the level while it is held, but for the loop's lag: a late loop is not helped
 * by letting go of what is held, it would have more to make anew.
 */
export let short: i32 = NORMAL;
export let strain: f64 = 0;
export let lastAt: f64 = NaN;
export let workingSet: f64 = NaN;
export let heap: f64 = NaN;
export let limit: f64 = NaN;
let heapLimit: f64 = NaN;
let holdMs: f64 = 0;
let holdUntil: f64 = 0;
let since: f64 = NaN;
let cause: i32 = -1;
let lag: f64 = NaN;
let rate: f64 = 0;
let rateAt: f64 = NaN;
let rateFrom: f64 = NaN;
let fast: bool = false;

@inline
function add(to: usize, index: i32, value: f64): void {
  const at = to + (<usize>index << 3);
  store<f64>(at, load<f64>(at) + value);
}

/** How long it has been at the level it is at. */
export function levelFor(now: f64): f64 {
  return since == since ? now - since : 0;
}
/** The mark that memory must stay below, in bytes; NaN without a limit. */
export function criticalBytes(): f64 {
  return mark(MEMORY, CRITICAL) * limit;
}
/** The same for the heap. */
export function criticalHeapBytes(): f64 {
  return mark(HEAP, CRITICAL) * heapLimit;
}

export function pressureConfigure(elevated: f64, high: f64, critical: f64, hold: f64): void {
  inputsConfigure(elevated, high, critical);
  memory.fill(entries, 0, 4 * 8);
  memory.fill(durations, 0, 4 * 8);
  for (let input = 0; input < INPUTS; input++) store<f64>(values + (<usize>input << 3), NaN);
  level = NORMAL;
  short = NORMAL;
  strain = 0;
  lastAt = NaN;
  workingSet = NaN;
  limit = NaN;
  heap = NaN;
  heapLimit = NaN;
  holdMs = hold;
  holdUntil = 0;
  since = NaN;
  cause = -1;
  lag = NaN;
  rate = 0;
  rateAt = NaN;
  rateFrom = NaN;
  fast = false;
}

/** Bytes a ms, smoothed; forgotten where memory could not be read. */
function follow(now: f64): void {
  if (!(workingSet == workingSet)) {
    rate = 0;
    rateAt = NaN;
    return;
  }
  if (rateAt == rateAt) {
    const over = now - rateAt;
    if (over < MIN_RATE_MS) return;
    rate += (over / (RATE_SMOOTHING_MS + over)) * ((workingSet - rateFrom) / over - rate);
  }
  rateAt = now;
  rateFrom = workingSet;
}

/** Ms until the limit at the present rate; NaN where it does not grow or one of both is unknown. */
function timeToLimit(): f64 {
  return rate > 0 ? max(0, limit - workingSet) / rate : NaN;
}

function enter(next: i32, now: f64): void {
  level = next;
  since = now;
  holdUntil = now + holdMs;
  add(entries, next, 1);
}

/** One set of readings, NaN for what is missing. Answers the level. */
export function pressureSample(
  now: f64,
  workingSetBytes: f64,
  limitBytes: f64,
  heapUsedBytes: f64,
  heapLimitBytes: f64,
  stallRatio: f64,
  lagMs: f64,
): i32 {
  if (lastAt == lastAt) add(durations, level, max(0, now - lastAt));
  else since = now;
  if (!(lagMs == lagMs)) lag = NaN;
  else if (!(lag == lag)) lag = lagMs;
  else {
    const over = max(0, now - lastAt);
    lag += (over / (LAG_SMOOTHING_MS + over)) * (lagMs - lag);
  }
  lastAt = now;
  workingSet = workingSetBytes;
  limit = limitBytes > 0 ? limitBytes : NaN;
  heap = heapUsedBytes;
  heapLimit = heapLimitBytes > 0 ? heapLimitBytes : NaN;
  follow(now);
  const near = timeToLimit();
  const ratio = workingSet / limit;
  const within = fast ? 2 * FAST_MS : FAST_MS;
  fast = ratio >= mark(MEMORY, ELEVATED) * FAST_FROM && near < within;

  store<f64>(values, ratio);
  store<f64>(values, heap / heapLimit, 8);
  store<f64>(values, stallRatio, 16);
  store<f64>(values, lag, 24);
  let target = NORMAL;
  strain = 0;
  short = NORMAL;
  let strongest = -1;
  for (let input = 0; input < INPUTS; input++) {
    const value = load<f64>(values + (<usize>input << 3));
    let its = levelOf(input, value);
    if (!(value == value)) continue;
    let strains = strainOf(input, value);
    if (input == MEMORY && fast) {
      its = min(CRITICAL, its + 1);
      strains += 1;
    }
    if (its > target || strongest < 0) {
      target = its;
      strongest = input;
    }
    if (input != LAG) short = max(short, its);
    strain = max(strain, strains);
  }
  if (target > level) {
    enter(target, now);
    cause = strongest;
  } else if (target == level) {
    holdUntil = now + holdMs;
    cause = strongest;
  } else if (now >= holdUntil) {
    enter(level - 1, now);
  }
  return level;
}

/** 1 where memory is to be looked at more often. */
export function pressureTense(): i32 {
  return level != NORMAL || strain >= TENSE_STRAIN ? 1 : 0;
}

/**
 * Writes level, since, cause (-1: none), time to limit in ms, strain, rate in bytes a ms, 1 where memory grows fast,
 * the four inputs as they are compared, entries of each level, ms in each level up to the last sample.
 */
export function pressureStats(): void {
  out(0, level);
  out(1, since);
  out(2, cause);
  out(3, timeToLimit());
  out(4, strain);
  out(5, rate);
  out(6, fast ? 1 : 0);
  for (let i = 0; i < 4; i++) {
    out(7 + i, load<f64>(values + (<usize>i << 3)));
    out(11 + i, load<f64>(entries + (<usize>i << 3)));
    out(15 + i, load<f64>(durations + (<usize>i << 3)));
  }
}
