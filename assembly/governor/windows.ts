// Windows over time, each of BUCKETS buckets: one minute, two, ten and forty, eight
// hours, four days. A bucket keeps the lowest floor that fell into it (what
// requests in flight hold is noise to one side), the lowest "rest" (RSS less heap
// and external memory), and the mean load.
//
//   +0  f64 number     of the bucket, counted from the clock's zero; -1: empty
//   +8  f64 time       of the heap's floor
//   +16 f64 heap       NaN: no floor in this bucket
//   +24 f64 external
//   +32 f64 rest
//   +40 f64 rate       requests per second, summed over samples
//   +48 f64 in flight  summed over samples
//   +56 f64 samples
//   +64 f64 requests   finished so far
//   +72 f64 rss        lowest

export const HEAP: i32 = 0;
const EXTERNAL: i32 = 1;
export const REST: i32 = 2;
export const KINDS: i32 = 3;

export const MB: f64 = 1048576;
export const WINDOWS: i32 = 6;
export const BUCKETS: i32 = 24;
const SIZE: i32 = 80;

const buckets: usize = memory.data(WINDOWS * BUCKETS * SIZE, 8);

/** The windows that are judged apart: of one minute, of two minutes, of eight hours. */
export const MINUTE: i32 = 0;
export const TWO_MINUTES: i32 = 1;
export const HOURS: i32 = 4;

/** One minute, two, ten and forty, eight hours, four days. */
export function bucketMs(window: i32): f64 {
  if (window == MINUTE) return 2500;
  if (window == TWO_MINUTES) return 5000;
  if (window == 2) return 25000;
  if (window == 3) return 100000;
  return window == HOURS ? 1200000 : 14400000;
}

@inline
export function bucketAt(window: i32, number: f64): usize {
  const slot = <i32>(number - floor<f64>(number / BUCKETS) * BUCKETS);
  return buckets + <usize>((window * BUCKETS + slot) * SIZE);
}

export function openBucket(window: i32, now: f64): usize {
  const number = floor<f64>(now / bucketMs(window));
  const at = bucketAt(window, number);
  if (load<f64>(at) != number) {
    store<f64>(at, number);
    for (let i: usize = 8; i < 40; i += 8) store<f64>(at + i, NaN);
    for (let i: usize = 40; i < 72; i += 8) store<f64>(at + i, 0);
    store<f64>(at, NaN, 72);
  }
  return at;
}

@inline
export function keepLowest(at: usize, value: f64): bool {
  const old = load<f64>(at);
  if (!(value - value == 0) || value >= old) return false;
  store<f64>(at, value);
  return true;
}

export function resetBuckets(): void {
  memory.fill(buckets, 0, WINDOWS * BUCKETS * SIZE);
  for (let i = 0; i < WINDOWS * BUCKETS; i++) store<f64>(buckets + <usize>(i * SIZE), -1);
}
