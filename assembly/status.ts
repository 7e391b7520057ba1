// What every exported function may answer besides a value. Never a trap:
// a trap would leave the state half written.

/** Done. For a release: the object stays in the pool. */
export const OK: i32 = 0;
/** The object was returned, but the pool keeps no more idle ones: let it go. */
export const SURPLUS: i32 = 1;
/** The slot is not leased: it was released before. Nothing was changed. */
export const DOUBLE_RELEASE: i32 = 2;
/** The slot has been leased again since: the handle is from an earlier lease. Nothing was changed. */
export const STALE_RELEASE: i32 = 3;
/** No such slot, gate or entry. Nothing was changed. */
export const UNKNOWN: i32 = 4;
/** Every place of the table is taken. Nothing was changed. */
export const FULL: i32 = i32.MIN_VALUE;
/** The host gave no more memory. Nothing was changed. */
export const OUT_OF_MEMORY: i32 = i32.MIN_VALUE + 1;
/** Nothing to answer: an empty list, no decision. */
export const NONE: i32 = -1;
