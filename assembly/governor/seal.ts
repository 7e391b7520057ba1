// seal: one full collection once the program has started: its loop was free for a
// second, and no request has come yet.

const FREE_MS: f64 = 1000;
/** A timer may be so much early. A loop that comes back later than the other was held up: it is still starting. */
const EARLIEST: f64 = 0.9;
const LATEST: f64 = 1.2;

let askedAt: f64 = NaN;

/** Asked again after each wait. ms to wait; 0: now; -1: it is too late for it. */
export function sealWait(now: f64, started: f64): f64 {
  const waited = now - askedAt;
  askedAt = now;
  if (started > 0) return -1;
  return waited >= FREE_MS * EARLIEST && waited <= FREE_MS * LATEST ? 0 : FREE_MS;
}
