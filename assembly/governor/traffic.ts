// What arrives, seen by samples: the mean gap between requests, and how long the
// silences last that a policy waits for.

const TAU_MS: f64 = 10000;
const WEIGHT: f64 = 0.2;
/** Fewer say nothing about gaps. */
const MIN_ARRIVALS: f64 = 20;
/** Of random arrivals one gap in twenty is longer: leaving out what is beyond makes the mean 6 % too small. */
const MAX_GAPS: f64 = 3;

let sampledAt: f64 = -1;
let started: f64 = 0;
let perMs: f64 = 0;
/** What `perMs` has taken in, 0 .. 1: it began at nothing. */
let filled: f64 = 0;
let inFlight: i32 = 0;
let activeAt: f64 = 0;
/** When the last silence was long enough to act in, 0: none was; and how much later that was seen. */
let calledAt: f64 = 0;
let calledLate: f64 = 0;
/** How much longer silences last than what a policy waits for; NaN while none has ended. */
let residualMs: f64 = NaN;

function count(arrived: f64, dt: f64): void {
  if (!(dt > 0)) return;
  // A step of the exponential's first order: samples are far closer than TAU_MS, and a long one saturates.
  const weight = dt / (dt + TAU_MS);
  perMs += (arrived / dt - perMs) * weight;
  filled += (1 - filled) * weight;
}

/** Nothing came until now. Only MAX_GAPS of it count as gap: silences of on/off traffic are none. */
function idle(now: f64): void {
  count(0, min(now, activeAt + MAX_GAPS * meanGap()) - sampledAt);
}

/** `startedTotal`: requests so far; `lastActivity`: when the last one started or ended. */
export function trafficSample(now: f64, startedTotal: f64, open: i32, lastActivity: f64): void {
  const arrived = startedTotal - started;
  if (sampledAt >= 0) {
    if (arrived > 0) count(arrived, now - sampledAt);
    else idle(now);
  }
  sampledAt = now;
  started = startedTotal;
  inFlight = open;
  activeAt = lastActivity;
}

/** The first request after a silence starts now. */
export function trafficResumed(now: f64): void {
  if (calledAt > 0) measured(now - calledAt);
  if (sampledAt >= 0) idle(now);
  sampledAt = now;
}

/** A silence lasted so much longer than what a policy waits for. */
function measured(lasted: f64): void {
  residualMs = residualMs == residualMs ? residualMs + (lasted - residualMs) * WEIGHT : lasted;
  calledAt = 0;
}

/** The silence became long enough `late` ms ago: it is measured how long it lasts from there. */
export function silenceCalled(now: f64, late: f64): void {
  if (calledAt > 0) return;
  calledAt = now - late;
  calledLate = late;
}

/** A pause of ours in a silence, and the requests that were waiting when it ended: then the silence ended inside it. */
export function silencePaused(pauseMs: f64, waiting: f64): void {
  if (calledAt > 0 && waiting > 0) measured(calledLate + pauseMs * 0.5);
}

/** How much longer a silence is expected to last once it was long enough; NaN: not known yet. */
export function residualSilence(): f64 {
  return residualMs;
}

@inline
export function open(): i32 {
  return inFlight;
}
@inline
export function startedTotal(): f64 {
  return started;
}
@inline
export function lastActive(): f64 {
  return activeAt;
}
/** The mean gap between arrivals over about ten seconds, silences left out; Infinity while too few came. */
export function meanGap(): f64 {
  return started >= MIN_ARRIVALS && perMs > 0 ? filled / perMs : Infinity;
}
