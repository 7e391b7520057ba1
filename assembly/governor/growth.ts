// The old generation since the last major collection, from readings alone: a
// major shows as a fall from the highest reading. What is swept lazily lets the
// base fall on for a while.

const FALL: f64 = 0.9;

let base: f64 = NaN;
let highest: f64 = 0;
let latest: f64 = NaN;
let falls: f64 = 0;
let fellAt: f64 = -1;
let spacing: f64 = NaN;

/** Bytes in use outside the young generation; NaN: the runtime cannot tell. */
export function growthSample(now: f64, bytes: f64): void {
  if (!(bytes > 0)) return;
  latest = bytes;
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
