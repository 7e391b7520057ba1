// Trend: ordinary least squares over the last `capacity` points, with the
// confidence that the slope is not zero (Student's t, two-sided, by the finite
// series of Abramowitz and Stegun, "Handbook of Mathematical Functions",
// 26.7.3 and 26.7.4: exact for whole degrees of freedom).
//
//   +0  i32 capacity
//   +4  i32 length
//   +8  i32 next        where the next point goes
//   +16 {f64 x, f64 y} [capacity]

import { alloc, out, release } from "../memory";
import { OUT_OF_MEMORY } from "../status";

const HEADER: i32 = 16;

@unmanaged
class Trend {
  capacity: i32;
  length: i32;
  next: i32;
}

@inline
function view(trend: usize): Trend {
  return changetype<Trend>(trend);
}
@inline
function x(trend: usize, index: i32): f64 {
  return load<f64>(trend + HEADER + (<usize>index << 4));
}
@inline
function y(trend: usize, index: i32): f64 {
  return load<f64>(trend + HEADER + (<usize>index << 4), 8);
}

/** A new trend over `capacity` points; its address, or OUT_OF_MEMORY. */
export function trendCreate(capacity: i32): i32 {
  const trend = alloc(HEADER + (capacity << 4));
  if (trend == 0) return OUT_OF_MEMORY;
  view(trend).capacity = capacity;
  return <i32>trend;
}

export function trendDestroy(trend: usize): void {
  release(trend, HEADER + (view(trend).capacity << 4));
}

/** Adds a point; above the capacity the oldest goes. Points that are not finite are left out. */
export function trendAdd(trend: usize, px: f64, py: f64): void {
  if (!(px - px == 0) || !(py - py == 0)) return;
  const t = view(trend);
  const at = trend + HEADER + (<usize>t.next << 4);
  store<f64>(at, px);
  store<f64>(at, py, 8);
  t.next = t.next + 1 == t.capacity ? 0 : t.next + 1;
  if (t.length < t.capacity) t.length += 1;
}

export function trendReset(trend: usize): void {
  view(trend).length = 0;
  view(trend).next = 0;
}

/** atan(x) for x >= 0, within 1e-12: three halvings of the angle, then eight terms of the series. Math.atan is 0.5 KB larger. */
function atan(x: f64): f64 {
  for (let i = 0; i < 3; i++) x = x / (1 + sqrt<f64>(1 + x * x));
  const square = x * x;
  let sum: f64 = 0;
  for (let k = 15; k > 0; k -= 2) sum = 1 / <f64>k - square * sum;
  return 8 * x * sum;
}

/** P(|T| < t) for Student's T with `freedom` degrees of freedom. */
export function studentT(t: f64, freedom: i32): f64 {
  const n = <f64>freedom;
  const sine = t / sqrt<f64>(n + t * t);
  const squaredCosine = n / (n + t * t);
  const odd = freedom & 1;
  let term: f64 = 1;
  let sum: f64 = freedom == 1 ? 0 : 1;
  for (let k = 2 + odd; k <= freedom - 2; k += 2) {
    term *= squaredCosine * (<f64>(k - 1) / <f64>k);
    sum += term;
  }
  if (!odd) return sine * sum;
  return (atan(t / sqrt<f64>(n)) + sine * sqrt<f64>(squaredCosine) * sum) * (2 / Math.PI);
}

/**
 * Writes points, slope, intercept, standard error of the slope, r squared, confidence (0 .. 1) to the
 * scratch area. NaN for what the points do not tell: a slope needs two of different x, the rest three.
 * Cost: three passes over the points.
 */
export function trendFit(trend: usize): void {
  const n = view(trend).length;
  out(0, n);
  for (let i = 1; i < 6; i++) out(i, NaN);
  if (n < 2) return;
  // Measured from the first point, so that equal values differ by exactly 0 and large ones keep their digits.
  const x0 = x(trend, 0);
  const y0 = y(trend, 0);
  let meanX: f64 = 0;
  let meanY: f64 = 0;
  for (let i = 0; i < n; i++) {
    meanX += x(trend, i) - x0;
    meanY += y(trend, i) - y0;
  }
  meanX /= <f64>n;
  meanY /= <f64>n;
  let xx: f64 = 0;
  let xy: f64 = 0;
  let yy: f64 = 0;
  for (let i = 0; i < n; i++) {
    const dx = x(trend, i) - x0 - meanX;
    const dy = y(trend, i) - y0 - meanY;
    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  if (xx == 0) return;
  const slope = xy / xx;
  out(1, slope);
  out(2, y0 + meanY - slope * (x0 + meanX));
  if (n < 3) return;
  let residual: f64 = 0;
  for (let i = 0; i < n; i++) {
    const d = y(trend, i) - y0 - meanY - slope * (x(trend, i) - x0 - meanX);
    residual += d * d;
  }
  const error = sqrt<f64>(residual / <f64>(n - 2) / xx);
  out(3, error);
  out(4, yy == 0 ? 0 : max(0, 1 - residual / yy));
  if (slope == 0) out(5, 0);
  else out(5, error == 0 ? 1 : studentT(abs<f64>(slope) / error, n - 2));
}
