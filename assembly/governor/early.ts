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

function may(now: f64): bool {
  return marksNear() && lastActive() != spent && now >= notBefore;
}
/** Whether this is an opportunity. */
export function earlyFound(now: f64): bool {
  return may(now) && restWait(now) == 0 && !(grownRatio() < GROWTH);
}
/** Whether it could be one, so that the old generation has to be read. */
export function earlyAsks(now: f64): bool {
  return may(now) && mayGrowTo(growthOf(GROWTH));
}
/** The opportunity is taken, whatever comes of it. */
export function earlySpend(now: f64): void {
  spent = lastActive();
  notBefore = now + WAIT_MS;
}
