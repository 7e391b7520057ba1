// Survivors: which routes leave most on the heap. A sample is what one request
// that ran alone left behind: bytes in use after a collection behind it,
// less those after one before it. What a look itself leaves is in every sample:
// the route that leaves least shows how much. Where a heap drifts, a look also
// frees what came before it: there a sample may be below zero, and the middle of
// many tells what the low end tells elsewhere.
//
//   +0  f64 nextAt      no look before
//   +8  i32 minSamples  a route needs so many to be judged
//   +12 i32 drifts
//   +16 Route[ROUTES]
//
//   Route: +0 f64 requests, +8 i32 samples, +16 f64 kept[MAX_SAMPLES], bytes

import { alloc, out, release } from "../memory";
import { NONE, OUT_OF_MEMORY } from "../status";

const ROUTES: i32 = 64;
/** Those named. */
const MOST: i32 = 10;
/** A route gets no more than that many. */
const MAX_SAMPLES: i32 = 31;
/** Less cannot be told from what a look itself leaves. */
const MIN_KEPT_BYTES: f64 = 256;
/** Of what a look itself leaves, and a request's own objects: some routes' are larger than others'. */
const MIN_KEPT_RATIO: f64 = 0.05;
/** Of each search: how probable it may be that a route is named by chance. */
const MAX_CHANCE: f64 = 0.02;
/** Where a heap drifts, two middles must lie so many standard errors apart, and half a one more for each doubling of the routes that chance has to choose from. */
const MIN_ERRORS: f64 = 3;
/** The standard error of a middle, in quartile distances over the root of the samples, were they normal. */
const ERROR_RATIO: f64 = 0.93;
/** Between two looks so many times what one took: 5 % of the time, for ten minutes an hour at most. */
const PAUSE_RATIO: f64 = 19;

const HEADER: i32 = 16;
const ROUTE_BYTES: i32 = 16 + 8 * MAX_SAMPLES;
const BYTES: i32 = HEADER + ROUTES * ROUTE_BYTES;

@unmanaged
class Route {
  requests: f64;
  samples: i32;
}

@inline
function route(table: usize, index: i32): Route {
  return changetype<Route>(table + HEADER + <usize>index * ROUTE_BYTES);
}
@inline
function sampleAt(table: usize, index: i32, sample: i32): usize {
  return changetype<usize>(route(table, index)) + 16 + (<usize>sample << 3);
}

/** A new table without routes; its address, or OUT_OF_MEMORY. */
export function survivorsCreate(minSamples: i32, drifts: i32): i32 {
  const table = alloc(BYTES);
  if (table == 0) return OUT_OF_MEMORY;
  store<f64>(table, -Infinity);
  store<i32>(table, minSamples, 8);
  store<i32>(table, drifts, 12);
  return <i32>table;
}

export function survivorsDestroy(table: usize): void {
  release(table, BYTES);
}

/** 1 where a look at the heap is within its share of the time. */
export function survivorsDue(table: usize, now: f64): i32 {
  return now >= load<f64>(table) ? 1 : 0;
}
/** A look at the heap is over. */
export function survivorsLooked(table: usize, beganAt: f64, now: f64): void {
  store<f64>(table, max(load<f64>(table), now) + (now - beganAt) * PAUSE_RATIO);
}

/** A request of a route begins. 1 where a sample of it is still of use. */
export function survivorsBegin(table: usize, index: i32): i32 {
  if (<u32>index >= <u32>ROUTES) return 0;
  route(table, index).requests += 1;
  return route(table, index).samples < MAX_SAMPLES ? 1 : 0;
}

/** One request left so many bytes. Fewer than none: something old was freed meanwhile; unless that is usual, it tells nothing. */
export function survivorsKept(table: usize, index: i32, bytes: f64): void {
  if (<u32>index >= <u32>ROUTES || !(bytes >= 0 || (drifts(table) && bytes > -Infinity))) return;
  const r = route(table, index);
  if (r.samples >= MAX_SAMPLES) return;
  // Kept in order.
  let at = r.samples;
  for (; at > 0 && load<f64>(sampleAt(table, index, at - 1)) > bytes; at--) {
    store<f64>(sampleAt(table, index, at), load<f64>(sampleAt(table, index, at - 1)));
  }
  store<f64>(sampleAt(table, index, at), bytes);
  r.samples += 1;
}

@inline
function drifts(table: usize): bool {
  return load<i32>(table, 12) != 0;
}

/** Of a route's samples in order, that behind so many and as far from the other end: their mean. */
function between(table: usize, index: i32, behind: i32): f64 {
  const last = route(table, index).samples - 1;
  return (load<f64>(sampleAt(table, index, behind)) + load<f64>(sampleAt(table, index, last - behind))) / 2;
}

