/** Until this process has measured it, as in the core: on a light JSON server on Node 20 it was about that. */
const PRIOR_PAUSES = 50;
/** Bounds of what is believed: a budget must neither be let go by luck nor closed for good by it. */
const MIN_PAUSES = 5;
const MAX_PAUSES = 200;
/** One measurement is mostly noise; twenty are not. */
const WEIGHT = 0.1;
/** By then code that was thrown away is compiled again: measured, a request costs what it did before after 1 to 3 s. */
const AFTER_MS = 3000;
/** A calm stretch, at least. */
const STRETCH_MS = 900;
/** A stretch with fewer requests says nothing about one. */
const MIN_REQUESTS = 100;
const USUAL_WEIGHT = 0.3;

/** A moment, in what is used up to it. */
export interface Mark {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly finished: number;
}

/**
 * What a forced major collection costs in all, in its pauses: V8 throws compiled code away with it, and has to
 * run slowly and compile again. Measured as the CPU time of the requests in the three seconds from its
 * start, beyond what as many requests took before. Noise goes both ways and averages out; where there was no
 * calm stretch to compare with, the estimate goes back towards what it began with.
 */
export class MajorCost {
  pauses: number = PRIOR_PAUSES;
  /** How many have been measured. */
  measured = 0;
  #raw = PRIOR_PAUSES;
  /** CPU time per finished request without a collection of ours, in ms. */
  #usualMs = Number.NaN;
  /** A calm stretch was seen since the last measurement. */
  #isFresh = false;
  #from: Mark | undefined;
  #pauseMs = 0;

  /** Once a second or so. */
  sample(now: Mark): void {
    const from = this.#from;
    if (!from) {
      this.#from = now;
      return;
    }
    const requests = now.finished - from.finished;
    const usedMs = now.cpuMs - from.cpuMs;
    const isCalm = this.#pauseMs === 0;
    if (now.atMs - from.atMs < (isCalm ? STRETCH_MS : AFTER_MS)) return;
    if (isCalm) this.#calm(requests, usedMs);
    else this.#settle(requests, usedMs);
    this.#from = now;
  }

  #calm(requests: number, usedMs: number): void {
    if (requests < MIN_REQUESTS) return;
    const perRequest = usedMs / requests;
    this.#usualMs = this.#isFresh ? this.#usualMs + USUAL_WEIGHT * (perRequest - this.#usualMs) : perRequest;
    this.#isFresh = true;
  }

  #settle(requests: number, usedMs: number): void {
    let seen = PRIOR_PAUSES;
    if (this.#isFresh && requests >= MIN_REQUESTS) {
      seen = Math.max(-MAX_PAUSES, Math.min(MAX_PAUSES, (usedMs - requests * this.#usualMs) / this.#pauseMs));
      this.measured += 1;
    }
    this.#raw += WEIGHT * (seen - this.#raw);
    this.pauses = Math.max(MIN_PAUSES, Math.min(MAX_PAUSES, this.#raw));
    this.#pauseMs = 0;
    this.#isFresh = false;
  }

  /** A forced major took so long. `before`: read right before it; its own time counts too. */
  collected(before: Mark, pauseMs: number): void {
    // A second one within the same stretch: they are judged together.
    if (this.#pauseMs === 0) {
      const from = this.#from;
      if (from) this.#calm(before.finished - from.finished, before.cpuMs - from.cpuMs);
      this.#from = before;
    }
    this.#pauseMs += pauseMs;
  }
}
