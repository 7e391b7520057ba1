// Break-even: whether a pool saves time. Its owner samples what making an object
// costs and what resetting one costs; a window is 8 samples of the first. Where
// the two lie close together, its owner is asked for the figures of code that the
// engine has optimised (NEEDED), since a single sample of a few ns says little.
//
// A pool that loses in 3 windows running is bypassed. After a rest it is on
// probation, and back at work after 3 windows won; one that is not won sends it
// back for twice the rest. Lost and won lie apart (LOSS, GAIN), so it never flaps.
//
// Measuring is work, too: each further window that is not lost makes samples half as
// frequent, but for the first, which may have timed code that was not optimised yet.
//
//   +0   i32 mode       POOLING, BYPASS or PROBATION
//   +4   i32 streak     windows running that speak against the mode
//   +8   i32 samples    of `made` in this window
//   +16  f64 rest       ms to sit out in the next bypass
//   +24  f64 made       ns, of the last window
//   +32  f64 reset
//   +40  f64 pooled     ns, of the last decision
//   +48  i32 period     of the samples that are due one in so many is taken
//   +52  i32 held       whether the last window was not lost
//   +56  f64 madeSamples[8], resetSamples[8]

import { alloc, out, release } from "../memory";
import { OUT_OF_MEMORY } from "../status";

const HEADER: i32 = 56;
const BYTES: i32 = HEADER + 16 * 8;
const WINDOW: i32 = 8;
/** Samples of a window that are left out: the largest, where something else came in between. */
const OUTLIERS: i32 = 2;
const STREAK: i32 = 3;
const LOSS: f64 = 1.25;
const GAIN: f64 = 0.8;
/** Farther apart than this, ns, samples decide by themselves. */
const CLEAR_NS: f64 = 2000;
const FIRST_REST_MS: f64 = 1000;
const LONGEST_REST_MS: f64 = 512000;
/** One lease in so many is due for a sample; on probation, where the pool may well lose, one in so many. */
const SAMPLED: i32 = 128;
const SAMPLED_ON_PROBATION: i32 = 8;
const LONGEST_PERIOD: i32 = 256;

const POOLING: i32 = 0;
const BYPASS: i32 = 1;
const PROBATION: i32 = 2;

/** What a sample may answer: nothing new, or a window that is full: `breakEvenDecide` is waited for. */
const OPEN: i32 = 0;
const CLEAR: i32 = 1;
const NEEDED: i32 = 2;

@unmanaged
class BreakEven {
  mode: i32;
  streak: i32;
  samples: i32;
  resets: i32;
  rest: f64;
  made: f64;
  reset: f64;
  pooled: f64;
  period: i32;
  held: i32;
}

@inline
function view(at: usize): BreakEven {
  return changetype<BreakEven>(at);
}
@inline
function sampleAt(at: usize, kind: i32, index: i32): usize {
  return at + HEADER + (<usize>(kind * WINDOW + index) << 3);
}

/** A new one, pooling; its address, or OUT_OF_MEMORY. */
export function breakEvenCreate(): i32 {
  const at = alloc(BYTES);
  if (at == 0) return OUT_OF_MEMORY;
  view(at).rest = FIRST_REST_MS;
  view(at).period = 1;
  view(at).made = NaN;
  view(at).pooled = NaN;
  return <i32>at;
}

export function breakEvenDestroy(at: usize): void {
  release(at, BYTES);
}

/** The mean of the samples of one kind without the largest. */
function trimmedMean(at: usize, kind: i32, length: i32): f64 {
  // Insertion sort: at most 8.
  for (let i = 1; i < length; i++) {
    const value = load<f64>(sampleAt(at, kind, i));
    let j = i;
    for (; j > 0 && load<f64>(sampleAt(at, kind, j - 1)) > value; j--) {
      store<f64>(sampleAt(at, kind, j), load<f64>(sampleAt(at, kind, j - 1)));
    }
    store<f64>(sampleAt(at, kind, j), value);
  }
  const used = length > OUTLIERS * 2 ? length - OUTLIERS : length;
  let sum: f64 = 0;
  for (let i = 0; i < used; i++) sum += load<f64>(sampleAt(at, kind, i));
  return max(0, sum / <f64>used);
}

/** What resetting one object took. */
export function breakEvenReset(at: usize, ns: f64): void {
  const b = view(at);
  store<f64>(sampleAt(at, 1, b.resets & (WINDOW - 1)), ns);
  b.resets += 1;
}

/** What making one object took. OPEN; CLEAR where the window is full, NEEDED where it is full and leaves it open. */
export function breakEvenMade(at: usize, ns: f64): i32 {
  const b = view(at);
  store<f64>(sampleAt(at, 0, b.samples), ns);
  b.samples += 1;
  if (b.samples < WINDOW) return OPEN;
  b.samples = 0;
  b.made = trimmedMean(at, 0, WINDOW);
  if (b.resets > 0) b.reset = trimmedMean(at, 1, min(b.resets, WINDOW));
  b.resets = 0;
  return b.made - b.reset > CLEAR_NS ? CLEAR : NEEDED;
}

/** `made`: ns to make one; NaN: as sampled. `cycle`: ns that the pool itself takes for one lease. The mode from now on. */
export function breakEvenDecide(at: usize, made: f64, cycle: f64): i32 {
  const b = view(at);
  if (made == made) b.made = made;
  b.pooled = cycle + b.reset;
  if (b.mode == POOLING) {
    b.streak = b.pooled > b.made * LOSS ? b.streak + 1 : 0;
    if (b.streak >= STREAK) {
      b.mode = BYPASS;
      b.streak = 0;
    }
  } else if (b.pooled >= b.made * GAIN) {
    b.mode = BYPASS;
    b.streak = 0;
    b.rest = min(LONGEST_REST_MS, b.rest * 2);
  } else if (++b.streak >= STREAK) {
    b.mode = POOLING;
    b.streak = 0;
    b.rest = FIRST_REST_MS;
  }
  const lost = b.mode != POOLING || b.pooled > b.made;
  b.period = lost || b.held == 0 ? 1 : min(LONGEST_PERIOD, b.period * 2);
  b.held = i32(!lost);
  return b.mode;
}

/** The pool has been bypassed for so long. 1 where it is on probation from now on. */
export function breakEvenRested(at: usize, ms: f64): i32 {
  const b = view(at);
  if (b.mode != BYPASS || ms < b.rest) return 0;
  b.mode = PROBATION;
  b.streak = 0;
  b.samples = 0;
  b.resets = 0;
  return 1;
}

/**
 * Writes ns to make one, ns to reuse one (NaN each while unknown), and the mode; one lease in how many is due for a sample, and
 * of those one in how many is taken.
 */
export function breakEvenStats(at: usize): void {
  out(0, view(at).made);
  out(1, view(at).pooled);
  out(2, <f64>view(at).mode);
  out(3, view(at).mode == PROBATION ? SAMPLED_ON_PROBATION : SAMPLED);
  out(4, view(at).period);
}
