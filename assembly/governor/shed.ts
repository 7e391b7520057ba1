// Load shedding: who is let in. Two reasons to turn a request away:
//
//   strain   the probability rises with it, per priority class:
//              low     0 at 1, 1 at 2        (elevated .. high)
//              normal  0 at 1.5, 1 at 3      (.. critical)
//              high    0 at 2.5, 1 at 3
//   room     a declared body is booked from entry to leaving: what it will need
//            does not show in any reading yet. It is turned away where the
//            bookings, times their weight, over the floor would pass eight
//            tenths of the critical mark of memory, or of the heap's.
//
// The weight is what a booked byte was seen to cost, as a body, a text, objects,
// and garbage of these: the highest memory over its floor, by the most that was
// booked in the same span (collectors come late, an allocator keeps what it got). It rises with each sample, and
// falls only as such requests end: a body that only begins to arrive costs
// nothing yet. It begins high, and opens as requests pass. The heap has a weight
// of its own: a body itself lies outside it, and so does what an allocator keeps.
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
/** With fewer bytes booked no weight rises, and that of memory does not fall: what else happens is larger. */
const MIN_BOOKED: f64 = 2097152;
/** The heap moves by more than bodies all the time, so its weight is no less than what they cost, and may fall from here on. */
const MIN_BOOKED_HEAP: f64 = 262144;
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
/** When a body was turned away for want of room the last time. */
export let refusedAt: f64 = -Infinity;
/** Admitted and not over. */
export let inFlight: f64 = 0;
let booked: f64 = 0;
let probedAt: f64 = -Infinity;
let mostNow: f64 = 0;
let mostBefore: f64 = 0;
let spanFrom: f64 = NaN;

/** Memory and the heap. */
const RESOURCES: i32 = 2;

/** What is followed of one of them: extremes of the present span, and of the one before. */
@unmanaged
class Seen {
  lowest: f64;
  lowestBefore: f64;
  highest: f64;
  highestBefore: f64;
  weight: f64;
  /** What the last sample says that the weight is; NaN before the first that says anything. */
  sight: f64;
}
const SEEN_BYTES: usize = 48;
const records: usize = memory.data(2 * 48, 8);

@inline
function resourceAt(resource: i32): Seen {
  return changetype<Seen>(records + <usize>resource * SEEN_BYTES);
}

export function shedConfigure(): void {
  memory.fill(shed, 0, CLASSES * 8);
  memory.fill(admitted, 0, CLASSES * 8);
  shedForRoom = 0;
  refusedAt = -Infinity;
  inFlight = 0;
  booked = 0;
  probedAt = -Infinity;
  mostNow = 0;
  mostBefore = 0;
  spanFrom = NaN;
  for (let resource = 0; resource < RESOURCES; resource++) {
    const its = resourceAt(resource);
    its.lowest = Infinity;
    its.lowestBefore = Infinity;
    its.highest = 0;
    its.highestBefore = 0;
    its.weight = FIRST_WEIGHT;
    its.sight = NaN;
  }
}

/** Whether requests are followed here at all. */
export function shedFollows(): bool {
  return load<f64>(admitted) + load<f64>(admitted, 8) + load<f64>(admitted, 16) > 0;
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

/** After each sample: follows the floors, and what booked bytes cost. */
export function shedFollow(now: f64): void {
  if (!(now - spanFrom < SPAN_MS)) {
    // Longer without a sample: what was before says nothing now.
    const recent = now - spanFrom < 2 * SPAN_MS;
    for (let resource = 0; resource < RESOURCES; resource++) {
      const its = resourceAt(resource);
      its.lowestBefore = recent ? its.lowest : Infinity;
      its.lowest = Infinity;
      its.highestBefore = recent ? its.highest : 0;
      its.highest = 0;
    }
    mostBefore = recent ? mostNow : 0;
    mostNow = booked;
    spanFrom = now;
  }
  learn(resourceAt(0), workingSet, MIN_BOOKED);
  learn(resourceAt(1), heap, MIN_BOOKED_HEAP);
}

function learn(its: Seen, used: f64, least: f64): void {
  if (used < its.lowest) its.lowest = used;
  if (used > its.highest) its.highest = used;
  const most = max(mostNow, mostBefore);
  if (most < least || !(used == used)) return;
  const cost = (max(its.highest, its.highestBefore) - min(its.lowest, its.lowestBefore)) / most;
  its.sight = min(MAX_WEIGHT, max(MIN_WEIGHT, cost));
  if (most >= MIN_BOOKED && its.sight > its.weight) its.weight += HEAVIER * (its.sight - its.weight);
}

/** Whether `bytes` more of a body pass `most`. Unknown use, floor or mark: they do not. */
@inline
function passes(its: Seen, used: f64, most: f64, bytes: f64): bool {
  const lowest = min(its.lowest, its.lowestBefore);
  return used + its.weight * bytes > most || (used == used && lowest + its.weight * (booked + bytes) > most);
}

/** Whether there is no room for a body in memory or in the heap. */
@inline
function tight(bytes: f64): bool {
  return (
    passes(resourceAt(0), workingSet, criticalBytes() * ROOM_RATIO, bytes) || passes(resourceAt(1), heap, criticalHeapBytes() * ROOM_RATIO, bytes)
  );
}

/** ADMIT, or why not. `bytes`: the declared body, 0 where there is none; `random`: 0 .. 1. An admitted one must leave. */
export function shedAdmit(now: f64, priority: i32, bytes: f64, random: f64): i32 {
  let verdict = ADMIT;
  if (random < shedProbability(now, priority)) {
    verdict = SHED_STRAIN;
  } else if (bytes > 0 && now - lastAt <= STALE_MS && (booked > 0 || level > NORMAL)) {
    if (tight(bytes)) verdict = SHED_ROOM;
  }
  if (verdict != ADMIT) {
    const risky = bytes > 0 && workingSet + resourceAt(0).weight * bytes > limit;
    const wait = risky ? RISKY_PROBE_MS : PROBE_MS;
    if (inFlight > 0 || now - probedAt < wait) {
      count(shed, priority);
      if (verdict == SHED_ROOM) {
        shedForRoom += 1;
        refusedAt = now;
      }
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
  if (!(bytes > 0)) return;
  for (let resource = 0; resource < RESOURCES; resource++) {
    const its = resourceAt(resource);
    if (its.sight < its.weight) its.weight += LIGHTER * (its.sight - its.weight);
  }
}

/** Writes admitted and shed by class, of those shed the ones for want of room, in flight, bytes booked, their weights. */
export function shedStats(): void {
  for (let i = 0; i < CLASSES; i++) {
    out(i, load<f64>(admitted + (<usize>i << 3)));
    out(CLASSES + i, load<f64>(shed + (<usize>i << 3)));
  }
  out(6, shedForRoom);
  out(7, inFlight);
  out(8, booked);
  out(9, resourceAt(0).weight);
  out(10, resourceAt(1).weight);
}
