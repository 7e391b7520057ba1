// Histogram: log-linear, as HdrHistogram, with the bucket read straight off the
// number. An f64 holds its exponent and mantissa side by side, so the bits above
// the fifth of the mantissa count buckets: 32 of equal width for each doubling.
// The middle of a bucket is within 1/64 of every value in it.
//
//   +0    f64 count
//   +8    f64 min
//   +16   f64 max
//   +24   f64 origin      the first value: mean and deviation are summed around it
//   +32   f64 sum         of (value - origin)
//   +40   f64 squares     of (value - origin)
//   +48   f64 clamped     values outside 1 .. 2^33 - 1, kept in the outermost bucket
//   +56   f64 rejected    NaN and infinities, not recorded
//   +64   f64 bucket[1056]
//
// The unit is the caller's; 1 .. 2^33 holds 1 microsecond to 2.4 hours.

import { alloc, count, out, release, scratch } from "./memory";
import { OUT_OF_MEMORY } from "./status";

export const HEADER: i32 = 64;
const SUB_BITS: i32 = 5;
const OCTAVES: i32 = 33;
export const BUCKETS: i32 = OCTAVES << SUB_BITS;
export const BYTES: i32 = HEADER + BUCKETS * 8;
const SHIFT: i64 = 52 - SUB_BITS;
const BIAS: i32 = 1023 << SUB_BITS;

@unmanaged
class Histogram {
  count: f64;
  min: f64;
  max: f64;
  origin: f64;
  sum: f64;
  squares: f64;
  clamped: f64;
  rejected: f64;
}

@inline
function view(histogram: usize): Histogram {
  return changetype<Histogram>(histogram);
}
@inline
function bucketAt(histogram: usize, index: i32): usize {
  return histogram + HEADER + (<usize>index << 3);
}
/** The middle of a bucket. */
export function middle(index: i32): f64 {
  const low = reinterpret<f64>((<i64>(index + BIAS)) << SHIFT);
  const high = reinterpret<f64>((<i64>(index + 1 + BIAS)) << SHIFT);
  return (low + high) * 0.5;
}

/** A new histogram; its address, or OUT_OF_MEMORY. */
export function histogramCreate(): i32 {
  const histogram = alloc(BYTES);
  return histogram == 0 ? OUT_OF_MEMORY : <i32>histogram;
}

/** Gives its memory back. Its address is not to be used again. */
export function histogramDestroy(histogram: usize): void {
  release(histogram, BYTES);
}

/** Forgets all values. */
export function histogramReset(histogram: usize): void {
  memory.fill(histogram, 0, BYTES);
}

/** One value: from 1 to 2^33 exactly in its bucket, others in the outermost; NaN and infinities are only counted. */
export function histogramRecord(histogram: usize, value: f64): void {
  const h = view(histogram);
  if (!(value - value == 0)) {
    count(histogram, offsetof<Histogram>("rejected"));
    return;
  }
  // Below 1, and below 0, the bits lie below those of 1.
  let index = <i32>(reinterpret<i64>(value) >> SHIFT) - BIAS;
  if (<u32>index >= <u32>BUCKETS) {
    count(histogram, offsetof<Histogram>("clamped"));
    index = index < 0 ? 0 : BUCKETS - 1;
  }
  const at = bucketAt(histogram, index);
  store<f64>(at, load<f64>(at) + 1);
  if (h.count == 0) {
    h.min = value;
    h.max = value;
    h.origin = value;
  } else if (value < h.min) {
    h.min = value;
  } else if (value > h.max) {
    h.max = value;
  }
  h.count += 1;
  const distance = value - h.origin;
  h.sum += distance;
  h.squares += distance * distance;
}

/**
 * Replaces the first `length` numbers of the scratch area, quantiles in ascending order (0 .. 1), by
 * their values, in one pass. A value is the middle of the bucket that holds the ceil(q * count)-th
 * smallest, held to the exact minimum and maximum; NaN while the histogram is empty.
 */
export function histogramQuantiles(histogram: usize, length: i32): void {
  const h = view(histogram);
  let index = -1;
  let seen: f64 = 0;
  for (let i = 0; i < length; i++) {
    const at = scratch + (<usize>i << 3);
    if (h.count == 0) {
      store<f64>(at, NaN);
      continue;
    }
    const q = load<f64>(at);
    const rank = max(1, ceil<f64>(q * h.count));
    while (seen < rank && index < BUCKETS - 1) seen += load<f64>(bucketAt(histogram, ++index));
    store<f64>(at, rank >= h.count ? h.max : max(h.min, min(h.max, middle(index))));
  }
}

/** Writes count, min, max, mean, standard deviation, clamped, rejected to the scratch area; NaN where there is none. */
export function histogramSummary(histogram: usize): void {
  const h = view(histogram);
  const n = h.count;
  out(0, n);
  out(1, n == 0 ? NaN : h.min);
  out(2, n == 0 ? NaN : h.max);
  const mean = h.sum / n;
  out(3, h.origin + mean);
  out(4, sqrt<f64>(max(0, h.squares / n - mean * mean)));
  out(5, h.clamped);
  out(6, h.rejected);
  if (n == 0) {
    out(3, NaN);
    out(4, NaN);
  }
}
