/** The policies that act, in the order of the core (assembly/governor/guard.ts). */
export const ACTING = ["quiet", "watermark", "trim", "seal", "early"] as const;
/** A policy that runs collections or frees memory by itself. */
export type ActingPolicy = (typeof ACTING)[number];
/** What an experiment may try: what acts at opportunities, and the one setting that lasts. */
export type TriedPolicy = ActingPolicy | "lean";

/** Those that look at memory against its limit. */
export const AT_LIMITS: readonly ActingPolicy[] = ["watermark", "early"];

/** One bit for each that is named, by its place in `all`. */
export function bitsOf<T>(named: readonly T[], all: readonly T[]): number {
  return named.reduce((bits, one) => bits | (1 << all.indexOf(one)), 0);
}
