import type { GovernorObjective } from "./options.ts";
import type { TriedPolicy } from "./policies.ts";

const MIN_BLOCK_MS = 10_000;
export const MAX_BLOCK_MS = 60_000;
/** Where no major collection of the engine's own was seen. */
const UNKNOWN_BLOCK_MS = 20_000;
/** A memory block goes on after traffic has stopped. */
const MEMORY_BLOCK_MS = 30_000;
/** A block spans at least so many majors that the engine runs by itself, as far as that fits into the longest. */
const MAJORS_A_BLOCK = 2;

/** @param spacingMs between two majors of the engine's own; `NaN`: not known */
export function blockLengthMs(
  policy: TriedPolicy | undefined,
  objective: GovernorObjective,
  spacingMs: number,
): number {
  if (objective === "memory" && policy !== "lean") return MEMORY_BLOCK_MS;
  const wanted = Number.isNaN(spacingMs) ? UNKNOWN_BLOCK_MS : spacingMs * MAJORS_A_BLOCK;
  const least = objective === "memory" ? MEMORY_BLOCK_MS : MIN_BLOCK_MS;
  return Math.min(MAX_BLOCK_MS, Math.max(least, wanted));
}
