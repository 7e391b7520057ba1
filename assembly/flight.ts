// Requests in flight. A request that has been open for `longLivedAfterMs` (a
// stream of events, a long poll) is counted apart and blocks nothing.
//
// Nothing is kept per request: requests are counted by the slice of time in
// which they started, 32 slices to `longLivedAfterMs`. When a slice grows too
// old, what is left in it moves over to the long-lived ones. `requestEnd` brings
// its start time back, which tells which of the two it leaves.
//
// A ring of the last 64 changes between busy and idle answers, a little later,
// whether a collection that the engine reported fell into a request.

/** What a request that ends was: young, so that its duration says something; long-lived; or never started. */
export const YOUNG: i32 = 0;
const LONG_LIVED: i32 = 1;
export const UNMATCHED: i32 = 2;

const SLICES: i64 = 32;
const RING: i32 = 64;
const slices: usize = memory.data(64 * 4, 4);
const changes: usize = memory.data(64 * 8, 8);

/** 10,000 ms in 32 slices. */
let sliceMs: f64 = 312.5;
let current: i64 = 0;
let inFlight: i32 = 0;
let longLived: i32 = 0;
let highWater: i32 = 0;
let started: f64 = 0;
let finished: f64 = 0;
let unmatched: f64 = 0;
/** Changes so far. Odd: busy. May wrap around: only its lowest bits are looked at. */
let changed: i32 = 0;

@inline
function sliceOf(time: f64): i64 {
  return <i64>(time / sliceMs);
}
@inline
function sliceAt(slice: i64): usize {
  return slices + (<usize>(<i32>slice & (RING - 1)) << 2);
}
@inline
function change(now: f64): void {
  store<f64>(changes + (<usize>(changed & (RING - 1)) << 3), now);
  changed += 1;
}

/** Only while nothing is in flight: the slices change their meaning. */
export function flightConfigure(longLivedAfterMs: f64, now: f64): void {
  sliceMs = longLivedAfterMs / <f64>SLICES;
  current = sliceOf(now);
}

/** Moves what has grown too old over to the long-lived ones. */
export function age(now: f64): void {
  const slice = sliceOf(now);
  if (slice <= current) return;
  const last = slice - SLICES;
  let first = current - SLICES + 1;
  if (last - first >= RING) first = last - RING + 1;
  for (let s = first; s <= last; s++) {
    const count = load<i32>(sliceAt(s));
    if (count == 0) continue;
    store<i32>(sliceAt(s), 0);
    longLived += count;
    inFlight -= count;
    if (inFlight == 0) change(now);
  }
  current = slice;
}

@inline
export function flightStart(now: f64): void {
  age(now);
  const at = sliceAt(current);
  store<i32>(at, load<i32>(at) + 1);
  started += 1;
  inFlight += 1;
  if (inFlight == 1) change(now);
  if (inFlight > highWater) highWater = inFlight;
}

/** YOUNG, LONG_LIVED or UNMATCHED. */
@inline
export function flightEnd(now: f64, start: f64): i32 {
  age(now);
  const slice = sliceOf(start);
  const old = current - slice;
  if (old >= SLICES) {
    if (longLived > 0) {
      longLived -= 1;
      finished += 1;
      return LONG_LIVED;
    }
  } else if (old >= 0) {
    const at = sliceAt(slice);
    const count = load<i32>(at);
    if (count > 0) {
      store<i32>(at, count - 1);
      finished += 1;
      inFlight -= 1;
      if (inFlight == 0) change(now);
      return YOUNG;
    }
  }
  unmatched += 1;
  return UNMATCHED;
}

/** 1: a request was in flight at that time; 0: none; -1: before the last 64 changes, so too long ago to tell. */
export function busyAt(time: f64): i32 {
  // Before the first change the ring holds 0 as the time of an odd change: idle since the clock began.
  for (let i = changed - 1; changed - i <= RING; i--) {
    if (load<f64>(changes + (<usize>(i & (RING - 1)) << 3)) <= time) return ~i & 1;
  }
  return -1;
}

@inline
export function flightCount(): i32 {
  return inFlight;
}
export function longLivedCount(): i32 {
  return longLived;
}
export function flightHighWater(): i32 {
  return highWater;
}
@inline
export function startedCount(): f64 {
  return started;
}
@inline
export function finishedCount(): f64 {
  return finished;
}
export function unmatchedCount(): f64 {
  return unmatched;
}
