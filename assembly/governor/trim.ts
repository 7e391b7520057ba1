// trim: after traffic stops, memory goes back in two steps: 1 s after the last
// request what pools and caches do not need and a last-resort collection, 10 s
// after it all that is idle. Each stop gives each step once.

import { lastActive } from "./traffic";

const FIRST_MS: f64 = 1000;
const SECOND_MS: f64 = 10000;

let stop: f64 = -1;
let steps: i32 = 0;

/** ms until the next step; 0: now; -1: both are done, or there was no traffic. */
export function trimWait(now: f64): f64 {
  if (lastActive() <= 0) return -1;
  if (lastActive() != stop) {
    stop = lastActive();
    steps = 0;
  }
  if (steps >= 2) return -1;
  return max(0, stop + (steps == 0 ? FIRST_MS : SECOND_MS) - now);
}
/** The step that is next: 1 or 2. Taken. */
export function trimStep(): i32 {
  steps += 1;
  return steps;
}
