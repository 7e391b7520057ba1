// early: a major collection on the way to the mark of `watermark`, while there is
// still a choice: from 50 to 70 % of a limit, with no request in flight, where the
// old generation has grown by 1.3 (or cannot be told), and requests have come since
// the last time; at most once a second.

import { marksNear, restWait } from "./marks";
import { grownRatio, growthOf, mayGrowTo } from "./growth";
import { lastActive } from "./traffic";

const WAIT_MS: f64 = 1000;
const GROWTH: f64 = 1.3;

let notBefore: f64 = -1;
let spent: f64 = -1;

/** ms until the next opportunity; 0: now; Infinity: none in sight. */
export function earlyWait(now: f64): f64 {
  if (!marksNear() || lastActive() == spent || grownRatio() < GROWTH) return Infinity;
  return max(restWait(now), max(0, notBefore - now));
}
/** Whether it could come at this moment, so that the old generation has to be read. */
export function earlyAsks(now: f64): bool {
  return marksNear() && lastActive() != spent && now >= notBefore && mayGrowTo(growthOf(GROWTH));
}
/** The opportunity is taken, whatever comes of it. */
export function earlySpend(now: f64): void {
  spent = lastActive();
  notBefore = now + WAIT_MS;
}
