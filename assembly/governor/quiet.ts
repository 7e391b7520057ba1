// quiet: a major collection in a silence. It waits until nothing has come for
// max(50 ms, 10 mean gaps), which steady traffic hardly ever grants, and acts
// where the old generation has grown by 1.3 since the last major. A silence
// gives one opportunity. Figures: measured on on/off traffic; 1.15 gained
// nothing more and took more CPU time.

import { grownBytes, grownRatio } from "./growth";
import { lastActive, meanGap } from "./traffic";

const MIN_SILENCE_MS: f64 = 50;
const GAPS: f64 = 10;
const GROWTH: f64 = 1.3;
/** Below this there is little to gain: a heap this small collects in a few ms by itself. */
const MIN_GROWN_BYTES: f64 = 4194304;

/** The silence that was used, by the activity it followed. */
let spent: f64 = -1;

/** How long nothing must have come. */
export function quietSilence(): f64 {
  return max(MIN_SILENCE_MS, GAPS * meanGap());
}
/** ms until this silence is long enough; 0: it is; -1: it was used already. */
export function quietWait(now: f64): f64 {
  if (lastActive() == spent) return -1;
  return max(0, lastActive() + quietSilence() - now);
}
/** Whether the old generation has grown enough; false where it cannot be read. */
export function quietWanted(): bool {
  return grownRatio() >= GROWTH && grownBytes() >= MIN_GROWN_BYTES;
}
export function quietSpend(): void {
  spent = lastActive();
}
