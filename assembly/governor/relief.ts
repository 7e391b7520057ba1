// Relief: what is let go of under pressure, and when. One gate for each level's
// clean-up and one for a collection. A gate that opened stays shut for its wait;
// a turn that frees less than MIN_FREED_RATIO of the working set doubles that
// wait, up to MAX_WAIT_MS; a good one resets it.
// A collection comes last: at critical only once load shedding had time to act.
// It also waits for a multiple of what the last one took, so that collections
// cost 1 % of the time at elevated, 5 % at high, 10 % at critical.
// All follow what the readings of memory ask for, not a level that is only held.
//
// A collection while many requests are in flight frees little: they hold it. Once
// most of them have been over for CALM_MS that says nothing any more, so neither
// the doubled wait nor a long rest holds: one follows as it would at critical.
// Where bodies are turned away for want of room, collections are due as at
// elevated, whatever the level: what nobody has collected takes that room.
// A collection also gives pages back to the system where the one before freed
// little, and where nothing is in flight: V8 keeps a young generation that grew
// in a burst, for as long as nothing comes.

import { out } from "../memory";
import { CRITICAL, ELEVATED, HIGH } from "./inputs";
import { levelFor, short, workingSet } from "./pressure";
import { inFlight, refusedAt, shedFollows } from "./shed";

const MIN_FREED_RATIO: f64 = 0.02;
const MAX_WAIT_MS: f64 = 60000;
const CLEANUP_WAIT_MS: f64 = 1000;
const COLLECT_WAIT_MS: f64 = 500;
/** Shedding comes before a collection: so long at critical, and longer where there is room left. */
const AFTER_CRITICAL_MS: f64 = 50;
const AFTER_HIGH_MS: f64 = 500;
const AFTER_ELEVATED_MS: f64 = 5000;
/** A body that was turned away for want of room asks for so long. */
const ROOM_MS: f64 = 1000;
/** Of the requests in flight at the last collection no more than a quarter were seen for so long. */
const CALM_MS: f64 = 1000;
const MOST_OVER: f64 = 4;
/** Times what the last one took. */
const REST_CRITICAL: f64 = 10;
const REST_HIGH: f64 = 20;
const REST_ELEVATED: f64 = 100;

/** Gate 0: collection; 1 to 3: the clean-up of that level. */
const GATES: i32 = 4;
const waits: usize = memory.data(GATES * 8, 8);
const notBefore: usize = memory.data(GATES * 8, 8);
const turns: usize = memory.data(GATES * 8, 8);
const little: usize = memory.data(GATES * 8, 8);
/** Share of what pools and caches hold that they give back with the clean-up of each level, those who earn least first. */
const GIVE_ELEVATED: f64 = 0.1;
const GIVE_HIGH: f64 = 0.25;
const GIVE_CRITICAL: f64 = 0.5;

let drainAfterMs: f64 = 0;
let drained: bool = false;
let cleaning: i32 = ELEVATED;
let freed: f64 = 0;
let collectedAt: f64 = -Infinity;
let tookMs: f64 = 0;
/** In flight at the last collection, and when last more than a quarter of that was seen. */
let heldThen: f64 = 0;
let busyAt: f64 = 0;

@inline
function get(from: usize, gate: i32): f64 {
  return load<f64>(from + (<usize>gate << 3));
}
@inline
function set(to: usize, gate: i32, value: f64): void {
  store<f64>(to + (<usize>gate << 3), value);
}
@inline
function baseWait(gate: i32): f64 {
  return gate == 0 ? COLLECT_WAIT_MS : CLEANUP_WAIT_MS;
}

/** Begins anew. */
export function reliefConfigure(): void {
  for (let gate = 0; gate < GATES; gate++) {
    set(waits, gate, baseWait(gate));
    set(notBefore, gate, -Infinity);
    set(turns, gate, 0);
    set(little, gate, 0);
  }
  freed = 0;
  collectedAt = -Infinity;
  tookMs = 0;
  heldThen = 0;
  reliefDrainAfter(0);
}

