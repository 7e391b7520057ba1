// What a forced major collection costs in all, in its pauses: V8 throws compiled
// code away with it, and has to run slowly and compile again. Measured as the CPU
// time of the requests in the three seconds from its start, beyond what as many
// requests took before. Noise goes both ways and averages out.
//
// Two estimates of it. The budget of counted collections (collect.ts) starts from
// 50 pauses and goes back towards them where there was no calm stretch to compare
// with: nothing was ever gained by those. The guard of the policies believes
// nothing but measurements, and no fewer than five.

import { out } from "../memory";

/** Until this process has measured it, as in the core: on a light JSON server on Node 20 it was about that. */
const PRIOR_PAUSES: f64 = 50;
/** Bounds of what is believed: a budget must neither be let go by luck nor closed for good by it. */
const MIN_PAUSES: f64 = 5;
const MAX_PAUSES: f64 = 200;
/** One measurement is mostly noise; twenty are not. */
const WEIGHT: f64 = 0.1;
const MIN_MEASURED: f64 = 5;
/** By then code that was thrown away is compiled again: measured, a request costs what it did before after 1 to 3 s. */
const AFTER_MS: f64 = 3000;
/** A calm stretch, at least. */
const STRETCH_MS: f64 = 900;
/** A stretch with fewer requests says nothing about one. */
const MIN_REQUESTS: f64 = 100;
const USUAL_WEIGHT: f64 = 0.3;

let raw: f64 = PRIOR_PAUSES;
/** How many were measured, and their mean, the last ones weighing most. */
let measured: f64 = 0;
let mean: f64 = 0;
/** CPU time per finished request without a collection of ours, in ms. */
let usualMs: f64 = NaN;
/** A calm stretch was seen since the last measurement. */
let fresh: bool = false;
/** Of the collections that are being measured; 0: none is. */
let pauseMs: f64 = 0;
/** Where the stretch began. */
let fromAt: f64 = NaN;
let fromCpuMs: f64 = 0;
let fromFinished: f64 = 0;

function begin(now: f64, cpuMs: f64, finished: f64): void {
  fromAt = now;
  fromCpuMs = cpuMs;
  fromFinished = finished;
}

function calm(requests: f64, usedMs: f64): void {
  if (requests < MIN_REQUESTS) return;
  const perRequest = usedMs / requests;
  usualMs = fresh ? usualMs + USUAL_WEIGHT * (perRequest - usualMs) : perRequest;
  fresh = true;
}

function settle(requests: f64, usedMs: f64): void {
  let seen = PRIOR_PAUSES;
  if (fresh && requests >= MIN_REQUESTS) {
    seen = max(-MAX_PAUSES, min(MAX_PAUSES, (usedMs - requests * usualMs) / pauseMs));
    measured += 1;
    mean += max(WEIGHT, 1 / measured) * (seen - mean);
  }
  raw += WEIGHT * (seen - raw);
  pauseMs = 0;
  fresh = false;
}

/** Once a second or so: CPU time of the process in ms, and requests finished, both so far. */
export function costSample(now: f64, cpuMs: f64, finished: f64): void {
  if (fromAt != fromAt) return begin(now, cpuMs, finished);
  const collected = pauseMs > 0;
  const least = collected ? AFTER_MS : STRETCH_MS;
  if (now - fromAt < least) return;
  if (collected) settle(finished - fromFinished, cpuMs - fromCpuMs);
  else calm(finished - fromFinished, cpuMs - fromCpuMs);
  begin(now, cpuMs, finished);
}

/** A forced major took so long; the rest as it was right before it: its own time counts too. */
export function costCollected(now: f64, cpuMs: f64, finished: f64, tookMs: f64): void {
  // A second one within the same stretch: they are judged together.
  if (pauseMs == 0) {
    if (fromAt == fromAt) calm(finished - fromFinished, cpuMs - fromCpuMs);
    begin(now, cpuMs, finished);
  }
  pauseMs += tookMs;
}

/** What the budget of counted collections takes a major for, in pauses. */
export function costPauses(): f64 {
  return max(MIN_PAUSES, min(MAX_PAUSES, raw));
}

/** What the guard takes it for; NaN until enough was measured. */
export function costMeasuredPauses(): f64 {
  return measured < MIN_MEASURED ? NaN : max(1, mean);
}

/** Writes what the budget takes a major for, how many were measured, and what the guard takes one for. */
export function costStats(): void {
  out(0, costPauses());
  out(1, measured);
  out(2, costMeasuredPauses());
}
