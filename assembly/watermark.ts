// The memory mark: the one thing that may act while requests are in flight.
// Entered at `high`, left below `low` (hysteresis). While above, it acts at most
// every `cooldownMs`; each action that frees less than `MIN_FREED_RATIO` of what
// was in use doubles that wait, up to `MAX_WAIT_MS` or `cooldownMs`, whichever is longer.

import { out } from "./memory";

const MIN_FREED_RATIO: f64 = 0.05;
const MAX_WAIT_MS: f64 = 600000;

let high: f64 = 0;
let low: f64 = 0;
let cooldownMs: f64 = 0;
let waitMs: f64 = 0;
let notBefore: f64 = 0;
let above: bool = false;
let last: f64 = NaN;
let crossings: i32 = 0;
let actions: i32 = 0;
let freed: f64 = 0;

/** `highBytes` 0: no mark. */
export function watermarkConfigure(highBytes: f64, lowBytes: f64, cooldown: f64): void {
  high = highBytes;
  low = lowBytes;
  cooldownMs = cooldown;
  waitMs = cooldown;
  notBefore = 0;
  above = false;
}

/** A reading. 1: act now, and answer with `watermarkDone`. */
export function watermarkSample(now: f64, bytes: f64): i32 {
  last = bytes;
  if (high <= 0 || !(bytes == bytes)) return 0;
  if (above) {
    if (bytes < low) {
      above = false;
      waitMs = cooldownMs;
      return 0;
    }
  } else {
    if (bytes < high) return 0;
    above = true;
    crossings += 1;
  }
  if (now < notBefore) return 0;
  notBefore = now + waitMs;
  return 1;
}

/** What the action freed. NaN: the runtime cannot tell, which counts as little. */
export function watermarkDone(now: f64, freedBytes: f64): void {
  actions += 1;
  if (freedBytes >= last * MIN_FREED_RATIO) {
    waitMs = cooldownMs;
  } else {
    waitMs = min(max(MAX_WAIT_MS, cooldownMs), waitMs * 2);
  }
  if (freedBytes == freedBytes) freed += freedBytes;
  notBefore = now + waitMs;
}

/** Writes from 40 on: high, low, last reading, 1 while above, crossings, actions, freed bytes, wait in ms. */
export function watermarkStats(): void {
  out(40, high);
  out(41, low);
  out(42, last);
  out(43, above ? 1 : 0);
  out(44, <f64>crossings);
  out(45, <f64>actions);
  out(46, freed);
  out(47, waitMs);
}