/** A drain becomes due after so many ms at critical without a break; 0: never. */
export function reliefDrainAfter(ms: f64): void {
  drainAfterMs = ms;
  drained = false;
}

function collected(at: f64, took: f64): void {
  collectedAt = at;
  tookMs = took;
  heldThen = inFlight;
  busyAt = at;
}

/** Somebody's major collection, which took so long, ended at `at`: the next one waits from then on. To be told before each decision. */
export function reliefCollected(at: f64, took: f64): void {
  if (at <= collectedAt) return;
  collected(at, took);
  set(notBefore, 0, max(get(notBefore, 0), at + get(waits, 0)));
}

/**
 * What is due after a sample: 0 .. 3 the clean-up of that level (0: none), and 4 a collection, 8 (once an episode) to
 * drain and exit, 16 that the collection gives back to the system what it can.
 */
export function reliefDue(now: f64): i32 {
  if (short < CRITICAL) drained = false;
  if (inFlight * MOST_OVER > heldThen) busyAt = now;
  let due = 0;
  if (short >= ELEVATED && now >= get(notBefore, short)) {
    due = short;
    cleaning = short;
  }
  if (collectionDue(now)) due |= get(waits, 0) > COLLECT_WAIT_MS || (inFlight == 0 && shedFollows()) ? 20 : 4;
  if (drainAfterMs > 0 && !drained && short == CRITICAL && levelFor(now) >= drainAfterMs) {
    drained = true;
    due |= 8;
  }
  return due;
}

function collectionDue(now: f64): bool {
  const asks = max(short, now - refusedAt < ROOM_MS ? ELEVATED : 0);
  if (asks < ELEVATED) return false;
  const after = asks == CRITICAL ? AFTER_CRITICAL_MS : asks == HIGH ? AFTER_HIGH_MS : AFTER_ELEVATED_MS;
  if (levelFor(now) < after) return false;
  if (heldThen > 0 && now - busyAt >= CALM_MS) {
    return now >= collectedAt + max(COLLECT_WAIT_MS, REST_CRITICAL * tookMs);
  }
  const rest = asks == CRITICAL ? REST_CRITICAL : asks == HIGH ? REST_HIGH : REST_ELEVATED;
  return now >= max(get(notBefore, 0), collectedAt + rest * tookMs);
}

/** 0: the collection, else the clean-up that was due, is over, after so many ms, and memory fell by so much. NaN: cannot be told, counts as little. */
export function reliefDone(what: i32, now: f64, took: f64, freedBytes: f64): void {
  const gate = what == 0 ? 0 : cleaning;
  if (gate == 0) {
    collected(now, took);
  }
  set(turns, gate, get(turns, gate) + 1);
  if (freedBytes > 0 && freedBytes >= workingSet * MIN_FREED_RATIO) {
    set(waits, gate, baseWait(gate));
  } else {
    set(little, gate, get(little, gate) + 1);
    set(waits, gate, min(MAX_WAIT_MS, get(waits, gate) * 2));
  }
  if (freedBytes == freedBytes) freed += freedBytes;
  set(notBefore, gate, now + get(waits, gate));
}

/** Of what pools and caches hold, the share that goes with the clean-up of a level; and all that is idle, above elevated. */
export function reliefGiveRatio(at: i32): f64 {
  return at == CRITICAL ? GIVE_CRITICAL : at == HIGH ? GIVE_HIGH : at == ELEVATED ? GIVE_ELEVATED : 0;
}

/** Writes clean-ups, those of them that freed little, collections, the same, freed bytes, the collection's wait in ms. */
export function reliefStats(): void {
  out(0, get(turns, 1) + get(turns, 2) + get(turns, 3));
  out(1, get(little, 1) + get(little, 2) + get(little, 3));
  out(2, get(turns, 0));
  out(3, get(little, 0));
  out(4, freed);
  out(5, get(waits, 0));
}
