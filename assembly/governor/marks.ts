// watermark: working set, heap and external memory relative to their limits.
// It looks every second while all is well and every 25 ms near a mark, looks a
// little ahead along the rate of change, and acts at most every 200 ms, counted from
// the last major collection of ours, whoever asked for it. What
// frees less than 5 % of what is in use doubles that wait, up to 10 s. It waits as
// long as its last pause took, so half of the time is its own at most. Below the
// critical mark it has a budget of time (guard.ts), and asks every 200 ms.

const HIGH: f64 = 0.7;
const LOW: f64 = 0.6;
/** From here on no budget holds it back. */
const CRITICAL: f64 = 0.9;
/** From here on it looks often. */
const NEAR: f64 = 0.5;
const FAR_MS: f64 = 1000;
export const NEAR_MS: f64 = 25;
/** Where all is well, a reading is good for so long. */
const FRESH_MS: f64 = 500;
/** Of a limit in FAR_MS: less is no rise. */
const RISES: f64 = 0.01;
/** The rate of change is followed this far. */
const AHEAD_MS: f64 = 100;
const COOLDOWN_MS: f64 = 200;
const MAX_WAIT_MS: f64 = 10000;
const MIN_FREED_RATIO: f64 = 0.05;

let ratio: f64 = NaN;
let rate: f64 = 0;
let lookedAt: f64 = -1;
let readAt: f64 = -Infinity;
let waitMs: f64 = COOLDOWN_MS;
let notBefore: f64 = 0;
let collectedAt: f64 = -Infinity;
let refusedAt: f64 = -Infinity;
let above: bool = false;
let crossings: f64 = 0;

@inline
function larger(a: f64, b: f64): f64 {
  return b == b && !(a >= b) ? b : a;
}

/** In use over its limit, each NaN where one of the two is not known. */
export function marksSample(now: f64, workingSet: f64, heap: f64, external: f64): void {
  const was = ratio;
  readAt = now;
  ratio = larger(larger(workingSet, heap), external);
  if (ratio != ratio) return;
  if (lookedAt >= 0 && now > lookedAt && was == was) {
    const seen = (ratio - was) / (now - lookedAt);
    rate += (seen - rate) * 0.5;
  }
  lookedAt = now;
  if (ratio < LOW) {
    if (above) waitMs = COOLDOWN_MS;
    above = false;
  } else if (!above && ratio >= HIGH) {
    above = true;
    crossings += 1;
  }
}

/** Where it will be in a moment. */
@inline
function ahead(): f64 {
  return ratio + max(0, rate) * AHEAD_MS;
}

/** Whether the limit itself is near. */
export function marksCritical(): bool {
  return ahead() >= CRITICAL;
}
/** Whether memory is, or soon will be, so near its limit that it is looked at often. */
export function marksHurry(): bool {
  return ahead() >= NEAR;
}
/** Whether memory has to be read at this look. */
export function marksStale(now: f64): bool {
  return marksHurry() || now - readAt >= FRESH_MS;
}

/** ms until the next look; 0: act now; Infinity: nothing can be read. */
export function marksWait(now: f64): f64 {
  if (ratio != ratio) return Infinity;
  if (ahead() < NEAR) return FAR_MS;
  if (ahead() < HIGH && !(above && ratio >= LOW)) return NEAR_MS;
  const from = marksCritical() ? notBefore : max(notBefore, refusedAt + COOLDOWN_MS);
  return now >= from ? 0 : min(NEAR_MS, from - now);
}

/** The guard refused it. */
export function marksRefused(now: f64): void {
  refusedAt = now;
}

/** Whether the mark would be passed before the monitor looks again. */
export function marksRising(): bool {
  const rise = rate * FAR_MS;
  return rise >= RISES && ratio + rise >= HIGH;
}

/** Whether `early` has its band: near the mark, and not yet at it. */
export function marksNear(): bool {
  return !above && ratio >= NEAR && ahead() < HIGH;
}

/** It acted. `freedRatio`: freed bytes over what was in use; NaN counts as little. */
export function marksDone(now: f64, pauseMs: f64, freedRatio: f64): void {
  waitMs = freedRatio >= MIN_FREED_RATIO ? COOLDOWN_MS : min(MAX_WAIT_MS, waitMs * 2);
  notBefore = now + max(waitMs, pauseMs);
  rate = 0;
}

/** Somebody's major collection ended at `at`: the next one waits from then on, whoever it was. */
export function marksCollected(at: f64): void {
  notBefore = max(notBefore, at + waitMs);
  collectedAt = at;
}
/** ms until any policy may collect again. */
export function restWait(now: f64): f64 {
  return max(0, collectedAt + COOLDOWN_MS - now);
}

/** Memory is near its limit: no time for experiments. */
export function underPressure(): bool {
  return above || ratio >= HIGH;
}
export function marksRatio(): f64 {
  return ratio;
}
export function marksCrossings(): f64 {
  return crossings;
}
export function marksWaitMs(): f64 {
  return waitMs;
}
