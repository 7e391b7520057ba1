// Slots: who holds which place of a pool. The objects stay in JavaScript.
//
//   +0   i32 capacity     places in the table
//   +4   i32 maxIdle      how many returned objects are kept
//   +8   i32 bottom       the idle stack is idle[bottom .. top): newest at the top
//   +12  i32 top
//   +16  i32 limit        where the stack may grow to: bottom + maxIdle, capacity at most
//   +20  i32 idleLow      lowest idle count since the last trim
//   +24  i32 live         objects that exist: leased or idle
//   +28  i32 highWater    most ever leased at once, up to the last change of `live`
//   +32  i32 leastIdle    lowest idle count since then
//   +36  i32 free         length of the free stack
//   +40  i32 fresh        places from here on were never used
//   +44  i32 retired      places whose generations are used up
//   +48  f64 created, reused, discarded, surplus, doubleReleases, staleReleases
//   +96  {i32 state, i32 idle, i32 free} [capacity]     state: generation << 2 | FREE, IDLE, LEASED or RETIRED
//
// created = leased + idle + discarded at all times. A generation is bumped by
// each lease and never repeats: a place that has used up its 2^30 retires.

import { alloc, out, release } from "./memory";
import { DOUBLE_RELEASE, FULL, NONE, OK, OUT_OF_MEMORY, STALE_RELEASE, SURPLUS, UNKNOWN } from "./status";

const HEADER: i32 = 96;
const BYTES_PER_SLOT: i32 = 12;
const LAST_GENERATION: i32 = 0x3fffffff;

const FREE: i32 = 0;
const IDLE: i32 = 1;
const LEASED: i32 = 2;
const RETIRED: i32 = 3;

@unmanaged
class Slots {
  capacity: i32;
  maxIdle: i32;
  bottom: i32;
  top: i32;
  limit: i32;
  idleLow: i32;
  live: i32;
  highWater: i32;
  leastIdle: i32;
  free: i32;
  fresh: i32;
  retired: i32;
  created: f64;
  reused: f64;
  discarded: f64;
  surplus: f64;
  doubleReleases: f64;
  staleReleases: f64;
}

/** One row of the table. `idle` and `free` are the two stacks, laid beside the states. */
@unmanaged
class Row {
  state: i32;
  idle: i32;
  free: i32;
}

@inline
function view(table: usize): Slots {
  return changetype<Slots>(table);
}
@inline
function row(table: usize, index: i32): Row {
  return changetype<Row>(table + HEADER + <usize>index * BYTES_PER_SLOT);
}

function setLimit(slots: Slots): void {
  slots.limit = min(slots.bottom + slots.maxIdle, slots.capacity);
}

/** A new table; its address, or OUT_OF_MEMORY. */
export function slotsCreate(maxIdle: i32, capacity: i32): i32 {
  const table = alloc(HEADER + capacity * BYTES_PER_SLOT);
  if (table == 0) return OUT_OF_MEMORY;
  view(table).capacity = capacity;
  view(table).maxIdle = maxIdle;
  setLimit(view(table));
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
    const larger = alloc(HEADER + capacity * BYTES_PER_SLOT);
    if (larger == 0) return OUT_OF_MEMORY;
    memory.copy(larger, table, HEADER + before * BYTES_PER_SLOT);
    view(larger).capacity = capacity;
    slotsDestroy(table);
    table = larger;
  }
  view(table).maxIdle = maxIdle;
  setLimit(view(table));
  return <i32>table;
}

/** The leases at their highest, brought up to date before `live` changes. */
function highWater(slots: Slots): i32 {
  slots.highWater = max(slots.highWater, slots.live - slots.leastIdle);
  return slots.highWater;
}

function changeLive(slots: Slots, by: i32): void {
  highWater(slots);
  slots.live += by;
  slots.leastIdle = slots.top - slots.bottom;
}

/** The lowest idle count since each of its two readers last looked. */
@inline
function lowerIdle(slots: Slots, idle: i32): void {
  if (idle < slots.leastIdle) slots.leastIdle = idle;
  if (idle < slots.idleLow) slots.idleLow = idle;
}

/** `index` of a kept object (>= 0); `~index` of a place that needs a new one (< 0); or FULL. */
export function slotsAcquire(table: usize): i32 {
  const slots = view(table);
  const top = slots.top - 1;
  const bottom = slots.bottom;
  if (top >= bottom) {
    const index = row(table, top).idle;
    slots.top = top;
    lowerIdle(slots, top - bottom);
    slots.reused += 1;
    row(table, index).state += 4 + LEASED - IDLE;
    return index;
  }
  let index = slots.fresh;
  if (slots.free > 0) index = row(table, --slots.free).free;
  else if (index < slots.capacity) slots.fresh = index + 1;
  else return FULL;
  slots.created += 1;
  row(table, index).state += 4 + LEASED - FREE;
  changeLive(slots, 1);
  return ~index;
}

