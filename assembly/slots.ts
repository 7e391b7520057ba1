// Slots: who holds which place of a pool. The objects stay in JavaScript.
//
//   +0   i32 capacity     places in the table
//   +4   i32 maxIdle      how many returned objects are kept
//   +8   i32 bottom       the idle stack is idle[bottom .. top): newest at the top
//   +12  i32 top
//   +16  i32 limit        where the stack may grow to: bottom + maxIdle, capacity at most
//   +20  i32 floor        the lowest that `top` is known to have been since the last look
//   +24  i32 idleLow      lowest idle count since the last trim, up to the last look
//   +28  i32 leastIdle    lowest idle count since `live` changed, up to the last look
//   +32  i32 live         objects that exist: leased or idle
//   +36  i32 highWater    most ever leased at once, up to the last change of `live`
//   +40  i32 free         length of the free stack
//   +44  i32 fresh        places from here on were never used
//   +48  i32 retired      places whose generations are used up
//   +56  f64 leases       all that were ever given; those that reused an object: leases - created
//   +64  f64 created, discarded, surplus, doubleReleases, staleReleases
//   +104 f64 handle[capacity]
//        i32 idle[capacity], i32 free[capacity]     the two stacks
//
// created = leased + idle + discarded at all times.
//
// A handle is place + generation / 2^32, generation 1 for the first lease. The
// table holds it while the place is leased, else the next one, below 0: so one
// comparison tells whether a lease is open, and cutting the fraction off gives
// its place. A place that has used up its generations retires.

import { alloc, out, release } from "./memory";
import { DOUBLE_RELEASE, NONE, OK, OUT_OF_MEMORY, STALE_RELEASE, SURPLUS, UNKNOWN } from "./status";

const HEADER: i32 = 104;
const BYTES_PER_SLOT: i32 = 16;
const GENERATION: f64 = 1 / 4294967296.0;

@unmanaged
class Slots {
  capacity: i32;
  maxIdle: i32;
  bottom: i32;
  top: i32;
  limit: i32;
  floor: i32;
  idleLow: i32;
  leastIdle: i32;
  live: i32;
  highWater: i32;
  free: i32;
  fresh: i32;
  retired: i32;
  leases: f64;
  created: f64;
  discarded: f64;
  surplus: f64;
  doubleReleases: f64;
  staleReleases: f64;
}

@inline
function view(table: usize): Slots {
  return changetype<Slots>(table);
}
@inline
function handleAt(table: usize, index: i32): usize {
  return table + HEADER + (<usize>index << 3);
}
@inline
function handle(table: usize, index: i32): f64 {
  return load<f64>(handleAt(table, index));
}
@inline
function idleAt(table: usize, position: i32): usize {
  return table + HEADER + (<usize>(view(table).capacity * 2 + position) << 2);
}
@inline
function freeAt(table: usize, position: i32): usize {
  return table + HEADER + (<usize>(view(table).capacity * 3 + position) << 2);
}
@inline
function setHandle(table: usize, index: i32, value: f64): void {
  store<f64>(handleAt(table, index), value);
}

function setLimit(slots: Slots): void {
  slots.limit = min(slots.bottom + slots.maxIdle, slots.capacity);
}

/** The first handles of places that were never leased. */
function begin(table: usize, from: i32): void {
  for (let i = from, end = view(table).capacity; i < end; i++) setHandle(table, i, -GENERATION - <f64>i);
}

/** A new table; its address, or OUT_OF_MEMORY. */
export function slotsCreate(maxIdle: i32, capacity: i32): i32 {
  const table = alloc(HEADER + capacity * BYTES_PER_SLOT);
  if (table == 0) return OUT_OF_MEMORY;
  view(table).capacity = capacity;
  view(table).maxIdle = maxIdle;
  setLimit(view(table));
  begin(table, 0);
  return <i32>table;
}

export function slotsDestroy(table: usize): void {
  release(table, HEADER + view(table).capacity * BYTES_PER_SLOT);
}

/**
 * Changes how many are kept idle, and makes room for `capacity` places (a table never shrinks).
 * The table's address, which may be a new one, or OUT_OF_MEMORY. Idle ones above `maxIdle` stay
 * until `slotsEvict` takes them.
 */
export function slotsResize(table: usize, maxIdle: i32, capacity: i32): i32 {
  const before = view(table).capacity;
  if (capacity > before) {
    const larger = slotsCreate(maxIdle, capacity);
    if (larger < 0) return OUT_OF_MEMORY;
    memory.copy(larger, table, HEADER + (before << 3));
    view(larger).capacity = capacity;
    memory.copy(idleAt(larger, 0), idleAt(table, 0), before << 2);
    memory.copy(freeAt(larger, 0), freeAt(table, 0), before << 2);
    begin(larger, before);
    slotsDestroy(table);
    table = larger;
  }
  view(table).maxIdle = maxIdle;
  setLimit(view(table));
  return <i32>table;
}

/** Brings the lowest idle counts up to date; how many are idle now. */
function look(slots: Slots): i32 {
  const low = slots.floor - slots.bottom;
  slots.idleLow = min(slots.idleLow, low);
  slots.leastIdle = min(slots.leastIdle, low);
  slots.floor = slots.top;
  return slots.top - slots.bottom;
}

/** Brings the high water up to date, and changes `live`. */
function changeLive(slots: Slots, by: i32): void {
  const idle = look(slots);
  slots.highWater = max(slots.highWater, slots.live - slots.leastIdle);
  slots.live += by;
  slots.leastIdle = idle;
}

