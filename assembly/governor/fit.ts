// Least squares over the points of one window: y on time, and on the load where
// that varies. Points lie by column: time, y, rate, in flight, requests, RSS.

import { studentT } from "./trend";
import { BUCKETS } from "./windows";

const COLUMNS: i32 = 6;
const points: usize = memory.data(COLUMNS * BUCKETS * 8, 8);
const residuals: usize = memory.data(BUCKETS * 8, 8);
/** 3 x 3: normal equations; then their right side, and the unit vector that gives the slope's variance. */
const matrix: usize = memory.data(3 * 5 * 8, 8);
const columns: usize = memory.data(3 * 4, 4);
const scales: usize = memory.data(3 * 8, 8);

/** The last third's rise over the one before. A curve that fills up with time constant T falls below it after 1.5 T. */
export const MIN_PERSISTENCE: f64 = 0.6;
/** Within a minute only what hardly bends at all. */
export const MIN_MINUTE_PERSISTENCE: f64 = 0.8;
/** The slope of the last points over that of all. */
export const MIN_LATE_RATIO: f64 = 0.4;

let confidence: f64 = 0;
/** Of the last regression, that its slope is no chance. */
export function fitConfidence(): f64 {
  return confidence;
}

@inline
export function setPoint(column: i32, index: i32, value: f64): void {
  store<f64>(points + (<usize>(column * BUCKETS + index) << 3), value);
}
@inline
export function point(column: i32, index: i32): f64 {
  return load<f64>(points + (<usize>(column * BUCKETS + index) << 3));
}

let persistence: f64 = 0;

/** For how many ms the last curve that was found to persist goes on at its rate, at the way it slows down; infinite where it does not. */
export function lastsMs(n: i32): f64 {
  if (persistence >= 1) return Infinity;
  // Thirds of a curve that fills up with time constant T rise each by exp(-span / 3T) of the one before.
  return (point(0, n - 1) - point(0, 0)) / (-3 * Math.log(persistence));
}

/** The mean of a column over part of the points. */
function meanOf(column: i32, from: i32, to: i32): f64 {
  let sum: f64 = 0;
  for (let i = from; i < to; i++) sum += point(column, i);
  return sum / <f64>(to - from);
}

/**
 * Whether it goes on: the last third rises as the one before did (by time, or by requests where there are
 * any), and the end as the whole. A step and a curve that fills up do not.
 */
export function persists(n: i32, slope: f64, least: f64): bool {
  if (slopeFrom(1, lateFrom(n), n) < MIN_LATE_RATIO * slope) return false;
  const third = n / 3;
  const b = third;
  const c = n - third;
  const low = meanOf(1, 0, b);
  const middle = meanOf(1, b, c);
  const high = meanOf(1, c, n);
  if (!(middle > low && high > middle)) return false;
  const ratio = (high - middle) / (middle - low);
  persistence = max<f64>(ratio / spacing(0, b, c, n), ratio / spacing(4, b, c, n));
  return persistence >= least;
}

/** Where the end of n points begins. */
export function lateFrom(n: i32): i32 {
  return n < 9 ? n >> 1 : n - n / 3;
}

/** The slope of the plain line through part of the points. */
export function slopeFrom(column: i32, from: i32, to: i32): f64 {
  const meanX = meanOf(0, from, to);
  const meanY = meanOf(column, from, to);
  let xx: f64 = 0;
  let xy: f64 = 0;
  for (let i = from; i < to; i++) {
    xx += (point(0, i) - meanX) * (point(0, i) - meanX);
    xy += (point(0, i) - meanX) * (point(column, i) - meanY);
  }
  return xy / xx;
}

/** How far the last third lies from the middle one, over how far that lies from the first; infinite where nothing passed. */
function spacing(column: i32, b: i32, c: i32, n: i32): f64 {
  const middle = meanOf(column, b, c);
  const before = middle - meanOf(column, 0, b);
  const after = meanOf(column, c, n) - middle;
  return before > 0 && after > 0 ? after / before : Infinity;
}

