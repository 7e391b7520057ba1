// Eviction: SIEVE (Zhang, Yang, Yue, Vigfusson, Rashmi: "SIEVE is Simpler than
// LRU", NSDI 2024). A queue, one "visited" bit an entry, one hand. A hit only
// sets the bit; the hand moves from the oldest entry to the newest, clears bits
// and evicts the first entry that has none. Each operation is O(1) amortised.
//
// Three things differ here, each as `npm run bench -- cache` measures it. The hand
// is bounded: once it has let 29 of 32 entries stay it starts over at the oldest, so
// that what was popular once goes before the newest do. Where it finds more than one
// of 32 unread among the oldest 10 of 32, tastes are changing: from there to the end
// of that part, what was read joins the newest, as in a CLOCK, and what only was
// popular once is found sooner. And a hit on one of the two newest entries is not
// marked, since what is asked for twice at once is often never asked for again.
//
//   +0   i32 capacity     places in the table
//   +4   i32 limit        entries held at most
//   +8   i32 size
//   +12  i32 head         newest entry + 1, 0 for none
//   +16  i32 tail         oldest entry + 1
//   +20  i32 hand         where the hand stands + 1; 0: at the tail
//   +24  i32 free         first free place + 1, linked by `next`
//   +28  i32 fresh        places from here on were never used
//   +32  f64 hits, evictions
//   +48  i32 passed       entries that the hand has let stay since it was at the tail
//   +52  i32 unread       entries that it has evicted from the oldest part since then
//   +56  {i32 towardsHead, i32 towardsTail, i32 state} [capacity]   state: 0 free, 1 held, 3 held and visited

import { alloc, count, out, regrow, release, scratch } from "./memory";
import { NONE, OK, OUT_OF_MEMORY, UNKNOWN } from "./status";

const HEADER: i32 = 56;
const BYTES_PER_ENTRY: i32 = 12;
const HELD: i32 = 1;
const VISITED: i32 = 2;
/** Below this limit every hit is marked. */
const NARROW: i32 = 64;

@unmanaged
class Sieve {
  capacity: i32;
  limit: i32;
  size: i32;
  head: i32;
  tail: i32;
  hand: i32;
  free: i32;
  fresh: i32;
  hits: f64;
  evictions: f64;
  passed: i32;
  unread: i32;
}

@unmanaged
class Entry {
  towardsHead: i32;
  towardsTail: i32;
  state: i32;
}

@inline
function view(table: usize): Sieve {
  return changetype<Sieve>(table);
}
/** The entry of a link (index + 1). */
@inline
function at(table: usize, link: i32): Entry {
  return changetype<Entry>(table + <usize>link * BYTES_PER_ENTRY + (HEADER - BYTES_PER_ENTRY));
}

/** A new order of at most `limit` entries; its address, or OUT_OF_MEMORY. */
export function sieveCreate(limit: i32): i32 {
  const table = alloc(HEADER + limit * BYTES_PER_ENTRY);
  if (table == 0) return OUT_OF_MEMORY;
  view(table).capacity = limit;
  view(table).limit = limit;
  return <i32>table;
}

/** Gives its memory back. Its address is not to be used again. */
export function sieveDestroy(table: usize): void {
  release(table, HEADER + view(table).capacity * BYTES_PER_ENTRY);
}

/** Changes the limit; the table's address, or OUT_OF_MEMORY. Entries above it stay until `sieveEvict` takes them. */
export function sieveResize(table: usize, limit: i32): i32 {
  const capacity = view(table).capacity;
  if (limit > capacity) {
    table = regrow(table, HEADER + capacity * BYTES_PER_ENTRY, HEADER + limit * BYTES_PER_ENTRY);
    if (table == 0) return OUT_OF_MEMORY;
    view(table).capacity = limit;
  }
  view(table).limit = limit;
  return <i32>table;
}

/** Puts an entry before the newest one, not visited. */
function push(table: usize, link: i32): void {
  const sieve = view(table);
  const entry = at(table, link);
  entry.state = HELD;
  entry.towardsHead = 0;
  entry.towardsTail = sieve.head;
  if (sieve.head != 0) at(table, sieve.head).towardsHead = link;
  else sieve.tail = link;
  sieve.head = link;
  sieve.size += 1;
}

