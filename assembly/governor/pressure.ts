// Pressure: one level out of what the readings say.
//
//   input       unit                       elevated / high / critical
//   0 memory    working set / limit        configured (0.7 / 0.8 / 0.9)
//   1 heap      heap used / heap limit     the same
//   2 stall     share of time, PSI "some"  0.1 / 0.4 / never alone
//   3 lag       ms, smoothed               100 / 400 / never alone
//
// A reading that is missing (NaN) is not used. Each input enters a level at its
// mark and leaves it below a share of that mark. Memory that grows towards its
// limit within FAST_MS counts one level more. The highest input decides: the
// level rises at once, and falls one step after each `holdMs` below itself.
// So calm inputs end in normal after three holds at the latest, whatever came
// before. Strain is the same on one scale for all inputs (1, 2, 3 at the
// marks, straight lines between): what load shedding follows (shed.ts).

import { out } from "../memory";

export const NORMAL: i32 = 0;
export const ELEVATED: i32 = 1;
export const HIGH: i32 = 2;
export const CRITICAL: i32 = 3;

export const INPUTS: i32 = 4;
const MEMORY: i32 = 0;
const HEAP: i32 = 1;
const STALL: i32 = 2;
const LAG: i32 = 3;

/** An input without a critical mark strains this much at most. */
const MOST_WITHOUT_CRITICAL: f64 = 2.9;
/** A level is left below this share of its mark: memory and heap; stall and lag, which jump. */
const LEAVE_MEMORY: f64 = 0.93;
const LEAVE_OTHERS: f64 = 0.7;
const LAG_SMOOTHING_MS: f64 = 2000;
/** The rate of change forgets over this time, and is not taken over less than MIN_RATE_MS. */
const RATE_SMOOTHING_MS: f64 = 500;
const MIN_RATE_MS: f64 = 5;
/** At this rate the limit is near: entered, and left at twice that. Counts from this share of the elevated mark. */
const FAST_MS: f64 = 3000;
const FAST_FROM: f64 = 0.85;

const marks: usize = memory.data(INPUTS * 3 * 8, 8);
const values: usize = memory.data(INPUTS * 8, 8);
const levels: usize = memory.data(INPUTS * 4, 4);
const entries: usize = memory.data(4 * 8, 8);
const durations: usize = memory.data(4 * 8, 8);

export let level: i32 = NORMAL;
/** What the last readings ask for: below the level while it is held. */
export let asked: i32 = NORMAL;
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
function mark(input: i32, at: i32): f64 {
  return load<f64>(marks + (<usize>(input * 3 + at - 1) << 3));
}
@inline
function setMark(input: i32, at: i32, value: f64): void {
  store<f64>(marks + (<usize>(input * 3 + at - 1) << 3), value);
}
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
  for (let input = MEMORY; input <= HEAP; input++) {
    setMark(input, ELEVATED, elevated);
    setMark(input, HIGH, high);
    setMark(input, CRITICAL, critical);
  }
  setMark(STALL, ELEVATED, 0.1);
  setMark(STALL, HIGH, 0.4);
  setMark(STALL, CRITICAL, Infinity);
  setMark(LAG, ELEVATED, 100);
  setMark(LAG, HIGH, 400);
  setMark(LAG, CRITICAL, Infinity);
  memory.fill(levels, 0, INPUTS * 4);
  memory.fill(entries, 0, 4 * 8);
  memory.fill(durations, 0, 4 * 8);
  for (let input = 0; input < INPUTS; input++) store<f64>(values + (<usize>input << 3), NaN);
  level = NORMAL;
  asked = NORMAL;
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

/** 0 at nothing, 1, 2, 3 at the marks, straight between them and beyond the last. */
function strainOf(input: i32, value: f64): f64 {
  const one = mark(input, ELEVATED);
  if (value < one) return max(0, value / one);
  const two = mark(input, HIGH);
  const above = 1 + (value - one) / (two - one);
  const three = mark(input, CRITICAL);
  if (!(three < Infinity)) return min(above, MOST_WITHOUT_CRITICAL);
  return value < two ? above : 2 + (value - two) / (three - two);
}

/** The level of one input, which remembers the level it was at. */
function levelOf(input: i32, value: f64): i32 {
  const at = levels + (<usize>input << 2);
  let now = load<i32>(at);
  if (!(value == value)) now = NORMAL;
  while (now < CRITICAL && value >= mark(input, now + 1)) now += 1;
  const leave = input <= HEAP ? LEAVE_MEMORY : LEAVE_OTHERS;
  while (now > NORMAL && value < mark(input, now) * leave) now -= 1;
  store<i32>(at, now);
  return now;
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
    strain = max(strain, strains);
  }
  asked = target;
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
