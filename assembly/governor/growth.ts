// The old generation since the last major collection, from readings alone: a
// major shows as a fall from the highest reading. What is swept lazily lets the
// base fall on for a while.

const FALL: f64 = 0.9;
/** A reading is good for so long, and how fast it grows is measured over as long at least. */
const PACE_MS: f64 = 1000;
/** It may grow twice as fast as it ever did over that, or be read half a second late. */
const AHEAD_MS: f64 = 2000;
/** How fast it grew at its fastest is forgotten over so long. */
const FORGET_MS: f64 = 60000;

let base: f64 = NaN;
let highest: f64 = 0;
let latest: f64 = NaN;
let falls: f64 = 0;
let fellAt: f64 = -1;
let spacing: f64 = NaN;
let readAt: f64 = -Infinity;
let ratedAt: f64 = -1;
let ratedBytes: f64 = 0;
/** Bytes a ms; NaN: not known yet. */
let fastest: f64 = NaN;

function rate(now: f64, bytes: f64): void {
  if (ratedAt >= 0) {
    const dt = now - ratedAt;
    const seen = (bytes - ratedBytes) / max(dt, PACE_MS);
    if (dt < PACE_MS) {
      // The collection that may follow would hide it.
      if (seen > fastest) fastest = seen;
      return;
    }
    fastest = max(seen, fastest == fastest ? (fastest * FORGET_MS) / (FORGET_MS + dt) : 0);
  }
  ratedAt = now;
  ratedBytes = bytes;
}

/** Bytes in use outside the young generation; NaN: the runtime cannot tell. */
export function growthSample(now: f64, bytes: f64): void {
  readAt = now;
  if (!(bytes > 0)) return;
  latest = bytes;
  rate(now, bytes);
  if (base != base || bytes < highest * FALL) {
    if (base == base) {
      falls += 1;
      if (fellAt >= 0) spacing = spacing == spacing ? spacing + (now - fellAt - spacing) * 0.3 : now - fellAt;
    }
    fellAt = now;
    base = bytes;
    highest = bytes;
    return;
  }
  if (bytes < base) base = bytes;
  if (bytes > highest) highest = bytes;
}

/** A major collection of ours has just run. */
export function growthReset(now: f64, bytes: f64): void {
  if (!(bytes > 0)) return;
  base = bytes;
  highest = bytes;
  latest = bytes;
  fellAt = now;
  ratedAt = now;
  ratedBytes = bytes;
}

/** Whether the last reading is too old to go by. */
export function growthStale(now: f64): bool {
  return now - readAt >= PACE_MS;
}
/** Whether it can have come to `bytes` above the base before it is read again, at the fastest it grew of late. */
export function mayGrowTo(bytes: f64): bool {
  return fastest == fastest ? grownBytes() + fastest * AHEAD_MS >= bytes : latest == latest;
}
/** What the last major left, times `ratio`, less what it left; NaN: not known. */
export function growthOf(ratio: f64): f64 {
  return base * (ratio - 1);
}

/** Bytes added since the last major; NaN: not known. */
export function grownBytes(): f64 {
  return latest - base;
}
/** In use now, as a multiple of what the last major left; NaN: not known. */
export function grownRatio(): f64 {
  return latest / base;
}
/** Majors that the engine ran by itself, as far as readings show. */
export function naturalMajors(): f64 {
  return falls;
}
/** Mean time between them; NaN below two. */
export function naturalSpacingMs(): f64 {
  return spacing;
}
