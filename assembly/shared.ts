// Counters of several workers in one shared memory: one shard for each, written by its worker alone with
// plain stores, so that no worker ever waits for another. Whoever reads adds the shards up.
//
//   __heap_base ..        aligned to 64:
//   +0    i32 taken[MAX_SHARDS]       0 free, 1 claimed; the one thing that several threads write
//   then, for each shard, SHARD_BYTES apart, a multiple of 64 so that no two share a cache line:
//   +0    f64 counter[COUNTERS]
//   +256  histogram (histogram.ts)
//
// A shard that is given back keeps its totals: its next worker goes on from them, so sums never fall.
// A plain f64 is written by one thread and read by others: aligned, it is never torn on a 64-bit machine.

import { BYTES as HISTOGRAM_BYTES, histogramRecord } from "./histogram";

export const COUNTERS: i32 = 32;
export const MAX_SHARDS: i32 = 256;
const COUNTER_BYTES: i32 = COUNTERS * 8;
const SHARD_BYTES: i32 = (COUNTER_BYTES + HISTOGRAM_BYTES + 63) & ~63;

@inline
function base(): usize {
  return (__heap_base + 63) & ~63;
}
@inline
function takenAt(shard: i32): usize {
  return base() + (<usize>shard << 2);
}

/** Where a shard lies: its counters, and behind them its histogram. */
export function shardAddress(shard: i32): usize {
  return base() + MAX_SHARDS * 4 + <usize>shard * SHARD_BYTES;
}

/** Bytes of memory that so many shards need. */
export function bytesFor(shards: i32): i32 {
  return <i32>shardAddress(shards);
}

/** A shard for the caller alone, or -1 where all `shards` are taken. */
export function claim(shards: i32): i32 {
  for (let shard = 0; shard < shards; shard++) {
    if (atomic.cmpxchg<i32>(takenAt(shard), 0, 1) == 0) return shard;
  }
  return -1;
}

/** Gives a shard back; its totals stay. 1 where it was taken. */
export function unclaim(shard: i32): i32 {
  return atomic.cmpxchg<i32>(takenAt(shard), 1, 0);
}

export function add(shard: i32, counter: i32, amount: f64): void {
  const at = shardAddress(shard) + (<usize>counter << 3);
  store<f64>(at, load<f64>(at) + amount);
}

/** Looks at most: a look takes a few ns, and whoever counts needs far longer from one end to the next. */
const MOST_LOOKS: i32 = 10000;

@inline
function bitsOf(shard: i32, counter: i32): i64 {
  return atomic.load<i64>(shardAddress(shard) + (<usize>counter << 3));
}

/** `begun` less `ended` less `left`, three counters of a shard, at one moment, though its worker goes on counting. */
export function openIn(shard: i32, begun: i32, ended: i32, left: i32): f64 {
  let open: f64 = 0;
  let before = bitsOf(shard, ended);
  for (let look = 0; look < MOST_LOOKS; look++) {
    open = reinterpret<f64>(bitsOf(shard, begun)) - reinterpret<f64>(bitsOf(shard, left));
    const after = bitsOf(shard, ended);
    open -= reinterpret<f64>(after);
    if (after == before) break;
    before = after;
  }
  return open;
}

export function record(shard: i32, value: f64): void {
  histogramRecord(shardAddress(shard) + COUNTER_BYTES, value);
}
