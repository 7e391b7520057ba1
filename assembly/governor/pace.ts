// Pace: what a sample of memory is for, and how often the loop ticks. Near a limit
// samples come ten times a second: pressure and the memory threshold go by each,
// all else by one a second. Without requests nobody waits for the loop.

const TAKE_MS: f64 = 1000;
/** Samples come by the tick: half a one must not turn a second into more. */
const EARLY_MS: f64 = 50;
/** How long nothing must have come. */
const SILENCE_MS: f64 = 10000;

let takenAt: f64 = -Infinity;

/** Whether this sample is the one of a second. */
export function paceTakes(now: f64): i32 {
  if (now - takenAt < TAKE_MS - EARLY_MS) return 0;
  takenAt = now;
  return 1;
}

/** Whether a server that has had requests has none now. Where none ever came it may be no server. */
export function paceSilent(now: f64, started: f64, inFlight: i32, lastActivity: f64): i32 {
  return started > 0 && inFlight == 0 && now - lastActivity >= SILENCE_MS ? 1 : 0;
}
