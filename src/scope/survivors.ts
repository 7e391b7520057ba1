import type { RuntimePort } from "../shared/port.ts";
import type { SurvivorsFound } from "../shared/survivors.ts";

interface Tally {
  requests: number;
  readonly kept: number[];
}

/** Routes kept at a time, those named, and samples of each: one needs this many to be named, and gets no more than that many. */
const CAPACITY = 64;
const MOST = 10;
const MIN_SAMPLES = 3;
const MAX_SAMPLES = 31;
/** Of a route where no router names it, characters. */
const MAX_ROUTE_LENGTH = 120;
/** Less cannot be told from what a look itself leaves. */
const MIN_KEPT_BYTES = 256;
/** Of what a look itself leaves: where that is much, V8 counts in large steps, and small differences are chance. */
const MIN_KEPT_RATIO = 0.25;
/** Between two collections so many times what one cost: 2 % of the time. */
const PAUSE_RATIO = 49;

/** By chance much adds to a heap between two minor collections: the low end tells. */
function lowest(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 3]!;
}

/**
 * What requests leave behind, by route: the heap after a minor collection in a quiet moment, and again in the
 * quiet moment after the one request that came next. Garbage is gone by then; what a request leaves to others, as a
 * cache or a leak, stays. So does what the look itself makes: the route that leaves least shows how much.
 */
export class SurvivorTable {
  readonly #port: RuntimePort;
  readonly #reason: string | undefined;
  readonly #tallies = new Map<string, Tally>();
  #costMs = 0;
  #nextMs = Number.NEGATIVE_INFINITY;
  /** The heap in a quiet moment, and the count of starts and ends by then. */
  #before: { readonly bytes: number; readonly events: number } | undefined;

  constructor(port: RuntimePort) {
    this.#port = port;
    const { minorCollection, heapUsed } = port.capabilities;
    const missing = [minorCollection, heapUsed].find(({ available }) => !available);
    this.#reason = missing ? (missing.reason ?? "this runtime cannot tell") : port.heapUsedInSteps;
  }

  /** A request of this route begins, `events` starts and ends after the first: the heap before it, where that is known. */
  begin(route: string, events: number): number | undefined {
    const before = this.#before;
    this.#before = undefined;
    let tally = this.#tallies.get(route);
    if (tally === undefined) {
      if (this.#tallies.size >= CAPACITY) return undefined;
      tally = { requests: 0, kept: [] };
      this.#tallies.set(route, tally);
    }
    tally.requests += 1;
    return tally.kept.length < MAX_SAMPLES && before?.events === events ? before.bytes : undefined;
  }

  /** Whether a look at the heap would be of use now. */
  get due(): boolean {
    return this.#reason === undefined && this.#port.now() >= this.#nextMs;
  }

  /** A quiet moment: looks at the heap. `sample`: of the one request since the last look, if there was but one. */
  look(events: number, sample?: { readonly route: string; readonly heapBytes: number }): void {
    const start = this.#port.now();
    this.#port.collect("minor");
    // Twice: all that is alive lies in the old generation then, so what of it dies meanwhile is not counted.
    if (!sample) this.#port.collect("minor");
    const bytes = this.#port.readHeapUsedBytes();
    const now = this.#port.now();
    this.#costMs += now - start;
    this.#nextMs = Math.max(this.#nextMs, now) + (now - start) * PAUSE_RATIO;
    if (bytes === undefined) return;
    const more = sample && bytes - sample.heapBytes;
    // Less than before: something old was freed meanwhile.
    if (sample && more! >= 0) this.#tallies.get(sample.route)?.kept.push(more!);
    this.#before = sample ? undefined : { bytes, events };
  }

  found(): SurvivorsFound {
    const costMs = this.#costMs;
    if (this.#reason !== undefined) return { routes: undefined, reason: this.#reason, costMs };
    const measured = Array.from(this.#tallies, ([route, { requests, kept }]) => ({ route, requests, kept }))
      .filter(({ kept }) => kept.length >= MIN_SAMPLES)
      .map(({ route, requests, kept }) => ({
        route: route.slice(0, MAX_ROUTE_LENGTH),
        requests,
        samples: kept.length,
        more: lowest(kept),
      }));
    if (measured.length < 2) {
      const reason =
        "fewer than two routes had requests that ran alone, with a quiet moment before and behind them";
      return { routes: undefined, reason, costMs };
    }
    const least = Math.min(...measured.map(({ more }) => more));
    const left = measured
      .map(({ more, ...one }) => ({
        ...one,
        keptBytes: more - least,
        totalBytes: (more - least) * one.requests,
      }))
      .filter(({ keptBytes }) => keptBytes >= Math.max(MIN_KEPT_BYTES, least * MIN_KEPT_RATIO));
    if (left.length === 0) {
      // V8 counts its old generation in steps: what is smaller than a look's own trace may hide in it.
      const reason = `no route left more than another: what the looks themselves leave, ${least} bytes, is as fine as it gets`;
      return { routes: undefined, reason, costMs };
    }
    const all = left.reduce((sum, { totalBytes }) => sum + totalBytes, 0);
    const routes = left
      .sort((a, b) => b.totalBytes - a.totalBytes)
      .slice(0, MOST)
      .map((one) => ({ ...one, shareRatio: one.totalBytes / all }));
    return { routes, reason: undefined, costMs };
  }
}
