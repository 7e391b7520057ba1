// A quantity grows where, over the buckets of one window, a line through its
// floors rises (least squares, with rate and requests in flight as further
// regressors, so that memory which follows the load is not growth), the slope
// is above chance (Student's t, its error widened by the residuals' lag-1
// autocorrelation), the rise is worth a word, and it does not slow down (what
// fills up, as caches do after a start, rises less and less), for several
// buckets in a row.

import {
  fitConfidence,
  lastsMs,
  lateFrom,
  MIN_LATE_RATIO,
  MIN_MINUTE_PERSISTENCE,
  MIN_PERSISTENCE,
  persists,
  point,
  regress,
  setPoint,
  slopeFrom,
} from "./fit";
import { BUCKETS, bucketAt, bucketMs, HEAP, HOURS, KINDS, MB, MINUTE, REST, TWO_MINUTES, WINDOWS } from "./windows";

/** Buckets in a row in which a kind grew, by window and kind. */
const streaks: usize = memory.data(WINDOWS * KINDS * 4, 4);
/** Of the last test that held: slope (bytes per ms), confidence, when, span. */
const found: usize = memory.data(WINDOWS * KINDS * 32, 8);

/** A rise over the window below this share of the floor, or below these bytes, is not worth a word. */
function minRatio(window: i32): f64 {
  if (window <= TWO_MINUTES || window == HOURS) return 0.25;
  return window < HOURS ? 0.15 : 0.1;
}

function minRise(window: i32, kind: i32): f64 {
  // What a process needs besides its heap moves by itself: compiled code, stacks, buffers of the runtime.
  if (kind == REST) return 32 * MB;
  if (window == HOURS) return 48 * MB;
  if (window == MINUTE) return 32 * MB;
  return window == TWO_MINUTES ? 16 * MB : 8 * MB;
}

/** Buckets that must hold a floor; fewer do where the floor doubles, for then the engine collects seldom. */
const MIN_POINTS: i32 = 6;
const MIN_DOUBLING_POINTS: i32 = 4;
/** Within a minute: enough for the load to be a regressor. */
const MIN_MINUTE_POINTS: i32 = 8;

const MIN_CONFIDENCE: f64 = 0.999;
export const CONFIRMED: i32 = 2;
const MAX_STREAK: i32 = 4;
/** A rest is told to grow by itself where the heap's floor rises at less than this share of its rate. */
const MAX_HEAP_RATIO: f64 = 0.3;
/** Likewise external memory: below this multiple of its rate. A table in the heap may have its storage outside. */
const MAX_HEAP_MULTIPLE: f64 = 3;
/** The first minute of a process is left out. */
const START_MS: f64 = 60000;

/** What reaches the limit within this time is a fast leak: it is looked for within a minute. */
export const FAST_MS: f64 = 360000;

/** What fills up slowly looks like a leak in a short window: there only what would reach the limit this soon counts. */
function soonMs(window: i32): f64 {
  if (window == MINUTE) return FAST_MS;
  if (window == TWO_MINUTES) return 600000;
  if (window == 2) return 1500000;
  if (window == 3) return 5400000;
  // Without requests to see, a day's tide is told from a leak by a whole day alone.
  return window == HOURS && requestsSoFar == 0 ? 43200000 : Infinity;
}

/** Of the time that a rise was seen: so far ahead of it a limit may lie. */
const MAX_AHEAD: f64 = 2;

@inline
export function foundAt(window: i32, kind: i32): usize {
  return found + (<usize>(window * KINDS + kind) << 5);
}

@inline
export function streakAt(window: i32, kind: i32): usize {
  return streaks + (<usize>(window * KINDS + kind) << 2);
}

export function resetGrowth(): void {
  memory.fill(streaks, 0, WINDOWS * KINDS * 4);
}

let startedAt: f64 = NaN;
let requestsSoFar: f64 = 0;
let heapLeft: f64 = NaN;
let memoryLeft: f64 = NaN;

/** What the next judgements go by: bytes to the heap's bound and to the limit, NaN where there is none. */
export function setOutlook(start: f64, requests: f64, toHeapLimit: f64, toLimit: f64): void {
  startedAt = start;
  requestsSoFar = requests;
  heapLeft = toHeapLimit;
  memoryLeft = toLimit;
}

/** ms until a kind that grows by `slope` bytes a ms reaches a limit; NaN without one. */
export function timeToLimit(kind: i32, slope: f64): f64 {
  let left = memoryLeft;
  if (kind == HEAP && heapLeft == heapLeft && !(left < heapLeft)) left = heapLeft;
  return left != left ? NaN : max<f64>(0, left) / slope;
}

