// A block of the experiment: what requests took in it, from two copies of the
// core's histogram of durations (in µs), the CPU time and the bytes in use.
//
//   copy     the histogram now, put there by the caller before begin and end
//   begun    the histogram when the block began

import { BUCKETS, BYTES, HEADER, middle } from "../histogram";
import { alloc, out } from "../memory";
import { OUT_OF_MEMORY } from "../status";

/** A block goes on, has had its time, or was closed: memory has come near its limit. */
const GOES_ON: i32 = 0;
const OVER: i32 = 1;
const PRESSED: i32 = 2;

let copy: usize = 0;
let begun: usize = 0;

let beganAt: f64 = 0;
let endsAt: f64 = 0;
let pressed: bool = false;
let cpuAt: f64 = 0;
let readAt: f64 = NaN;
let bytes: f64 = 0;
let integral: f64 = 0;
let integratedMs: f64 = 0;
let chargedMs: f64 = 0;
let chargedOver: f64 = 0;
let chargedStallUs: f64 = 0;

/** Where copies go: BYTES bytes; OUT_OF_MEMORY where there is no room. */
export function blockCopyAddress(): i32 {
  if (copy == 0) {
    const first = alloc(BYTES);
    const second = alloc(BYTES);
    if (first == 0 || second == 0) return OUT_OF_MEMORY;
    copy = first;
    begun = second;
  }
  return <i32>copy;
}

@inline
function added(index: i32): f64 {
  const at = <usize>HEADER + (<usize>index << 3);
  return load<f64>(copy + at) - load<f64>(begun + at);
}
@inline
function requests(): f64 {
  return load<f64>(copy) - load<f64>(begun);
}

/** `endsMs`: when it has had its time, Infinity: whoever began it says. */
export function blockBegin(now: f64, cpuMs: f64, endsMs: f64): void {
  memory.copy(begun, copy, BYTES);
  beganAt = now;
  endsAt = endsMs;
  pressed = false;
  cpuAt = cpuMs;
  readAt = NaN;
  integral = 0;
  integratedMs = 0;
  chargedMs = 0;
  chargedOver = 0;
  chargedStallUs = 0;
}

/** Memory is near its limit: a block at work ends, however short that lasts. */
export function blockPressed(): void {
  pressed = true;
}

/** Whether the block goes on, is over, or was closed by pressure. */
export function blockState(now: f64): i32 {
  if (pressed) return PRESSED;
  return now >= endsAt ? OVER : GOES_ON;
}

/** Bytes in use; each reading counts until the next. NaN is left out. */
export function blockMemory(now: f64, inUse: f64): void {
  if (inUse != inUse) return;
  if (readAt == readAt) {
    integral += bytes * (now - readAt);
    integratedMs += now - readAt;
  }
  readAt = now;
  bytes = inUse;
}

/**
 * `waiting` requests came during a pause of ours. No handler sees how long each waited in the kernel: they are
 * charged as if they had come evenly spread over the pause, on top of what a request usually takes.
 */
export function blockCharge(pauseMs: f64, waiting: f64, usualUs: f64, thresholdUs: f64, capUs: f64): void {
  const share = (pauseMs * 1000) / (waiting + 1);
  for (let i: f64 = 1; i <= waiting; i++) {
    const waitUs = share * i;
    chargedMs += waitUs / 1000;
    const over = waitUs + usualUs - thresholdUs;
    if (over <= 0) continue;
    chargedOver += 1;
    chargedStallUs += min(capUs, over);
  }
}

/**
 * Writes the block's length in ms, its requests, the share of them above `thresholdUs`, ms above it per 1,000
 * requests (each held to `capUs`), CPU time in ms per request, mean bytes in use, and ms charged for our pauses.
 */
export function blockEnd(now: f64, cpuMs: f64, thresholdUs: f64, capUs: f64): void {
  let over = chargedOver;
  let stallUs = chargedStallUs;
  for (let i = BUCKETS - 1; i >= 0; i--) {
    const above = middle(i) - thresholdUs;
    if (above <= 0) break;
    const count = added(i);
    over += count;
    stallUs += count * min(capUs, above);
  }
  const n = requests();
  out(0, now - beganAt);
  out(1, n);
  out(2, n > 0 ? min(1, over / n) : NaN);
  out(3, n > 0 ? stallUs / n : NaN);
  out(4, n > 0 ? (cpuMs - cpuAt) / n : NaN);
  out(5, integratedMs > 0 ? integral / integratedMs : NaN);
  out(6, chargedMs);
}

/** A quantile of the durations since the block began, in µs; NaN where none finished. */
export function blockQuantile(quantile: f64): f64 {
  const n = requests();
  if (n <= 0) return NaN;
  const rank = max(1, ceil<f64>(quantile * n));
  let seen: f64 = 0;
  for (let i = 0; i < BUCKETS; i++) {
    seen += added(i);
    if (seen >= rank) return middle(i);
  }
  return NaN;
}
