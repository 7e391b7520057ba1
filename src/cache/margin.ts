import type { BudgetReading } from "../shared/budget-member.ts";
import { Ghosts } from "./ghosts.ts";
import { countsOf } from "./stats.ts";
import { ENTRY_BYTES, type Tiers } from "./tiers.ts";

/** What a hit is taken to save as long as `getOrCreate` has measured no load: a query over a local network. */
const ASSUMED_LOAD_MS = 1;
/** Of the entries that a cache may hold, so many are remembered when they had to go; within these bounds. */
const GHOST_SHARE = 1 / 4;
const GHOSTS_MIN = 64;
const GHOSTS_MAX = 4096;

export function ghostsFor(maxSize: number): Ghosts {
  const wanted = Math.min(GHOSTS_MAX, Math.max(GHOSTS_MIN, maxSize * GHOST_SHARE));
  return new Ghosts(2 ** Math.ceil(Math.log2(wanted)));
}

/** What a cache holds, and what the next byte would earn it, in the terms of the budget. */
export function readMargin<K, V extends object>(
  { strong }: { readonly strong: { readonly maxBytes: number } | undefined },
  tiers: Tiers<K, V>,
  maxSize: number,
  meanLoadMs: number | undefined,
): BudgetReading {
  const nsPerHit = (meanLoadMs ?? ASSUMED_LOAD_MS) * 1e6;
  return {
    heldBytes: strong === undefined ? tiers.at.size * ENTRY_BYTES : tiers.strongBytes,
    wantedBytes: strong?.maxBytes ?? maxSize * ENTRY_BYTES,
    savedNs: countsOf(tiers).hits * nsPerHit,
    missedNs: (tiers.ghosts?.hits ?? 0) * nsPerHit,
    marginBytes: tiers.ghosts?.bytes ?? 0,
  };
}
