// Verdict: what a server's memory is doing, from what major collections left (the
// floor) and from samples taken once a second. Growth is told by leak.ts; here is
// the rest: a collector that comes seldom, an allocator that keeps pages, and
// whether a collection now would tell more.

import { out } from "../memory";
import { CONFIRMED, FAST_MS, foundAt, judge, resetGrowth, setOutlook, streakAt, timeToLimit } from "./leak";
import { BUCKETS, bucketMs, keepLowest, KINDS, MB, openBucket, resetBuckets, WINDOWS } from "./windows";

export const UNKNOWN: i32 = 0;
const STABLE: i32 = 1;
const GROWING: i32 = 2;
const LAZY: i32 = 3;
const RETAINED: i32 = 4;

/** A floor is wanted where memory would reach its limit within this time, and so far above the last floor; at most this often. */
const WANTED_WITHIN_MS: f64 = 10800000;
const WANTED_RATIO: f64 = 1.15;
const WANTED_BYTES: f64 = 8 * MB;
const WANTED_INTERVAL_MS: f64 = 20000;
/** A server that is never idle is not made to wait for a collection that would only be good to know. */
const WANTED_FOR_MS: f64 = 10000;
/** While floors rise so fast that the limit is near in minutes. */
const FAST_INTERVAL_MS: f64 = 3000;

const MIN_FLOORS: i32 = 4;
const MIN_OBSERVED_MS: f64 = 60000;
/** Heap and external memory above the floor, on the mean, that make a collector lazy; and how seldom it comes. */
const LAZY_BYTES: f64 = 64 * MB;
const LAZY_RATIO: f64 = 1;
const LAZY_INTERVAL_MS: f64 = 60000;
/** The rest above its lowest that makes retention, for how long. */
const RETAINED_BYTES: f64 = 64 * MB;
const RETAINED_RATIO: f64 = 0.25;
const RETAINED_MS: f64 = 120000;

let startedAt: f64 = NaN;
let lastSample: f64 = NaN;
let floors: i32 = 0;
let firstFloorAt: f64 = NaN;
let lastFloorAt: f64 = NaN;
/** Mean time between floors, weighted towards the last ones. */
let floorInterval: f64 = NaN;
let floorHeap: f64 = NaN;
let floorExternal: f64 = NaN;
/** Bytes per ms from the floor before to the last one. */
let floorSlope: f64 = 0;
let lowestRest: f64 = NaN;
let rest: f64 = NaN;
let retainedSince: f64 = NaN;
let meanInUse: f64 = NaN;
let rss: f64 = NaN;
let limit: f64 = NaN;
let used: f64 = NaN;
let heapLimit: f64 = NaN;
let inUse: f64 = NaN;
/** Bytes per ms, over about a minute and a half. */
let inUseSlope: f64 = 0;
let wantedAt: f64 = NaN;
let wantedUntil: f64 = 0;

export function verdictReset(): void {
  resetBuckets();
  resetGrowth();
  startedAt = NaN;
  lastSample = NaN;
  floors = 0;
  firstFloorAt = NaN;
  lastFloorAt = NaN;
  floorInterval = NaN;
  floorHeap = NaN;
  floorExternal = NaN;
  floorSlope = 0;
  lowestRest = NaN;
  rest = NaN;
  retainedSince = NaN;
  meanInUse = NaN;
  inUse = NaN;
  inUseSlope = 0;
  wantedAt = NaN;
  wantedUntil = 0;
}

@inline
function known(bytes: f64): f64 {
  return bytes == bytes ? bytes : 0;
}

/** What a major collection left. NaN for what is not known. */
export function verdictFloor(now: f64, heapBytes: f64, externalBytes: f64): void {
  if (floors == 0) firstFloorAt = now;
  else {
    const interval = now - lastFloorAt;
    floorSlope = (heapBytes + known(externalBytes) - floorHeap - known(floorExternal)) / max<f64>(interval, FAST_INTERVAL_MS);
    floorInterval = floorInterval != floorInterval ? interval : floorInterval + (interval - floorInterval) * 0.3;
  }
  floors += 1;
  lastFloorAt = now;
  floorHeap = heapBytes;
  floorExternal = externalBytes;
  for (let w = 0; w < WINDOWS; w++) {
    const at = openBucket(w, now);
    if (keepLowest(at + 16, heapBytes)) store<f64>(at, now, 8);
    keepLowest(at + 24, externalBytes);
  }
}

/**
 * A sample, about once a second. `restBytes`: RSS less heap and external memory. NaN for what is not known.
 * Cost: under 1 µs; where a bucket ends, a regression over 24 points.
 */
