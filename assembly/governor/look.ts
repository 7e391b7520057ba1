// A look: what it needs to be told, and when the first one comes after a silence.

import { blockPressed } from "./block";
import { earlyAsks } from "./early";
import { growthSample, growthStale } from "./growth";
import { EARLY, guardFill, QUIET, TRIM, WATERMARK } from "./guard";
import { marksHurry, marksSample, marksStale, underPressure } from "./marks";
import { quietFarWait, quietWait, quietWatches } from "./quiet";
import { open, trafficSample } from "./traffic";
import { trimWait } from "./trim";

/** What a look needs to be told. */
const OLD: i32 = 1;
const MARKS: i32 = 2;
/** The first look after a silence, and those that nothing hurries. */
const SOON_MS: f64 = 50;
export const FAR_MS: f64 = 1000;

let enabled: i32 = 0;
let lookedAt: f64 = -Infinity;

/** `mask`: one bit a policy. */
export function governorConfigure(mask: i32): void {
  enabled = mask;
}

@inline
export function on(policy: i32): bool {
  return (enabled & (1 << policy)) != 0;
}

@inline
export function limits(): bool {
  return on(WATERMARK) || on(EARLY);
}

/**
 * A look begins: what came so far. Answers what else it needs, which costs more: 1 `governorSense`, 2 `governorMarks`,
 * 3 both.
 */
export function governorLook(now: f64, started: f64, inFlight: i32, lastActivity: f64): i32 {
  trafficSample(now, started, inFlight, lastActivity);
  lookedAt = now;
  return (asks(now) ? OLD : 0) | (limits() && marksStale(now) ? MARKS : 0);
}

/** Whether something may be decided by the old generation now, or its last reading is too old to go by. */
function asks(now: f64): bool {
  if (growthStale(now)) return true;
  if (open() > 0) return false;
  return (on(QUIET) && quietWait(now) == 0) || (on(TRIM) && trimWait(now) == 0) || (on(EARLY) && earlyAsks(now));
}

/** What is known now; NaN where a runtime cannot tell. */
export function governorSense(now: f64, cpuMs: f64, oldBytes: f64): void {
  growthSample(now, oldBytes);
  guardFill(now, cpuMs);
}

/** In use over its limit, of the working set, the heap and external memory. */
export function governorMarks(now: f64, workingSet: f64, heap: f64, external: f64): void {
  marksSample(now, workingSet, heap, external);
  if (underPressure()) blockPressed();
}

/** ms until the first look after a silence. */
export function governorAwake(now: f64): f64 {
  if ((limits() && marksHurry()) || (on(QUIET) && quietWatches(now))) return SOON_MS;
  const others = limits() || on(TRIM) ? lookedAt + FAR_MS - now : Infinity;
  return max(SOON_MS, on(QUIET) ? min(others, quietFarWait(now)) : others);
}