/** A bucket of this window has ended: does anything grow? */
export function judge(window: i32, last: f64, now: f64): void {
  for (let kind = 0; kind < KINDS; kind++) {
    const at = streakAt(window, kind);
    const streak = load<i32>(at);
    const verdict = grows(window, kind, last, now);
    // No new point: nothing is known that was not known before.
    if (verdict < 0) continue;
    if (verdict == 1) store<i32>(at, min(streak + 1, MAX_STREAK));
    else store<i32>(at, max(streak - 1, 0));
  }
}

/** Gathers the points of one kind, in order of time; their number. */
function gather(window: i32, kind: i32, last: f64): i32 {
  const oldest = startedAt + START_MS;
  let n = 0;
  for (let number = last - BUCKETS + 1; number <= last; number += 1) {
    const at = bucketAt(window, number);
    if (load<f64>(at) != number) continue;
    const y = load<f64>(at + 16 + (<usize>kind << 3));
    if (y != y) continue;
    const x = kind == REST ? (number + 0.5) * bucketMs(window) : load<f64>(at, 8);
    if (x < oldest) continue;
    const samples = max<f64>(1, load<f64>(at, 56));
    setPoint(0, n, x);
    setPoint(1, n, y);
    setPoint(2, n, load<f64>(at, 40) / samples);
    setPoint(3, n, load<f64>(at, 48) / samples);
    setPoint(4, n, load<f64>(at, 64));
    setPoint(5, n, load<f64>(at, 72));
    n++;
  }
  return n;
}

/** Of the plain line through one kind's points; 0 where there are not enough. */
function plainSlope(window: i32, kind: i32, last: f64): f64 {
  const n = gather(window, kind, last);
  return n < MIN_DOUBLING_POINTS ? 0 : slopeFrom(1, 0, n);
}

/** 1: this kind grows; 0: it does not; -1: too little is known, or the bucket that ended told nothing new. */
function grows(window: i32, kind: i32, last: f64, now: f64): i32 {
  // Pages move between the heap and the rest within minutes.
  if (kind == REST && window <= 2) return 0;
  const ended = bucketAt(window, last);
  const value = load<f64>(ended + 16 + (<usize>kind << 3));
  if (load<f64>(ended) != last || value != value) return -1;
  const heapSlope = kind == HEAP ? 0 : plainSlope(window, HEAP, last);
  const n = gather(window, kind, last);
  if (window == MINUTE && n < MIN_MINUTE_POINTS) return -1;
  if (n < MIN_DOUBLING_POINTS || (n < MIN_POINTS && point(1, n - 1) < 2 * point(1, 0))) return -1;
  const span = point(0, n - 1) - point(0, 0);
  if (span < 0.3 * BUCKETS * bucketMs(window)) return -1;
  let slope = regress(n, 0);
  let sure = fitConfidence();
  if (kind != REST && !(slope > 0 && sure >= MIN_CONFIDENCE)) {
    // Under a load that itself rises, what each request leaves behind shows by requests, not by time.
    const late = lateFrom(n);
    const perMs = (point(4, n - 1) - point(4, late)) / (point(0, n - 1) - point(0, late));
    slope = regress(n, 4) * perMs;
    sure = fitConfidence();
  }
  if (!(slope > 0 && sure >= MIN_CONFIDENCE)) return 0;
  const level = point(1, 0);
  const rise = slope * span;
  if (kind == REST) {
    // The heap gave pages to the rest, or the other way: nothing grows.
    if (slopeFrom(5, lateFrom(n), n) < MIN_LATE_RATIO * slope) return 0;
  }
  // What is held outside for a heap that grows is the heap's growth.
  if (heapSlope > (kind == REST ? MAX_HEAP_RATIO : MAX_HEAP_MULTIPLE) * slope) return 0;
  if (rise < minRise(window, kind) || rise < minRatio(window) * level) return 0;
  if (!persists(n, slope, window == MINUTE ? MIN_MINUTE_PERSISTENCE : MIN_PERSISTENCE)) return 0;
  const at = foundAt(window, kind);
  store<f64>(at, slope);
  store<f64>(at, sure, 8);
  store<f64>(at, now, 16);
  store<f64>(at, span, 24);
  let soon = soonMs(window);
  if (soon == Infinity) return 1;
  // What was seen to rise for minutes tells little of what it will do in an hour: sessions and loads come and go.
  if (window > TWO_MINUTES) soon = min(soon, MAX_AHEAD * span);
  // A cache that fills up near a limit need not reach it: what slows down must get there before it ends.
  const late = slopeFrom(1, lateFrom(n), n);
  return timeToLimit(kind, slope) < soon && timeToLimit(kind, late) < lastsMs(n) ? 1 : 0;
}
