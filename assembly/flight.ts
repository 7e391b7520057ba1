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

const SLICES: i32 = 32;
const RING: i32 = 64;
const slices: usize = memory.data(64 * 4, 4);
const changes: usize = memory.data(64 * 8, 8);

let sliceMs: f64 = 10000 / 32;
let current: i32 = 0;
let inFlight: i32 = 0;
let longLived: i32 = 0;
let highWater: i32 = 0;
let started: f64 = 0;
let finished: f64 = 0;
let unmatched: f64 = 0;
/** Changes so far. Odd: busy. */
let changed: i32 = 0;

@inline
function sliceAt(slice: i32): usize {
  return slices + (<usize>(slice & (RING - 1)) << 2);
}
@inline
function change(now: f64): void {
  store<f64>(changes + (<usize>(changed & (RING - 1)) << 3), now);
  changed += 1;
}

/** Only while nothing is in flight: the slices change their meaning. */
export function flightConfigure(longLivedAfterMs: f64, now: f64): void {
  sliceMs = longLivedAfterMs / <f64>SLICES;
  current = <i32>(now / sliceMs);
}

/** Moves what has grown too old over to the long-lived ones. */
export function age(now: f64): void {
  const slice = <i32>(now / sliceMs);
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

/** True where the request was still young, so that its duration says something. */
@inline
export function flightEnd(now: f64, start: f64): bool {
  age(now);
  const slice = <i32>(start / sliceMs);
  if (slice > current - SLICES && slice <= current) {
    const at = sliceAt(slice);
    const count = load<i32>(at);
    if (count > 0) {
      store<i32>(at, count - 1);
      finished += 1;
      inFlight -= 1;
      if (inFlight == 0) change(now);
      return true;
    }
  } else if (longLived > 0) {
    longLived -= 1;
    finished += 1;
    return false;
  }
  unmatched += 1;
  return false;
}

/** 1: a request was in flight at that time; 0: none; -1: too long ago to tell. */
export function busyAt(time: f64): i32 {
  const oldest = max(0, changed - RING);
  for (let i = changed - 1; i >= oldest; i--) {
    if (load<f64>(changes + (<usize>(i & (RING - 1)) << 3)) <= time) return i & 1 ? 0 : 1;
  }
  return changed <= RING ? 0 : -1;
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
