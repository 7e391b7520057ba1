// Slots: who holds which place of a pool. The objects stay in JavaScript.
// slot-table.ts has the layout.

import { out, scratch } from "./memory";
import {
  freeAt,
  GENERATION,
  handle,
  idleAt,
  setHandle,
  setLimit,
  Slots,
  view,
} from "./slot-table";
import { DOUBLE_RELEASE, NONE, OK, STALE_RELEASE, SURPLUS, UNKNOWN } from "./status";

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
  const more = next < <f64>(index + 1);
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

/** Writes the statistics to the scratch area: capacity .. retired, then leases and what is counted behind them. */
export function slotsStats(table: usize): void {
  const slots = view(table);
  changeLive(slots, 0);
  const idle = slots.leastIdle;
  out(0, slots.capacity);
  out(1, slots.maxIdle);
  out(2, idle);
  out(3, slots.live - idle);
  out(4, slots.highWater);
  out(5, slots.retired);
  memory.copy(scratch + 6 * 8, table + offsetof<Slots>("leases"), 6 * 8);
}
