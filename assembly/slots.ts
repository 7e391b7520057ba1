// Slots: who holds which place of a pool. The objects stay in JavaScript.
// slot-table.ts has the layout.

import { count, out, scratch } from "./memory";
import {
  freeAt,
  GENERATION,
  handle,
  idleAt,
  look,
  setHandle,
  setLimit,
  settle,
  Slots,
  view,
} from "./slot-table";
import { DOUBLE_RELEASE, FULL, NONE, OK, STALE_RELEASE, SURPLUS, UNKNOWN } from "./status";

/** Brings the high water up to date, and changes `live`. */
function changeLive(slots: Slots, by: i32): void {
  const idle = look(slots);
  slots.highWater = max(slots.highWater, slots.live - slots.leastIdle);
  slots.live += by;
  slots.leastIdle = idle;
}

/** Takes the newest idle place; there is one. */
@inline
function pop(slots: Slots): i32 {
  const top = slots.top - 4;
  slots.top = top;
  if (top < slots.floor) slots.floor = top;
  return load<i32>(top);
}

/** A place for a new object, leased; ~FULL where all are taken. */
function add(table: usize): i32 {
  const slots = view(table);
  let index: i32;
  if (slots.free > 0) index = load<i32>(freeAt(table) + (--slots.free << 2));
  else if (slots.fresh < slots.capacity) {
    index = slots.fresh++;
    setHandle(table, index, -GENERATION - <f64>index);
  } else return ~FULL;
  count(table, offsetof<Slots>("created"));
  count(table, offsetof<Slots>("leases"));
  changeLive(slots, 1);
  setHandle(table, index, -handle(table, index));
  return index;
}

/** Begins a lease of a place; its handle. */
@inline
function lease(table: usize, index: i32): f64 {
  view(table).leases += 1;
  const next = -handle(table, index);
  setHandle(table, index, next);
  return next;
}

/** The handle of a kept object; below 0 (`-handle`) where the place needs a new one; 0 when full. */
export function slotsAcquire(table: usize): f64 {
  const slots = view(table);
  if (slots.top > slots.bottom) return lease(table, pop(slots));
  const index = add(table);
  return index == ~FULL ? 0 : -handle(table, index);
}

/** As `slotsAcquire`, by place: its index, `~index` where it needs a new object, FULL. */
export function slotsTake(table: usize): i32 {
  const slots = view(table);
  if (slots.top <= slots.bottom) return ~add(table);
  const index = pop(slots);
  lease(table, index);
  return index;
}

/** The handle of the place's lease; below 0 where it is not leased, NaN where no place was used yet. */
export function slotsHandle(table: usize, index: i32): f64 {
  return <u32>index < <u32>view(table).fresh ? handle(table, index) : NaN;
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
  count(table, offsetof<Slots>("discarded"));
  if (again) store<i32>(freeAt(table) + (slots.free++ << 2), index);
  else slots.retired += 1;
  changeLive(slots, -1);
}

/** Keeps what a lease lent that is open, `next` its place's next handle. */
@inline
function keep(table: usize, index: i32, next: f64): i32 {
  const slots = view(table);
  const top = slots.top;
  if (top >= slots.limit || next >= <f64>(index + 1)) return keepOrLetGo(table, index);
  setHandle(table, index, -next);
  store<i32>(top, index);
  slots.top = top + 4;
  return OK;
}

/** Where the stack is at its limit, or the place has used up its generations. */
function keepOrLetGo(table: usize, index: i32): i32 {
  const slots = view(table);
  const again = end(table, index);
  if (slots.bottom != idleAt(table)) settle(table);
  if (again && slots.top < slots.limit) {
    store<i32>(slots.top, index);
    slots.top += 4;
    return OK;
  }
  count(table, offsetof<Slots>("surplus"));
  giveUp(table, index, again);
  return SURPLUS;
}

/** OK, SURPLUS, DOUBLE_RELEASE or UNKNOWN. */
export function slotsRelease(table: usize, index: i32): i32 {
  if (<u32>index >= <u32>view(table).fresh) return UNKNOWN;
  const now = handle(table, index);
  if (now > 0) return keep(table, index, now + GENERATION);
  count(table, offsetof<Slots>("doubleReleases"));
  return DOUBLE_RELEASE;
}

/** As `slotsRelease`, for one lease: STALE_RELEASE where the place has been leased again since. */
export function slotsReleaseHandle(table: usize, given: f64): i32 {
  const index = <i32>given;
  if (<u32>index >= <u32>view(table).fresh) return UNKNOWN;
  const now = handle(table, index);
  const next = given + GENERATION;
  if (given > 0) {
    if (given == now) return keep(table, index, next);
    // Where the place waits for the lease after this one, slotsRelease finds that out.
    if (next == -now) return slotsRelease(table, index);
  }
  count(table, offsetof<Slots>("staleReleases"));
  return STALE_RELEASE;
}

/** Ends a lease without keeping the object. OK, DOUBLE_RELEASE or UNKNOWN. */
export function slotsDiscard(table: usize, index: i32): i32 {
  // What is not leased is refused alike.
  if (!(slotsHandle(table, index) > 0)) return slotsRelease(table, index);
  giveUp(table, index, end(table, index));
  return OK;
}

/** Takes back an acquire whose object could not be made. OK, DOUBLE_RELEASE or UNKNOWN. */
export function slotsAbandon(table: usize, index: i32): i32 {
  const slots = view(table);
  // It was never in use: the high water may not see it.
  slots.live -= 1;
  const status = slotsDiscard(table, index);
  slots.live += 1;
  if (status == OK) {
    slots.discarded -= 1;
    slots.created -= 1;
    slots.leases -= 1;
  }
  return status;
}

/** Drops the object that has been idle longest; its index, or NONE. */
export function slotsEvict(table: usize): i32 {
  const slots = view(table);
  if (look(slots) == 0) return NONE;
  const index = load<i32>(slots.bottom);
  slots.bottom += 4;
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