export function verdictSample(
  now: f64,
  inUseBytes: f64,
  restBytes: f64,
  rssBytes: f64,
  usedBytes: f64,
  limitBytes: f64,
  heapLimitBytes: f64,
  inFlight: f64,
  perSecond: f64,
  requests: f64,
): void {
  if (startedAt != startedAt) startedAt = now;
  rss = rssBytes;
  used = usedBytes;
  limit = limitBytes;
  heapLimit = heapLimitBytes;
  const dt = lastSample == lastSample ? min<f64>(now - lastSample, 60000) : 0;
  if (inUseBytes - inUseBytes == 0) {
    inUse = inUseBytes;
    // A mean of two minutes lags behind a ramp by two minutes of it.
    if (meanInUse == meanInUse) inUseSlope = (inUseBytes - meanInUse) / 120000;
    meanInUse = meanInUse != meanInUse ? inUseBytes : meanInUse + (inUseBytes - meanInUse) * (dt / (dt + 120000));
  }
  followRest(now, restBytes, dt);
  setOutlook(startedAt, requests, heapLimit - floorHeap, limit - used);
  for (let w = 0; w < WINDOWS; w++) {
    if (lastSample == lastSample) {
      const before = floor<f64>(lastSample / bucketMs(w));
      if (floor<f64>(now / bucketMs(w)) != before) judge(w, before, now);
    }
    const at = openBucket(w, now);
    keepLowest(at + 32, restBytes);
    keepLowest(at + 72, rssBytes);
    if (perSecond == perSecond) store<f64>(at, load<f64>(at, 40) + perSecond, 40);
    store<f64>(at, load<f64>(at, 48) + inFlight, 48);
    store<f64>(at, load<f64>(at, 56) + 1, 56);
    store<f64>(at, requests, 64);
  }
  lastSample = now;
}

function followRest(now: f64, bytes: f64, dt: f64): void {
  if (!(bytes - bytes == 0)) return;
  rest = rest != rest ? bytes : rest + (bytes - rest) * (dt / (dt + 30000));
  // The first seconds of a process are no measure of what it needs.
  if (now - startedAt < 10000) return;
  if (!(bytes >= lowestRest)) lowestRest = bytes;
  const above = rest - lowestRest;
  if (above < RETAINED_BYTES || above < RETAINED_RATIO * rss) retainedSince = NaN;
  else if (retainedSince != retainedSince) retainedSince = now;
}

/**
 * 1: a major collection now would tell whether what is in use can be freed. Where memory rises towards its
 * limit, the engine itself may collect only three or four times before the end.
 */
export function verdictWantsFloor(now: f64): i32 {
  const toLimit = max<f64>(0, (limit == limit ? limit : heapLimit) - used);
  const floor = known(floorHeap) + known(floorExternal);
  const last = max<f64>(lastFloorAt == lastFloorAt ? lastFloorAt : startedAt, wantedAt == wantedAt ? wantedAt : startedAt);
  const fast = floorSlope > 0 && toLimit / floorSlope < FAST_MS && inUse > floor;
  if (fast && now - last >= FAST_INTERVAL_MS) {
    wantedAt = now;
    return 1;
  }
  if (!(inUseSlope > 0) || inUse < floor * WANTED_RATIO + WANTED_BYTES) return 0;
  const left = toLimit / inUseSlope;
  if (!(left < WANTED_WITHIN_MS) || now - last < max<f64>(WANTED_INTERVAL_MS, left / 40)) return 0;
  wantedAt = now;
  return 1;
}

/** Asked once a sample. 1: collect now, for what it would tell. `idle`: no request is in flight, and some have come. */
export function verdictCollects(now: f64, idle: i32): i32 {
  if (verdictWantsFloor(now)) wantedUntil = now + WANTED_FOR_MS;
  if (!idle || now >= wantedUntil) return 0;
  wantedUntil = 0;
  return 1;
}

/**
 * The verdict now; and to the scratch area: kind (-1: none), bytes per ms, confidence, ms to the limit, window in
 * ms, floor of heap and of external memory, rest, lowest rest, mean in use, floors seen, ms since the last one,
 * ms between them, ms observed. NaN for what is not known or does not apply.
 */
export function verdictDecide(now: f64): i32 {
  for (let i = 0; i < 5; i++) out(i, NaN);
  out(0, -1);
  out(5, floorHeap);
  out(6, floorExternal);
  out(7, rest);
  out(8, lowestRest);
  out(9, meanInUse);
  out(10, floors);
  out(11, now - lastFloorAt);
  out(12, floorInterval);
  out(13, now - startedAt);
  if (startedAt != startedAt) return UNKNOWN;
  // The shortest window that is sure tells the rate as it is now.
  for (let w = 0; w < WINDOWS; w++) {
    let best = -1;
    for (let kind = 0; kind < KINDS; kind++) {
      if (load<i32>(streakAt(w, kind)) < CONFIRMED) continue;
      // What was seen long ago, and could not be looked at since, is no verdict.
      if (now - load<f64>(foundAt(w, kind), 16) > max<f64>(300000, 1.5 * BUCKETS * bucketMs(w))) continue;
      if (best < 0 || load<f64>(foundAt(w, kind)) > load<f64>(foundAt(w, best))) best = kind;
    }
    if (best < 0) continue;
    const at = foundAt(w, best);
    out(0, best);
    out(1, load<f64>(at));
    out(2, load<f64>(at, 8));
    out(3, timeToLimit(best, load<f64>(at)));
    out(4, load<f64>(at, 24));
    return GROWING;
  }
  if (now - retainedSince >= RETAINED_MS) return RETAINED;
  if (floors < 2) return UNKNOWN;
  const held = floorHeap + known(floorExternal);
  const above = meanInUse - held;
  const seldom = max<f64>(floorInterval, now - lastFloorAt) >= LAZY_INTERVAL_MS;
  if (seldom && above >= LAZY_BYTES && above >= LAZY_RATIO * held) return LAZY;
  return floors >= MIN_FLOORS && now - firstFloorAt >= MIN_OBSERVED_MS ? STABLE : UNKNOWN;
}
