export const MB: number = 1024 * 1024;
/** A collection must free this much for each ms it takes, or its kind sits out a while. */
export const MIN_FREED_BYTES_PER_MS: number = 256 * 1024;
/** A due collection that found no idle moment for this long is dropped. */
export const DEFERRAL_MS: number = 5000;
/** An automatic clean-up that frees less makes the next ones sit out. */
export const MIN_CLEANUP_BYTES: number = MB;
/** So long after a major collection of ours the memory threshold waits for its next look. */
export const MAJOR_REST_MS: number = 200;
/** The memory threshold is left this far below itself, and acts at most this often. */
export const THRESHOLD_LOW_RATIO: number = 0.9;
export const THRESHOLD_COOLDOWN_MS: number = 10_000;
