// Load shedding: who is let in. Two reasons to turn a request away:
//
//   strain   the probability rises with it, per priority class:
//              low     0 at 1, 1 at 2        (elevated .. high)
//              normal  0 at 1.5, 1 at 3      (.. critical)
//              high    0 at 2.5, 1 at 3
//   room     a declared body is booked from entry to leaving: what it will need
//            does not show in any reading yet. It is turned away where the
//            bookings, times their weight, over the floor would pass eight
//            tenths of the critical mark of memory, or that of the heap.
//
// The weight is what a booked byte was seen to cost, as a body, a text, objects,
// and garbage of these: the highest memory over its floor, by the most that was
// booked in the same span (collectors come late, an allocator keeps what it got). It rises with each sample, and
// falls only as such requests end: a body that only begins to arrive costs
// nothing yet. It begins high, and opens as requests pass.
// A single body, while all is calm, needs no room: else one larger than the
// weight allows would never get in.
//
// Without a sample of the last STALE_MS everybody is let in. Where nothing is
// in flight one request is let in every PROBE_MS, whatever the strain: without
// any work no engine collects, and the level could never fall. One whose body may
// pass the limit itself, every RISKY_PROBE_MS.

import { out } from "../memory";
import { ELEVATED, NORMAL } from "./inputs";
import { criticalBytes, criticalHeapBytes, heap, lastAt, level, limit, strain, workingSet } from "./pressure";

const STALE_MS: f64 = 5000;
const PROBE_MS: f64 = 250;
/** A probe whose body may pass the limit itself. */
const RISKY_PROBE_MS: f64 = 10000;
const FIRST_WEIGHT: f64 = 32;
const MIN_WEIGHT: f64 = 2;
const MAX_WEIGHT: f64 = 64;
/** How much of the way to a heavier sight the weight goes with a sample, to a lighter one with a request that ends. */
const HEAVIER: f64 = 0.5;
const LIGHTER: f64 = 0.1;
/** With fewer bytes booked nothing is learned. */
const MIN_BOOKED: f64 = 2097152;
/** Of the critical mark of memory, what bookings may fill: with nine tenths Bun passed its limit in one burst of 25. */
const ROOM_RATIO: f64 = 0.8;
/** Floors, and the most that was booked, are those of this span and the one before. */
const SPAN_MS: f64 = 30000;

const ADMIT: i32 = 0;
const SHED_STRAIN: i32 = 1;
const SHED_ROOM: i32 = 2;

const CLASSES: i32 = 3;
const shed: usize = memory.data(CLASSES * 8, 8);
const admitted: usize = memory.data(CLASSES * 8, 8);
let shedForRoom: f64 = 0;
let inFlight: f64 = 0;
let booked: f64 = 0;
let probedAt: f64 = -Infinity;
let weight: f64 = FIRST_WEIGHT;
let seen: f64 = NaN;
let mostNow: f64 = 0;
let mostBefore: f64 = 0;
let highestNow: f64 = 0;
let highestBefore: f64 = 0;
let spanFrom: f64 = NaN;
/** Lowest memory and heap of the present span, and of the one before. */
const floors: usize = memory.data(4 * 8, 8);

export function shedConfigure(): void {
  memory.fill(shed, 0, CLASSES * 8);
  memory.fill(admitted, 0, CLASSES * 8);
  shedForRoom = 0;
  inFlight = 0;
  booked = 0;
  probedAt = -Infinity;
  for (let i = 0; i < 4; i++) setFloor(i, Infinity);
  spanFrom = NaN;
  weight = FIRST_WEIGHT;
  seen = NaN;
  mostNow = 0;
  mostBefore = 0;
  highestNow = 0;
  highestBefore = 0;
}

@inline
function floorAt(index: i32): f64 {
  return load<f64>(floors + (<usize>index << 3));
}
@inline
function setFloor(index: i32, value: f64): void {
  store<f64>(floors + (<usize>index << 3), value);
}
/** Of memory (0) or the heap (1). */
@inline
function floorOf(resource: i32): f64 {
  return min(floorAt(resource), floorAt(resource + 2));
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

@inline
function lower(resource: i32, value: f64): void {
  if (value < floorAt(resource)) setFloor(resource, value);
}

/** After each sample: follows the floors, and what booked bytes cost. */
export function shedFollow(now: f64): void {
  if (!(now - spanFrom < SPAN_MS)) {
    // Longer without a sample: what was before says nothing now.
    const recent = now - spanFrom < 2 * SPAN_MS;
    for (let resource = 0; resource < 2; resource++) {
      setFloor(resource + 2, recent ? floorAt(resource) : Infinity);
      setFloor(resource, Infinity);
    }
    mostBefore = recent ? mostNow : 0;
    mostNow = booked;
    highestBefore = recent ? highestNow : 0;
    highestNow = 0;
    spanFrom = now;
  }
  lower(0, workingSet);
  lower(1, heap);
  if (workingSet > highestNow) highestNow = workingSet;
  const most = max(mostNow, mostBefore);
  if (most < MIN_BOOKED || !(workingSet == workingSet)) return;
  seen = min(MAX_WEIGHT, max(MIN_WEIGHT, (max(highestNow, highestBefore) - floorOf(0)) / most));
  if (seen > weight) weight += HEAVIER * (seen - weight);
}

/** Whether `bytes` more of a body pass what there is. Unknown use, floor or limit: they do not. */
@inline
function passes(resource: i32, used: f64, mark: f64, bytes: f64): bool {
  const most = resource == 0 ? mark * ROOM_RATIO : mark;
  return used + weight * bytes > most || (used == used && floorOf(resource) + weight * (booked + bytes) > most);
}

/** ADMIT, or why not. `bytes`: the declared body, 0 where there is none; `random`: 0 .. 1. An admitted one must leave. */
export function shedAdmit(now: f64, priority: i32, bytes: f64, random: f64): i32 {
  let verdict = ADMIT;
  if (random < shedProbability(now, priority)) {
    verdict = SHED_STRAIN;
  } else if (bytes > 0 && now - lastAt <= STALE_MS && (booked > 0 || level > NORMAL)) {
    if (passes(0, workingSet, criticalBytes(), bytes) || passes(1, heap, criticalHeapBytes(), bytes)) {
      verdict = SHED_ROOM;
    }
  }
  if (verdict != ADMIT) {
    const risky = bytes > 0 && workingSet + weight * bytes > limit;
    const wait = risky ? RISKY_PROBE_MS : PROBE_MS;
    if (inFlight > 0 || now - probedAt < wait) {
      count(shed, priority);
      if (verdict == SHED_ROOM) shedForRoom += 1;
      return verdict;
    }
    probedAt = now;
  }
  count(admitted, priority);
  inFlight += 1;
  booked += bytes;
  mostNow = max(mostNow, booked);
  return ADMIT;
}

/** An admitted request is over. */
export function shedLeave(bytes: f64): void {
  inFlight = max(0, inFlight - 1);
  booked = inFlight == 0 ? 0 : max(0, booked - bytes);
  if (bytes > 0 && seen < weight) weight += LIGHTER * (seen - weight);
}

/** Writes admitted and shed by class, of those shed the ones for want of room, in flight, bytes booked, their weight. */
export function shedStats(): void {
  for (let i = 0; i < CLASSES; i++) {
    out(i, load<f64>(admitted + (<usize>i << 3)));
    out(CLASSES + i, load<f64>(shed + (<usize>i << 3)));
  }
  out(6, shedForRoom);
  out(7, inFlight);
  out(8, booked);
  out(9, weight);
}
