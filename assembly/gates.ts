// Gates: "every N requests". A request brings the set of gates it passed as bits;
// each gate counts, and opens at its interval.
//
//   {i32 interval, i32 count, i32 kind, i32 whileBusy} [28]     interval 0: no such gate

import { countsDecide, makeDue } from "./collect";
import { cleanupDue } from "./cleanup";
import { FULL, OK, UNKNOWN } from "./status";

/** Bits 0 .. 27 of a due mask are gates; the rest are in schedule.ts. */
const GATES: i32 = 28;
const gates: usize = memory.data(28 * 16, 4);

/** Only tells its owner. */
const GATE_NOTIFY: i32 = 0;
/** Makes a collection of generation 0 due, unless the policy only observes. */
const GATE_GENERATION_0: i32 = 1;
/** As above, of generation 2. */
const GATE_GENERATION_2: i32 = 2;
/** Makes a clean-up due. */
const GATE_CLEANUP: i32 = 3;

@unmanaged
class Gate {
  interval: i32;
  count: i32;
  kind: i32;
  whileBusy: i32;
}

@inline
function gate(index: i32): Gate {
  return changetype<Gate>(gates + (<usize>index << 4));
}

/** A new gate that opens at every `interval`-th request; its number, or FULL. */
export function gateCreate(interval: i32, kind: i32, whileBusy: i32): i32 {
  for (let i = 0; i < GATES; i++) {
    const g = gate(i);
    if (g.interval != 0) continue;
    g.interval = interval;
    g.count = 0;
    g.kind = kind;
    g.whileBusy = whileBusy;
    return i;
  }
  return FULL;
}

/** OK or UNKNOWN. Its number may be given out again. */
export function gateRemove(index: i32): i32 {
  if (<u32>index >= <u32>GATES || gate(index).interval == 0) return UNKNOWN;
  gate(index).interval = 0;
  return OK;
}

/** Counts one request at each gate of `mask`; the bits of the NOTIFY gates that opened. */
@inline
export function passGates(mask: i32, now: f64): i32 {
  let opened = 0;
  let left = mask & ((1 << GATES) - 1);
  while (left != 0) {
    const index = ctz(left);
    left &= left - 1;
    const g = gate(index);
    if (g.interval == 0) continue;
    g.count += 1;
    if (g.count < g.interval) continue;
    g.count = 0;
    if (g.kind == GATE_NOTIFY) opened |= 1 << index;
    else if (g.kind == GATE_CLEANUP) cleanupDue();
    else if (countsDecide()) makeDue(g.kind == GATE_GENERATION_0 ? 0 : 2, now, g.whileBusy != 0);
  }
  return opened;
}
