// quiet: a major collection in a silence. It waits until nothing has come for
// max(50 ms, 10 mean gaps), which steady traffic hardly ever grants, and acts
// where the old generation has grown by 1.3 since the last major. A silence
// gives one opportunity. Figures: measured on on/off traffic; 1.15 gained
// nothing more and took more CPU time.
//
// Silences are looked for closely where they have been coming and the old
// generation may soon have grown so far; else every 1 to 1.5 s. One that is found
// late is used where silences are known to last long enough.

import { grownBytes, grownRatio, growthOf, mayGrowTo } from "./growth";
import { lastActive, meanGap, residualSilence, silenceCalled } from "./traffic";

const MIN_SILENCE_MS: f64 = 50;
const GAPS: f64 = 10;
const GROWTH: f64 = 1.3;
/** Below this there is little to gain: a heap this small collects in a few ms by itself. */
const MIN_GROWN_BYTES: f64 = 4194304;
const FAR_MS: f64 = 1000;
const GOLDEN: f64 = 0.6180339887498949;
/** Where none was found for so long, none is expected. */
const EXPECTED_MS: f64 = 10000;
/** One that is found later than this may be near its end: so much must be left of it, as long as others lasted. */
const LATE_MS: f64 = 50;
const LEFT_MS: f64 = 100;

/** The silence that was used, by the activity it followed. */
let spent: f64 = -1;
/** When one was found last; at first, when it began to look. */
let foundAt: f64 = -1;
let nextFarLook: f64 = -1;
/** 0 .. 1, spread evenly. */
let turn: f64 = 0;

/** How long nothing must have come. */
export function quietSilence(): f64 {
  return max(MIN_SILENCE_MS, GAPS * meanGap());
}
/** ms until this silence is long enough; 0: it is; -1: it was used already. */
export function quietWait(now: f64): f64 {
  if (lastActive() == spent) return -1;
  return max(0, lastActive() + quietSilence() - now);
}
/** Whether it looks closely. */
export function quietWatches(now: f64): bool {
  return now - foundAt < EXPECTED_MS && mayGrowTo(max(growthOf(GROWTH), MIN_GROWN_BYTES));
}
/** ms until the next look; 0: the silence is long enough; Infinity: none before the next request. */
export function quietNext(now: f64, idle: bool): f64 {
  if (foundAt < 0) foundAt = now;
  const left = quietWait(now);
  if (left == 0 && idle) return 0;
  // Used, or too few requests to tell.
  if (idle && (left < 0 || left == Infinity)) return Infinity;
  if (quietWatches(now)) return idle ? max(1, left) : min(FAR_MS, quietSilence());
  if (now < nextFarLook) return max(1, nextFarLook - now);
  // Traffic that keeps time, looked at in time with it, would show the same moment each time.
  turn += GOLDEN;
  turn -= floor(turn);
  nextFarLook = now + FAR_MS * (1 + turn * 0.5);
  // What may be a silence is waited for: else none would be found any more.
  return idle ? max(1, left) : nextFarLook - now;
}
/** ms until it looks where it does not look closely. */
export function quietFarWait(now: f64): f64 {
  return nextFarLook - now;
}
/** A silence is long enough, and has been for so long; whether there may be time enough left. */
export function quietFound(now: f64): bool {
  foundAt = now;
  const late = quietLate(now);
  silenceCalled(now, late);
  return late < LATE_MS || residualSilence() - late >= LEFT_MS;
}
/** For how long this silence has been long enough. */
export function quietLate(now: f64): f64 {
  return max(0, now - lastActive() - quietSilence());
}
/** Whether the old generation has grown enough; false where it cannot be read. */
export function quietWanted(): bool {
  return grownRatio() >= GROWTH && grownBytes() >= MIN_GROWN_BYTES;
}
export function quietSpend(): void {
  spent = lastActive();
}