@inline
function cell(row: i32, column: i32): usize {
  return matrix + (<usize>(row * 5 + column) << 3);
}

/**
 * The slope over `x` (time, or requests so far) of a least-squares fit of y on x, rate and requests in flight, those that vary; its
 * confidence in `fitConfidence()`. NaN where the regressors cannot be told apart.
 */
export function regress(n: i32, x: i32): f64 {
  confidence = 0;
  let p = 0;
  for (let k = 0; k < 3; k++) {
    const c = k == 0 ? x : k + 1;
    const mean = meanOf(c, 0, n);
    let squares: f64 = 0;
    for (let i = 0; i < n; i++) squares += (point(c, i) - mean) * (point(c, i) - mean);
    const deviation = sqrt<f64>(squares / <f64>n);
    // A load that hardly varies explains nothing; with few points it would explain all.
    if (k > 0 && (deviation <= 0.05 * abs<f64>(mean) || n < 8 || p + 4 > n)) continue;
    if (deviation == 0) return NaN;
    store<i32>(columns + (<usize>p << 2), c);
    store<f64>(scales + (<usize>p << 3), deviation);
    p++;
  }
  const meanY = meanOf(1, 0, n);
  for (let r = 0; r < p; r++) {
    for (let c = 0; c < p; c++) store<f64>(cell(r, c), product(r, c, n, 0));
    store<f64>(cell(r, 3), product(r, -1, n, meanY));
    store<f64>(cell(r, 4), r == 0 ? 1 : 0);
  }
  if (!solve(p)) return NaN;
  let squares: f64 = 0;
  let lagged: f64 = 0;
  for (let i = 0; i < n; i++) {
    let residual = point(1, i) - meanY;
    for (let c = 0; c < p; c++) residual -= load<f64>(cell(c, 3)) * regressor(c, i, n);
    store<f64>(residuals + (<usize>i << 3), residual);
    squares += residual * residual;
    if (i > 0) lagged += residual * load<f64>(residuals + (<usize>(i - 1) << 3));
  }
  const freedom = n - p - 1;
  if (freedom < 1) return NaN;
  const correlation = squares == 0 ? 0 : min<f64>(0.9, max<f64>(0, lagged / squares));
  const widened = (1 + correlation) / (1 - correlation);
  const error = sqrt<f64>((squares / <f64>freedom) * load<f64>(cell(0, 4)) * widened);
  const slope = load<f64>(cell(0, 3));
  confidence = error == 0 ? 1 : studentT(abs<f64>(slope) / error, freedom);
  return slope / load<f64>(scales);
}

/** A regressor in its own deviations from its mean. */
function regressor(which: i32, index: i32, n: i32): f64 {
  const c = load<i32>(columns + (<usize>which << 2));
  return (point(c, index) - meanOf(c, 0, n)) / load<f64>(scales + (<usize>which << 3));
}

function product(a: i32, b: i32, n: i32, meanY: f64): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < n; i++) {
    const other = b < 0 ? point(1, i) - meanY : regressor(b, i, n);
    sum += regressor(a, i, n) * other;
  }
  return sum;
}

/** Gauss-Jordan over the p x p part; false where it is all but singular. Rows are well scaled: no pivoting among at most three. */
function solve(p: i32): bool {
  const whole = load<f64>(cell(0, 0));
  for (let k = 0; k < p; k++) {
    const pivot = load<f64>(cell(k, k));
    if (!(pivot > 1e-6 * whole)) return false;
    for (let c = 0; c < 5; c++) store<f64>(cell(k, c), load<f64>(cell(k, c)) / pivot);
    for (let r = 0; r < p; r++) {
      if (r == k) continue;
      const factor = load<f64>(cell(r, k));
      for (let c = 0; c < 5; c++) store<f64>(cell(r, c), load<f64>(cell(r, c)) - factor * load<f64>(cell(k, c)));
    }
  }
  return true;
}
