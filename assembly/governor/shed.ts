// Load shedding: who is let in. Two reasons to turn a request away:
//
//   strain   the probability rises with it, per priority class:
//              low     0 at 1, 1 at 2        (elevated .. high)
//              normal  0 at 1.5, 1 at 3      (.. critical)
//              high    0 at 2.5, 1 at 3
//   room     a declared body is booked with WEIGHT times its size from entry to
//            leaving: what it will need does not show in any reading yet. It is
//            turned away where the bookings over the floor would pass the
//            critical mark.
//
// Without a sample of the last STALE_MS everybody is let in. Where nothing is
// in flight one request is let in every PROBE_MS, whatever the strain: without
// any work no engine collects, and the level could never fall.

import { out } from "../memory";
import { criticalBytes, ELEVATED, lastAt, level, strain, workingSet } from "./pressure";

const STALE_MS: f64 = 5000;
const PROBE_MS: f64 = 250;
/** A body as bytes, as text and as objects. */
const WEIGHT: f64 = 4;
/** The floor is the lowest working set of this span and the one before. */
const FLOOR_SPAN_MS: f64 = 5000;

export const ADMIT: i32 = 0;
export const SHED_STRAIN: i32 = 1;
export const SHED_ROOM: i32 = 2;

const CLASSES: i32 = 3;
const shed: usize = memory.data(CLASSES * 8, 8);
const admitted: usize = memory.data(CLASSES * 8, 8);
let shedForRoom: f64 = 0;
let inFlight: f64 = 0;
let booked: f64 = 0;
let probedAt: f64 = -Infinity;
let floorNow: f64 = Infinity;
let floorBefore: f64 = Infinity;
let spanFrom: f64 = NaN;

export function shedConfigure(): void {
  memory.fill(shed, 0, CLASSES * 8);
  memory.fill(admitted, 0, CLASSES * 8);
  shedForRoom = 0;
  inFlight = 0;
  booked = 0;
  probedAt = -Infinity;
  floorNow = Infinity;
  floorBefore = Infinity;
  spanFrom = NaN;
}

@inline
function count(from: usize, priority: i32): void {
  const at = from + (<usize>priority << 3);
  store<f64>(at, load<f64>(at) + 1);
}

/** The probability that a request of a class (0 low, 1 normal, 2 high) is turned away, from the last sample. */
export function shedProbability(now: f64, priority: i32): f64 {
  if (!(now - lastAt <= STALE_MS) || level < ELEVATED) return 0;
  const from = priority == 0 ? 1.0 : priority == 1 ? 1.5 : 2.5;
  const to = priority == 0 ? 2.0 : 3.0;
  return min(1, max(0, (strain - from) / (to - from)));
}

/** After each sample: follows the floor. */
export function shedFollow(now: f64): void {
  if (!(workingSet == workingSet)) return;
  if (!(now - spanFrom < FLOOR_SPAN_MS)) {
    // Longer without a sample: what was lowest before says nothing now.
    floorBefore = now - spanFrom < 2 * FLOOR_SPAN_MS ? floorNow : Infinity;
    floorNow = workingSet;
    spanFrom = now;
  }
  floorNow = min(floorNow, workingSet);
}

/** ADMIT, or why not. `bytes`: the declared body, 0 where there is none; `random`: 0 .. 1. An admitted one must leave. */
export function shedAdmit(now: f64, priority: i32, bytes: f64, random: f64): i32 {
  let verdict = ADMIT;
  if (random < shedProbability(now, priority)) {
    verdict = SHED_STRAIN;
  } else if (bytes > 0 && now - lastAt <= STALE_MS) {
    const floor = min(floorNow, floorBefore);
    const needed = max(workingSet + WEIGHT * bytes, floor + WEIGHT * (booked + bytes));
    if (needed > criticalBytes()) verdict = SHED_ROOM;
  }
  if (verdict != ADMIT) {
    if (inFlight > 0 || now - probedAt < PROBE_MS) {
      count(shed, priority);
      if (verdict == SHED_ROOM) shedForRoom += 1;
      return verdict;
    }
    probedAt = now;
  }
  count(admitted, priority);
  inFlight += 1;
  booked += bytes;
  return ADMIT;
}

/** An admitted request is over. */
export function shedLeave(bytes: f64): void {
  inFlight = max(0, inFlight - 1);
  booked = inFlight == 0 ? 0 : max(0, booked - bytes);
}

/** Writes admitted and shed by class, of those shed the ones for want of room, in flight, bytes booked, floor (NaN: unknown). */
export function shedStats(): void {
  for (let i = 0; i < CLASSES; i++) {
    out(i, load<f64>(admitted + (<usize>i << 3)));
    out(CLASSES + i, load<f64>(shed + (<usize>i << 3)));
  }
  out(6, shedForRoom);
  out(7, inFlight);
  out(8, booked);
  const floor = min(floorNow, floorBefore);
  out(9, floor < Infinity ? floor : NaN);
}