/** The handle of a kept object; below 0 (`-handle`) where the place needs a new one; 0 when full. */
export function slotsAcquire(table: usize): f64 {
  const slots = view(table);
  let index: i32;
  const kept = slots.top > slots.bottom;
  if (kept) {
    slots.floor = min(slots.floor, --slots.top);
    index = load<i32>(idleAt(table, slots.top));
  } else {
    if (slots.free > 0) index = load<i32>(freeAt(table, --slots.free));
    else if (slots.fresh < slots.capacity) index = slots.fresh++;
    else return 0;
    slots.created += 1;
    changeLive(slots, 1);
  }
  slots.leases += 1;
  const next = -handle(table, index);
  setHandle(table, index, next);
  return kept ? next : -next;
}

/** The handle of the place's lease; below 0 where it is not leased, NaN where there is no such place. */
export function slotsHandle(table: usize, index: i32): f64 {
  return <u32>index < <u32>view(table).capacity ? handle(table, index) : NaN;
}

/** Ends a lease: the place waits for its next one. False where there is none: its generations are used up. */
function end(table: usize, index: i32): bool {
  const next = handle(table, index) + GENERATION;
  const more = <i32>next == index;
  setHandle(table, index, more ? -next : -<f64>index);
  return more;
}

/** Gives up a place whose lease has ended: back to the free stack, or retired. */
function giveUp(table: usize, index: i32, again: bool): void {
  const slots = view(table);
  slots.discarded += 1;
  if (again) store<i32>(freeAt(table, slots.free++), index);
  else slots.retired += 1;
  changeLive(slots, -1);
}

/** OK, DOUBLE_RELEASE or UNKNOWN: whether the place is leased. */
function check(table: usize, index: i32): i32 {
  const slots = view(table);
  if (<u32>index >= <u32>slots.capacity) return UNKNOWN;
  if (handle(table, index) > 0) return OK;
  slots.doubleReleases += 1;
  return DOUBLE_RELEASE;
}

/** OK, SURPLUS, DOUBLE_RELEASE or UNKNOWN. */
export function slotsRelease(table: usize, index: i32): i32 {
  const status = check(table, index);
  if (status != OK) return status;
  const slots = view(table);
  // A stack that has been evicted from moves down to where it began, so that it can grow to its limit again.
  if (slots.top >= slots.limit && slots.bottom != 0) {
    const idle = look(slots);
    memory.copy(idleAt(table, 0), idleAt(table, slots.bottom), idle << 2);
    slots.bottom = 0;
    slots.top = idle;
    slots.floor = idle;
    setLimit(slots);
  }
  const again = end(table, index);
  if (again && slots.top < slots.limit) {
    store<i32>(idleAt(table, slots.top++), index);
    return OK;
  }
  slots.surplus += 1;
  giveUp(table, index, again);
  return SURPLUS;
}

/** As `slotsRelease`, for one lease: STALE_RELEASE where the place has been leased again since. */
export function slotsReleaseHandle(table: usize, given: f64): i32 {
  const index = <i32>given;
  const slots = view(table);
  if (<u32>index >= <u32>slots.fresh) return UNKNOWN;
  const now = handle(table, index);
  // Where the place waits for the lease after this one, slotsRelease finds that out.
  if (given > 0 && (given == now || given + GENERATION == -now)) return slotsRelease(table, index);
  slots.staleReleases += 1;
  return STALE_RELEASE;
}

/** Ends a lease without keeping the object. OK, DOUBLE_RELEASE or UNKNOWN. */
export function slotsDiscard(table: usize, index: i32): i32 {
  const status = check(table, index);
  if (status == OK) giveUp(table, index, end(table, index));
  return status;
}

/** Takes back an acquire whose object could not be made. OK, DOUBLE_RELEASE or UNKNOWN. */
export function slotsAbandon(table: usize, index: i32): i32 {
  const slots = view(table);
  const status = check(table, index);
  if (status != OK) return status;
  // It was never in use: the high water may not see it.
  slots.live -= 1;
  giveUp(table, index, end(table, index));
  slots.live += 1;
  slots.discarded -= 1;
  slots.created -= 1;
  slots.leases -= 1;
  return OK;
}

/** Drops the object that has been idle longest; its index, or NONE. */
export function slotsEvict(table: usize): i32 {
  const slots = view(table);
  if (look(slots) == 0) return NONE;
  const index = load<i32>(idleAt(table, slots.bottom++));
  setLimit(slots);
  giveUp(table, index, true);
  return index;
}

/** How many idle ones nobody needed since the last call: what a clean-up may drop. */
export function slotsUnneeded(table: usize): i32 {
  const slots = view(table);
  const idle = look(slots);
  const unneeded = slots.idleLow;
  slots.idleLow = idle;
  return unneeded;
}

/** Writes the statistics to the scratch area. */
export function slotsStats(table: usize): void {
  const slots = view(table);
  changeLive(slots, 0);
  const idle = slots.leastIdle;
  out(0, slots.capacity);
  out(1, slots.maxIdle);
  out(2, idle);
  out(3, slots.live - idle);
  out(4, slots.highWater);
  out(5, slots.created);
  out(6, slots.leases - slots.created);
  out(7, slots.discarded);
  out(8, slots.surplus);
  out(9, slots.doubleReleases);
  out(10, slots.staleReleases);
  out(11, slots.retired);
}
