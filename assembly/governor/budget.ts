// Budget: how many bytes each pool and cache of an optimizer may hold. Each has
// a limit between its pinned bytes and what it wants; together they stay within
// the total, as far as the pins allow.
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
import { FULL, NONE, OK, OUT_OF_MEMORY, UNKNOWN } from "../status";

const HEADER: i32 = 16;
const BYTES_PER_MEMBER: i32 = 64;
/** Weight of the newest reading. */
const SMOOTHING: f64 = 0.2;
/** Of what its bytes earn on average, so much its last byte is taken to earn at least. */
const EDGE_SHARE: f64 = 0.125;
/** A step moves at most this share of the total to a member, and takes at most this share of a donor's excess. */
const STEP_SHARE: f64 = 0.03125;
const DONOR_SHARE: f64 = 0.125;
/** Bytes move between two that use theirs only where they would earn so many times as much. */
const GAIN: f64 = 1.5;
/** One that holds so much of its limit could use more. */
const HUNGRY: f64 = 0.9;
/** In a shortage, the least earning gives this share of its excess, then the next, and so on around. */
const GIVE_SHARE: f64 = 0.5;

@unmanaged
class Budget {
  total: f64;
  capacity: i32;
}

@unmanaged
class Member {
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
function view(table: usize): Budget {
  return changetype<Budget>(table);
}
@inline
function at(table: usize, index: i32): Member {
  return changetype<Member>(table + HEADER + <usize>index * BYTES_PER_MEMBER);
}
@inline
function pinOf(member: Member): f64 {
  return min(member.pinned, member.wanted);
}
/** What its last byte earns. */
@inline
function worth(member: Member): f64 {
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

function sumOfLimits(table: usize): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < view(table).capacity; i++) if (at(table, i).joined) sum += at(table, i).limit;
  return sum;
}

/** The member of the least worth that no pass has been at, the one of the larger limit among equals; or NONE. */
function least(table: usize): i32 {
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
function hungriest(table: usize): i32 {
  let found = NONE;
  for (let i = 0; i < view(table).capacity; i++) {
    const member = at(table, i);
    if (!member.joined || member.passed) continue;
    if (member.limit >= member.wanted || member.held < member.limit * HUNGRY) continue;
    if (found == NONE || member.margin > at(table, found).margin) found = i;
  }
  return found;
}

function startPass(table: usize): void {
  for (let i = 0; i < view(table).capacity; i++) at(table, i).passed = 0;
}

/** Takes what is not used, from the least earning on, `reserve` times what is held left to each; how much of `bytes`. */
function takeUnused(table: usize, bytes: f64, reserve: f64): f64 {
  let taken: f64 = 0;
  startPass(table);
  for (let i = least(table); i != NONE && taken < bytes; i = least(table)) {
    const member = at(table, i);
    member.passed = 1;
    const unused = member.limit - max(member.held * reserve, pinOf(member));
    if (unused <= 0) continue;
    const part = min(unused, bytes - taken);
    member.limit -= part;
    taken += part;
  }
  return taken;
}

/** Brings every limit between its bounds, and all together below the total: first what is unused, then in shares. */
function settle(table: usize): void {
  for (let i = 0; i < view(table).capacity; i++) {
    const member = at(table, i);
    if (member.joined) member.limit = max(pinOf(member), min(member.limit, member.wanted));
  }
  let over = sumOfLimits(table) - view(table).total;
  if (!(over > 0)) return;
  over -= takeUnused(table, over, 1);
  for (let round = 0; round < 64 && over > 0; round++) {
    startPass(table);
    for (let i = least(table); i != NONE && over > 0; i = least(table)) {
      const member = at(table, i);
      member.passed = 1;
      const excess = member.limit - pinOf(member);
      // The last byte of an excess goes at once, or halving would never end.
      const part = min(over, excess < 1 ? excess : excess * GIVE_SHARE);
      member.limit -= part;
      over -= part;
    }
  }
}

/** A new member's index, or FULL. It starts with what is free or a fair share, at least its pinned bytes. */
export function budgetJoin(table: usize, wanted: f64, pinned: f64): i32 {
  let index = NONE;
  let count = 1;
  for (let i = view(table).capacity - 1; i >= 0; i--) {
    if (at(table, i).joined) count += 1;
    else index = i;
  }
  if (index == NONE) return FULL;
  const total = view(table).total;
  const free = total - sumOfLimits(table);
  const member = at(table, index);
  memory.fill(changetype<usize>(member), 0, BYTES_PER_MEMBER);
  member.wanted = wanted;
  member.pinned = pinned;
  member.limit = min(wanted, max(free, total / <f64>count));
  // It is to keep its share: nobody takes what it has not had time to use.
  member.held = member.limit;
  member.joined = 1;
  settle(table);
  return index;
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

/** Another total, at once: the least earning give way first. */
export function budgetTotal(table: usize, total: f64): void {
  view(table).total = total;
  settle(table);
}

/**
 * One step of sharing, about once a second: free bytes go to the hungry, the best earning first; where none are
 * free, the best earning hungry one gets what others do not use, or else some of what the least earning holds.
 */
export function budgetStep(table: usize): void {
  settle(table);
  const total = view(table).total;
  const step = total * STEP_SHARE;
  let free = total - sumOfLimits(table);
  startPass(table);
  for (let i = hungriest(table); i != NONE && free > 0; i = hungriest(table)) {
    const member = at(table, i);
    member.passed = 1;
    const grow = min(free, min(step, member.wanted - member.limit));
    member.limit += grow;
    free -= grow;
  }
  if (free > 0) return;
  startPass(table);
  const index = hungriest(table);
  if (index == NONE) return;
  const taker = at(table, index);
  if (taker.margin <= 0) return;
  const grow = min(step, taker.wanted - taker.limit);
  let part = takeUnused(table, grow, 1 / HUNGRY);
  if (part == 0) {
    startPass(table);
    let from = least(table);
    // One at its pin has nothing to give.
    while (from != NONE && (from == index || at(table, from).limit <= pinOf(at(table, from)))) {
      at(table, from).passed = 1;
      from = least(table);
    }
    if (from == NONE) return;
    const donor = at(table, from);
    if (taker.margin <= worth(donor) * GAIN) return;
    part = min(grow, (donor.limit - pinOf(donor)) * DONOR_SHARE);
    donor.limit -= part;
  }
  taker.limit += part;
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
