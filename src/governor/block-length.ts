import type { GovernorObjective } from "./options.ts";

const MIN_BLOCK_MS = 10_000;
/** Where majors are rarer than half of this, a trial would take weeks. */
const MAX_BLOCK_MS = 600_000;
/** Where no major collection of the engine's own was seen. */
const UNKNOWN_BLOCK_MS = 20_000;
/** A memory block goes on after traffic has stopped. */
const MIN_MEMORY_BLOCK_MS = 30_000;
/** A block spans at least so many majors that the engine runs by itself, as far as that fits into the longest. */
const MAJORS_A_BLOCK = 2;

/** @param spacingMs between two majors of the engine's own; `NaN`: not known */
export function blockLengthMs(objective: GovernorObjective, spacingMs: number): number {
  const wanted = Number.isNaN(spacingMs) ? UNKNOWN_BLOCK_MS : spacingMs * MAJORS_A_BLOCK;
  const least = objective === "memory" ? MIN_MEMORY_BLOCK_MS : MIN_BLOCK_MS;
  return Math.min(MAX_BLOCK_MS, Math.max(least, wanted));
}