/** The generation of the place's current or last lease, from 1; 0 where it never had one. */
export function slotsGeneration(table: usize, index: i32): i32 {
  if (<u32>index >= <u32>view(table).capacity) return 0;
  return row(table, index).state >>> 2;
}

/** 1 while exactly this lease is open. */
export function slotsIsLeased(table: usize, index: i32, generation: i32): i32 {
  if (<u32>index >= <u32>view(table).capacity) return 0;
  return i32(row(table, index).state == ((generation << 2) | LEASED));
}

/** Gives a place up: back to the free stack, or retired once its generations are used up. */
function giveUp(table: usize, index: i32): void {
  const slots = view(table);
  const generation = row(table, index).state >>> 2;
  slots.discarded += 1;
  if (generation == LAST_GENERATION) {
    row(table, index).state = (generation << 2) | RETIRED;
    slots.retired += 1;
  } else {
    row(table, index).state = (generation << 2) | FREE;
    row(table, slots.free++).free = index;
  }
  changeLive(slots, -1);
}

/** OK, DOUBLE_RELEASE or UNKNOWN: whether the place is leased. */
@inline
function check(table: usize, index: i32): i32 {
  const slots = view(table);
  if (<u32>index >= <u32>slots.capacity) return UNKNOWN;
  if ((row(table, index).state & 3) == LEASED) return OK;
  slots.doubleReleases += 1;
  return DOUBLE_RELEASE;
}

/** Moves the idle stack down to where it began, so that it can grow to its limit again. */
function settle(table: usize): void {
  const slots = view(table);
  const idle = slots.top - slots.bottom;
  for (let i = 0; i < idle; i++) row(table, i).idle = row(table, slots.bottom + i).idle;
  slots.bottom = 0;
  slots.top = idle;
  setLimit(slots);
}

/** OK, SURPLUS, DOUBLE_RELEASE or UNKNOWN. */
export function slotsRelease(table: usize, index: i32): i32 {
  const status = check(table, index);
  if (status != OK) return status;
  const slots = view(table);
  if (slots.top >= slots.limit && slots.bottom != 0) settle(table);
  const top = slots.top;
  const state = row(table, index).state;
  if (top < slots.limit && state >>> 2 != LAST_GENERATION) {
    row(table, index).state = state - (LEASED - IDLE);
    row(table, top).idle = index;
    slots.top = top + 1;
    return OK;
  }
  slots.surplus += 1;
  giveUp(table, index);
  return SURPLUS;
}

/** As `slotsRelease`, for the lease of one generation: STALE_RELEASE for an earlier one. */
export function slotsReleaseHandle(table: usize, index: i32, generation: i32): i32 {
  if (<u32>index >= <u32>view(table).capacity) return UNKNOWN;
  if (row(table, index).state >>> 2 != generation) {
    view(table).staleReleases += 1;
    return STALE_RELEASE;
  }
  return slotsRelease(table, index);
}

/** Ends a lease without keeping the object. OK, DOUBLE_RELEASE or UNKNOWN. */
export function slotsDiscard(table: usize, index: i32): i32 {
  const status = check(table, index);
  if (status == OK) giveUp(table, index);
  return status;
}

/** Takes back an acquire whose object could not be made. OK, DOUBLE_RELEASE or UNKNOWN. */
export function slotsAbandon(table: usize, index: i32): i32 {
  const status = slotsDiscard(table, index);
  if (status == OK) {
    view(table).discarded -= 1;
    view(table).created -= 1;
  }
  return status;
}

/** Drops the object that has been idle longest; its index, or NONE. */
export function slotsEvict(table: usize): i32 {
  const slots = view(table);
  if (slots.top == slots.bottom) return NONE;
  const index = row(table, slots.bottom++).idle;
  setLimit(slots);
  lowerIdle(slots, slots.top - slots.bottom);
  giveUp(table, index);
  return index;
}

/** How many idle ones nobody needed since the last call: what a clean-up may drop. */
export function slotsUnneeded(table: usize): i32 {
  const slots = view(table);
  const unneeded = slots.idleLow;
  slots.idleLow = slots.top - slots.bottom;
  return unneeded;
}

/** Writes the statistics to the scratch area. */
export function slotsStats(table: usize): void {
  const slots = view(table);
  const idle = slots.top - slots.bottom;
  out(0, slots.capacity);
  out(1, slots.maxIdle);
  out(2, idle);
  out(3, slots.live - idle);
  out(4, highWater(slots));
  out(5, slots.created);
  out(6, slots.reused);
  out(7, slots.discarded);
  out(8, slots.surplus);
  out(9, slots.doubleReleases);
  out(10, slots.staleReleases);
  out(11, slots.retired);
}
