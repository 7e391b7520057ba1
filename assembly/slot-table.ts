// The table of places of a pool (slots.ts), in memory.
//
//   +0   i32 capacity     places in the table
//   +4   i32 maxIdle      how many returned objects are kept
//   +8   i32 bottom       address: the idle stack lies from here ..
//   +12  i32 top          .. up to here, the newest last
//   +16  i32 limit        where it may grow to: room for maxIdle, within idle[capacity]
//   +20  i32 floor        the lowest that `top` is known to have been since the last look
//   +24  i32 idleLow      lowest idle count since the last trim, up to the last look
//   +28  i32 leastIdle    lowest idle count since `live` changed, up to the last look
//   +32  i32 live         objects that exist: leased or idle
//   +36  i32 highWater    most ever leased at once, up to the last change of `live`
//   +40  i32 free         length of the free stack
//   +44  i32 fresh        places from here on were never used: nothing was written there
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

import { alloc, release } from "./memory";
import { OUT_OF_MEMORY } from "./status";

const HEADER: i32 = 104;
const BYTES_PER_SLOT: i32 = 16;
export const GENERATION: f64 = 1 / 4294967296.0;

@unmanaged
export class Slots {
  capacity: i32;
  maxIdle: i32;
  bottom: usize;
  top: usize;
  limit: usize;
  floor: usize;
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
export function view(table: usize): Slots {
  return changetype<Slots>(table);
}
@inline
export function handle(table: usize, index: i32): f64 {
  return load<f64>(table + (<usize>index << 3), HEADER);
}
@inline
export function setHandle(table: usize, index: i32, value: f64): void {
  store<f64>(table + (<usize>index << 3), value, HEADER);
}
/** Where the idle stack begins. */
@inline
export function idleAt(table: usize): usize {
  return table + (view(table).capacity << 3) + HEADER;
}
/** Where the free stack begins. */
@inline
export function freeAt(table: usize): usize {
  return table + view(table).capacity * 12 + HEADER;
}

export function setLimit(slots: Slots): void {
  const table = changetype<usize>(slots);
  slots.limit = min(slots.bottom + (slots.maxIdle << 2), freeAt(table));
}

/** Brings the lowest idle counts up to date; how many are idle now. */
export function look(slots: Slots): i32 {
  const low = <i32>(slots.floor - slots.bottom) >> 2;
  slots.idleLow = min(slots.idleLow, low);
  slots.leastIdle = min(slots.leastIdle, low);
  slots.floor = slots.top;
  return <i32>(slots.top - slots.bottom) >> 2;
}

/** Moves the idle stack to where it begins in this table, so that it can grow to its limit. */
export function settle(table: usize): void {
  const slots = view(table);
  const idle = look(slots) << 2;
  const bottom = idleAt(table);
  memory.copy(bottom, slots.bottom, idle);
  slots.bottom = bottom;
  slots.floor = slots.top = bottom + idle;
  setLimit(slots);
}

/** A new table; its address, or OUT_OF_MEMORY. */
export function slotsCreate(maxIdle: i32, capacity: i32): i32 {
  const table = alloc(HEADER + capacity * BYTES_PER_SLOT);
  if (table == 0) return OUT_OF_MEMORY;
  const slots = view(table);
  slots.capacity = capacity;
  slots.maxIdle = maxIdle;
  settle(table);
  return <i32>table;
}

/** Gives its memory back. Its address is not to be used again. */
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
    settle(larger);
    memory.copy(freeAt(larger), freeAt(table), before << 2);
    slotsDestroy(table);
    table = larger;
  }
  view(table).maxIdle = maxIdle;
  setLimit(view(table));
  return <i32>table;
}
