// Suspicion: memory was found to grow. When its culprit is searched for and for
// how long, and when a heap snapshot is taken: the one seldom, the other once a
// growth, in a moment without requests or after a while without such a moment.

const MS_PER_HOUR: f64 = 3600000;
/** A search costs two major collections: not again for the same growth. */
const SEARCH_INTERVAL_MS: f64 = MS_PER_HOUR;
/** What grows while it lasts, at the rate of the verdict: 64 samples. */
const ENOUGH_BYTES: f64 = 8388608;
const MIN_SEARCH_MS: f64 = 10000;
const MAX_SEARCH_MS: f64 = 600000;
/** A snapshot blocks for seconds: it waits so long for a moment without requests. */
const DRAIN_MS: f64 = 60000;

/** Wanted by the owner, and due. */
const SEARCH: i32 = 1;
const SNAPSHOT: i32 = 2;

let searchedAt: f64 = -Infinity;
let suspectedAt: f64 = NaN;
let snapshotTried: bool = false;

/** Once a sample: what of the `wanted` is due. `searching`: a search runs, so a snapshot would be part of what it measures. */
export function suspicionDue(now: f64, growing: i32, wanted: i32, idle: i32, searching: i32): i32 {
  if (!growing) {
    suspectedAt = NaN;
    snapshotTried = false;
    return 0;
  }
  if (suspectedAt != suspectedAt) suspectedAt = now;
  if ((wanted & SEARCH) && now - searchedAt >= SEARCH_INTERVAL_MS) {
    searchedAt = now;
    return SEARCH;
  }
  if (!(wanted & SNAPSHOT) || snapshotTried || searching) return 0;
  if (!idle && now - suspectedAt < DRAIN_MS) return 0;
  snapshotTried = true;
  return SNAPSHOT;
}

/** How long a search takes until enough has grown to stand out among samples. NaN: the rate is not known. */
export function suspicionSearchMs(bytesPerHour: f64): f64 {
  if (!(bytesPerHour > 0)) return MAX_SEARCH_MS;
  return min(MAX_SEARCH_MS, max(MIN_SEARCH_MS, (ENOUGH_BYTES / bytesPerHour) * MS_PER_HOUR));
}
