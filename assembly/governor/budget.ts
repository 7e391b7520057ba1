// Budget: how many bytes each pool and cache of an optimizer may hold. Each has
// a limit between its pinned bytes and what it wants; together they stay within
// the total, as far as the pins allow.

import { FULL, NONE } from "../status";
import { at, BYTES_PER_MEMBER, HUNGRY, hungriest, least, pinOf, startPass, sumOfLimits, view, worth } from "./members";

/** A step moves at most this share of the total to a member, and takes at most this share of a donor's excess. */
const STEP_SHARE: f64 = 0.03125;
const DONOR_SHARE: f64 = 0.125;
/** Bytes move between two that use theirs only where they would earn so many times as much. */
const GAIN: f64 = 1.5;
/** In a shortage, the least earning gives this share of its excess, then the next, and so on around. */
const GIVE_SHARE: f64 = 0.5;

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
