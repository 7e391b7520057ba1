// Exponentially weighted rates, as the load average of a Unix kernel: each tick
// moves a rate towards what was seen since the last tick, by 1 - exp(-dt / tau).

let lastTick: f64 = -1;
let lastCount: f64 = 0;
let perSecond10s: f64 = NaN;
let perSecond60s: f64 = NaN;

/** exp(-x) for x >= 0, within 1e-9: three terms of the series at x / 1024, squared ten times. Math.exp carries a table of 2 KB. */
function decay(x: f64): f64 {
  if (x > 40) return 0;
  const t = x / 1024;
  let e = 1 - t * (1 - (t / 2) * (1 - t / 3));
  for (let i = 0; i < 10; i++) e *= e;
  return e;
}

@inline
function towards(rate: f64, seen: f64, dtMs: f64, tauMs: f64): f64 {
  return rate != rate ? seen : rate + (seen - rate) * (1 - decay(dtMs / tauMs));
}

/** `count` is a running total. */
export function ratesTick(now: f64, count: f64): void {
  if (lastTick >= 0) {
    const dtMs = now - lastTick;
    if (dtMs <= 0) return;
    const seen = ((count - lastCount) * 1000) / dtMs;
    perSecond10s = towards(perSecond10s, seen, dtMs, 10000);
    perSecond60s = towards(perSecond60s, seen, dtMs, 60000);
  }
  lastTick = now;
  lastCount = count;
}

/** Requests per second over about 10 seconds; NaN before the second tick. */
export function rate10s(): f64 {
  return perSecond10s;
}
/** Requests per second over about 60 seconds; NaN before the second tick. */
export function rate60s(): f64 {
  return perSecond60s;
}
