// Counts: whether requests that are counted make collections due. A forced major
// costs V8 far more than its pause, so no server is made to pay for a count that
// nobody named: by default a scheduled clean-up only lets go of what is idle.

/** Of the policies in the order of src/governor/options.ts. */
const INTERVAL: i32 = 1 << 1;

let collects: bool = false;

/**
 * A middleware named counts of collections. 1: they make collections due from now on, and clean-ups collect too.
 * `policies`: those that the options name, one bit each; where they name others than `interval`, they have the say.
 */
export function countsNamed(policies: i32): i32 {
  if (policies != 0 && (policies & INTERVAL) == 0) return 0;
  collects = true;
  return 1;
}

/** Somebody said how often to clean up: such clean-ups collect. */
export function countsCleanupsNamed(): void {
  collects = true;
}

/** 1 where a scheduled clean-up makes a major collection due. */
export function countsCollect(): i32 {
  return collects ? 1 : 0;
}
