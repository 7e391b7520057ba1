// The schedule: the two calls of a request, and the tick of the sampler. The end
// of a request and the tick answer with a mask of what is due; at a start nothing
// is, since what waits for idle goes on waiting.

import { cleanupStats, cleanupTake, cleanupTick } from "./cleanup";
import { collectStats, collectWanted, countFinished, makeDue } from "./collect";
import {
  age,
  finishedCount,
  flightCount,
  flightEnd,
  flightHighWater,
  flightStart,
  longLivedCount,
  startedCount,
  UNMATCHED,
  unmatchedCount,
  YOUNG,
} from "./flight";
import { passGates } from "./gates";
import { histogramCreate, histogramRecord } from "./histogram";
import { out } from "./memory";
import { rate10s, rate60s, ratesTick } from "./rates";
import { watermarkStats } from "./watermark";

/** A collection is pending and may run: ask `collectDecide` once the turn is over. */
const DUE_COLLECT: i32 = 1 << 28;
/** A clean-up is due. */
const DUE_CLEANUP: i32 = 1 << 29;

let latency: usize = 0;

/** The histogram of request durations, in µs; made at the first call. */
export function latencyHistogram(): i32 {
  if (latency == 0) {
    const made = histogramCreate();
    if (made < 0) return made;
    latency = made;
  }
  return <i32>latency;
}

/** A request has come. Its end brings the same time back. */
export function requestStart(now: f64): void {
  flightStart(now);
}

/** `gates`: the bits of the gates that the request passed. The mask of what is due now; 0 nearly always. */
export function requestEnd(now: f64, start: f64, gates: i32): i32 {
  const was = flightEnd(now, start);
  let due = 0;
  if (was != UNMATCHED) {
    if (was == YOUNG && latency != 0) histogramRecord(latency, (now - start) * 1000);
    countFinished(now);
    due = passGates(gates, now);
  }
  if (cleanupTake()) due |= DUE_CLEANUP;
  if (collectWanted(now)) due |= DUE_COLLECT;
  return due;
}

/** From the sampler, about once a second. The mask of what is due now. */
export function tick(now: f64): i32 {
  age(now);
  ratesTick(now, finishedCount());
  cleanupTick(now);
  let due = 0;
  if (cleanupTake()) due |= DUE_CLEANUP;
  if (collectWanted(now)) due |= DUE_COLLECT;
  return due;
}

/** A clean-up wants a major collection: due like any other, so only when idle, affordable and worth it. */
export function requestCollection(generation: i32, now: f64): void {
  makeDue(generation, now, false);
}

/**
 * Writes in flight, long-lived, most in flight, started, finished, unmatched ends, requests per second (10 s,
 * 60 s); then the statistics of collections, clean-ups and the memory mark, each from where its own says.
 */
export function scheduleStats(now: f64): void {
  out(0, <f64>flightCount());
  out(1, <f64>longLivedCount());
  out(2, <f64>flightHighWater());
  out(3, startedCount());
  out(4, finishedCount());
  out(5, unmatchedCount());
  out(6, rate10s());
  out(7, rate60s());
  collectStats(now);
  cleanupStats();
  watermarkStats();
}
