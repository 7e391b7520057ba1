// Clean-ups: by count (gates.ts), by time, by hand. One that freed less than
// `minFreedBytes` makes the next 1, 3, 7 .. 63 automatic ones sit out.

import { finishedCount } from "./flight";
import { out } from "./memory";

const MAX_BACKOFF: i32 = 64;

let intervalMs: f64 = 0;
let minFreedBytes: f64 = 1048576;
let lastAt: f64 = 0;
let finishedAtLast: f64 = 0;
let due: bool = false;
let skip: i32 = 0;
let turn: i32 = 0;
let performed: f64 = 0;
let skipped: f64 = 0;
let freed: f64 = 0;

/** `interval` 0: not by time. */
export function cleanupConfigure(interval: f64, minFreed: f64, now: f64): void {
  intervalMs = interval;
  minFreedBytes = minFreed;
  lastAt = now;
}

export function cleanupDue(): void {
  if (skip > 0) {
    skip -= 1;
    skipped += 1;
  } else {
    due = true;
  }
}

/** Due by time, where requests have finished since the last one. */
export function cleanupTick(now: f64): void {
  if (intervalMs <= 0 || now - lastAt < intervalMs) return;
  lastAt = now;
  if (finishedCount() == finishedAtLast) return;
  finishedAtLast = finishedCount();
  cleanupDue();
}

/** True once for each clean-up that is due. */
@inline
export function cleanupTake(): bool {
  if (!due) return false;
  due = false;
  return true;
}

/** A clean-up has run. `freedBytes` NaN: the runtime cannot tell, so it is not judged. */
export function cleanupDone(now: f64, freedBytes: f64): void {
  lastAt = now;
  finishedAtLast = finishedCount();
  performed += 1;
  if (freedBytes != freedBytes) return;
  freed += freedBytes;
  if (freedBytes < minFreedBytes) {
    turn = min(MAX_BACKOFF, max(2, turn * 2));
    skip = turn - 1;
  } else {
    turn = 0;
    skip = 0;
  }
}

/** Writes from 36 on: performed, skipped, freed bytes, and how many automatic ones will still sit out. */
export function cleanupStats(): void {
  out(36, performed);
  out(37, skipped);
  out(38, freed);
  out(39, <f64>skip);
}