/**
 * What one request leaves, with the look: by chance much adds to a heap, so the low end tells; the middle where
 * it drifts. NaN: too few samples.
 */
function typical(table: usize, index: i32): f64 {
  const samples = route(table, index).samples;
  if (samples < load<i32>(table, 8)) return NaN;
  return drifts(table) ? between(table, index, samples >> 1) : load<f64>(sampleAt(table, index, samples >> 3));
}

/** The square of a middle's standard error, from the quartiles. */
function variance(table: usize, index: i32): f64 {
  const samples = route(table, index).samples;
  const quarter = samples >> 2;
  const low = load<f64>(sampleAt(table, index, quarter));
  const error = (ERROR_RATIO * (load<f64>(sampleAt(table, index, samples - 1 - quarter)) - low)) / Math.sqrt(samples);
  return error * error;
}

/**
 * How many routes leave something, at most 10, NONE where fewer than two can be compared. Writes what the looks
 * themselves leave, then for each, most first: index, requests, samples, bytes that one request left, bytes of all
 * of them, and their share of what all routes left.
 */
export function survivorsRank(table: usize): i32 {
  let lowest = NONE;
  let compared = 0;
  for (let i = 0; i < ROUTES; i++) {
    const bytes = typical(table, i);
    if (bytes != bytes) continue;
    compared += 1;
    if (lowest == NONE || bytes < typical(table, lowest)) lowest = i;
  }
  if (compared < 2) return NONE;
  const least = typical(table, lowest);
  out(0, least);
  const others: f64 = compared - 1;
  let all: f64 = 0;
  for (let i = 0; i < ROUTES; i++) all += left(table, i, lowest, others);
  let ranked = 0;
  let above: f64 = Infinity;
  let from = 0;
  while (ranked < MOST) {
    // The next one below, or the next of equal ones.
    let best = NONE;
    for (let i = 0; i < ROUTES; i++) {
      const bytes = left(table, i, lowest, others);
      if (bytes <= 0 || bytes > above || (bytes == above && i < from)) continue;
      if (best == NONE || bytes > left(table, best, lowest, others)) best = i;
    }
    if (best == NONE) break;
    above = left(table, best, lowest, others);
    from = best + 1;
    const at = 1 + ranked * 6;
    out(at, best);
    out(at + 1, route(table, best).requests);
    out(at + 2, route(table, best).samples);
    out(at + 3, typical(table, best) - least);
    out(at + 4, above);
    out(at + 5, above / all);
    ranked += 1;
  }
  return ranked;
}

/** What all requests of a route left beyond the lowest one's; 0 where that cannot be told from looks and chance. */
function left(table: usize, index: i32, lowest: i32, others: f64): f64 {
  const least = typical(table, lowest);
  const kept = typical(table, index) - least;
  const errors = MIN_ERRORS + Math.log2(others + 1) / 2;
  const chance = drifts(table) ? errors * Math.sqrt(variance(table, index) + variance(table, lowest)) : least * MIN_KEPT_RATIO;
  if (!(kept >= max(MIN_KEPT_BYTES, chance))) return 0;
  return drifts(table) || outranks(table, index, lowest, least + kept / 2, MAX_CHANCE / others) ? kept * route(table, index).requests : 0;
}

/** A route's samples below so many bytes. */
function below(table: usize, index: i32, bytes: f64): i32 {
  const samples = route(table, index).samples;
  let count = 0;
  while (count < samples && load<f64>(sampleAt(table, index, count)) < bytes) count++;
  return count;
}

/**
 * Whether fewer of a route's samples than of the lowest one's lie below what is halfway between the two, and not by
 * chance: by Fisher's exact test. Or none of them, and all of those: where a sample is exact, three tell.
 */
function outranks(table: usize, index: i32, lowest: i32, halfway: f64, chance: f64): bool {
  const n = route(table, index).samples;
  const m = route(table, lowest).samples;
  const low = below(table, index, halfway);
  const all = low + below(table, lowest, halfway);
  if (low == 0 && all == m) return true;
  // Of the ways to choose those below out of all, the ones that take none of the route's, or one more, and so on.
  let ways: f64 = 1;
  for (let i = 0; i < all; i++) ways *= max(0, <f64>(m - i)) / <f64>(n + m - i);
  let probability = ways;
  for (let taken = 0; taken < low; taken++) {
    ways *= (<f64>(n - taken) * <f64>(all - taken)) / (<f64>(taken + 1) * <f64>(m - all + taken + 1));
    probability += ways;
  }
  return probability <= chance;
}