/** Takes an entry out of the queue; the newer one, or 0. Its place stays taken. */
function pull(table: usize, link: i32): i32 {
  const sieve = view(table);
  const entry = at(table, link);
  const newer = entry.towardsHead;
  const older = entry.towardsTail;
  if (newer != 0) at(table, newer).towardsTail = older;
  else sieve.head = older;
  if (older != 0) at(table, older).towardsHead = newer;
  else sieve.tail = newer;
  if (sieve.hand == link) sieve.hand = newer;
  sieve.size -= 1;
  return newer;
}

function unlink(table: usize, link: i32): void {
  const sieve = view(table);
  const entry = at(table, link);
  pull(table, link);
  entry.state = 0;
  entry.towardsTail = sieve.free;
  sieve.free = link;
}

/** Removes the entry that SIEVE would give up next; its index, or NONE. */
export function sieveEvict(table: usize): i32 {
  const sieve = view(table);
  if (sieve.size == 0) return NONE;
  const bound = sieve.size * 29 >> 5;
  const part = sieve.size * 10 >> 5;
  let link = sieve.hand;
  for (;;) {
    if (link == 0 || sieve.passed > bound) {
      link = sieve.tail;
      sieve.passed = 0;
      sieve.unread = 0;
    }
    const entry = at(table, link);
    if (entry.state == HELD) break;
    entry.state = HELD;
    const newer = entry.towardsHead;
    if (sieve.passed < part && sieve.unread > sieve.size >> 5) {
      pull(table, link);
      push(table, link);
    }
    sieve.passed += 1;
    link = newer;
  }
  sieve.unread += i32(sieve.passed < part);
  sieve.hand = link;
  unlink(table, link);
  sieve.evictions += 1;
  return link - 1;
}

/** A place for a new entry. At the limit that is the place of the entry it evicts. NONE where the limit is 0. */
export function sieveInsert(table: usize): i32 {
  const sieve = view(table);
  if (sieve.limit == 0) return NONE;
  if (sieve.size >= sieve.limit) sieveEvict(table);
  let link = sieve.free;
  if (link != 0) sieve.free = at(table, link).towardsTail;
  else link = ++sieve.fresh;
  push(table, link);
  return link - 1;
}

/** The link of a place that is held; 0 for another. */
function held(table: usize, index: i32): i32 {
  return <u32>index < <u32>view(table).fresh && at(table, index + 1).state != 0 ? index + 1 : 0;
}

/** A hit: marks the entry as visited. OK or UNKNOWN. */
export function sieveHit(table: usize, index: i32): i32 {
  const link = held(table, index);
  if (link == 0) return UNKNOWN;
  const sieve = view(table);
  const entry = at(table, link);
  const newer = entry.towardsHead;
  if (sieve.limit < NARROW || (newer != 0 && newer != sieve.head)) entry.state = HELD | VISITED;
  sieve.hits += 1;
  return OK;
}

/** Removes an entry that its owner gave up. OK or UNKNOWN. */
export function sieveRemove(table: usize, index: i32): i32 {
  const link = held(table, index);
  if (link == 0) return UNKNOWN;
  unlink(table, link);
  return OK;
}

/** Writes size, hits, evictions to the scratch area. */
export function sieveStats(table: usize): void {
  out(0, view(table).size);
  memory.copy(scratch + 8, table + offsetof<Sieve>("hits"), 2 * 8);
}

/**
 * Takes out the next entry at or behind place `from` that was not read since the last such pass (or since
 * it came); its index, or NONE. Entries on the way that were read lose their mark: one pass costs O(limit).
 */
export function sieveCold(table: usize, from: i32): i32 {
  const fresh = view(table).fresh;
  for (let index = from; index < fresh; index++) {
    const entry = at(table, index + 1);
    if (entry.state == HELD) {
      unlink(table, index + 1);
      count(table, offsetof<Sieve>("evictions"));
      return index;
    }
    entry.state &= HELD;
  }
  return NONE;
}
