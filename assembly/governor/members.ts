// Members of a budget: what each pool or cache holds, wants, and earns.
//
// Two figures a member, in ns saved per byte and second, smoothed: what the next
// byte would earn (by its ghosts), and what it gives up with its last byte: that
// same figure, or an eighth of what its bytes earn on average, if that is more,
// since one whose load just fits has no ghosts to speak for it. The local
// gradient from ghosts is that of Cidon, Eisenman, Alizadeh, Katti:
// "Cliffhanger", NSDI 2016.
//
//   +0  f64 total
//   +8  i32 capacity
//   +16 Member[capacity]

import { alloc, out, release } from "../memory";
import { NONE, OK, OUT_OF_MEMORY, UNKNOWN } from "../status";

const HEADER: i32 = 16;
export const BYTES_PER_MEMBER: i32 = 64;
/** Weight of the newest reading. */
const SMOOTHING: f64 = 0.2;
/** Of what its bytes earn on average, so much its last byte is taken to earn at least. */
const EDGE_SHARE: f64 = 0.125;
/** One that holds so much of its limit could use more. */
export const HUNGRY: f64 = 0.9;

@unmanaged
class Budget {
  total: f64;
  capacity: i32;
}

@unmanaged
export class Member {
  limit: f64;
  held: f64;
  wanted: f64;
  pinned: f64;
  margin: f64;
  average: f64;
  joined: i32;
  told: i32;
  /** Marks those that a pass has been at. */
  passed: i32;
}

@inline
export function view(table: usize): Budget {
  return changetype<Budget>(table);
}
@inline
export function at(table: usize, index: i32): Member {
  return changetype<Member>(table + HEADER + <usize>index * BYTES_PER_MEMBER);
}
@inline
export function pinOf(member: Member): f64 {
  return min(member.pinned, member.wanted);
}
/** What its last byte earns. */
@inline
export function worth(member: Member): f64 {
  return max(member.margin, member.average * EDGE_SHARE);
}

/** A new budget of at most `capacity` members; its address, or OUT_OF_MEMORY. `total` may be infinite. */
export function budgetCreate(capacity: i32, total: f64): i32 {
  const table = alloc(HEADER + capacity * BYTES_PER_MEMBER);
  if (table == 0) return OUT_OF_MEMORY;
  view(table).capacity = capacity;
  view(table).total = total;
  return <i32>table;
}

export function budgetDestroy(table: usize): void {
  release(table, HEADER + view(table).capacity * BYTES_PER_MEMBER);
}

export function sumOfLimits(table: usize): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < view(table).capacity; i++) if (at(table, i).joined) sum += at(table, i).limit;
  return sum;
}

/** The member of the least worth that no pass has been at, the one of the larger limit among equals; or NONE. */
export function least(table: usize): i32 {
  let found = NONE;
  for (let i = 0; i < view(table).capacity; i++) {
    const member = at(table, i);
    if (!member.joined || member.passed) continue;
    if (found != NONE) {
      const best = at(table, found);
      if (worth(member) > worth(best)) continue;
      if (worth(member) == worth(best) && member.limit <= best.limit) continue;
    }
    found = i;
  }
  return found;
}

/** The hungry member that no pass has been at whose next byte would earn most, or NONE. */
export function hungriest(table: usize): i32 {
  let found = NONE;
  for (let i = 0; i < view(table).capacity; i++) {
    const member = at(table, i);
    if (!member.joined || member.passed) continue;
    if (member.limit >= member.wanted || member.held < member.limit * HUNGRY) continue;
    if (found == NONE || member.margin > at(table, found).margin) found = i;
  }
  return found;
}

export function startPass(table: usize): void {
  for (let i = 0; i < view(table).capacity; i++) at(table, i).passed = 0;
}

@inline
function isJoined(table: usize, index: i32): bool {
  return <u32>index < <u32>view(table).capacity && at(table, index).joined != 0;
}

/** OK or UNKNOWN. What it had is free at the next step. */
export function budgetLeave(table: usize, index: i32): i32 {
  if (!isJoined(table, index)) return UNKNOWN;
  at(table, index).joined = 0;
  return OK;
}

/**
 * A reading of a member over so many seconds: what it holds and wants, what it saved by what it held, what
 * `marginBytes` more would have saved. OK or UNKNOWN.
 */
export function budgetTell(
  table: usize,
  index: i32,
  held: f64,
  wanted: f64,
  saved: f64,
  missed: f64,
  marginBytes: f64,
  seconds: f64,
): i32 {
  if (!isJoined(table, index)) return UNKNOWN;
  const member = at(table, index);
  member.held = held;
  member.wanted = wanted;
  if (!(seconds > 0)) return OK;
  const average = saved / max<f64>(held, 1) / seconds;
  const margin = missed / max<f64>(marginBytes, 1) / seconds;
  const weight = member.told ? SMOOTHING : 1;
  member.told = 1;
  member.average += (average - member.average) * weight;
  member.margin += (margin - member.margin) * weight;
  return OK;
}

/** Writes limit, held, wanted, pinned, next byte's and last byte's earning of a member. OK or UNKNOWN. */
export function budgetMember(table: usize, index: i32): i32 {
  if (!isJoined(table, index)) return UNKNOWN;
  const member = at(table, index);
  out(0, member.limit);
  out(1, member.held);
  out(2, member.wanted);
  out(3, member.pinned);
  out(4, member.margin);
  out(5, worth(member));
  return OK;
}
