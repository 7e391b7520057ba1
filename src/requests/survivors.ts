import type { GovernorCore } from "../core/governor.ts";
import { addressOf } from "../core/table.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { CulpritRoute, SurvivorsFound } from "../verdict/culprit-route.ts";

/** Routes that the core keeps at a time (assembly/governor/survivors.ts). */
const CAPACITY = 64;
/** What a minor collection leaves is partly garbage that grew old: only many samples tell. A major one is exact, where the heap does not drift. */
const MIN_SAMPLES = { minor: 8, major: 3, drifting: 10 } as const;
/** Where a heap drifts: so many samples one behind the other, each look the one before for the next request. */
const CHAIN = 4;
/** Numbers that it writes about each. */
const FIELDS = 6;
/** Of a route where no router names it, characters. */
const MAX_ROUTE_LENGTH = 120;

/**
 * What requests leave behind, by route: the heap after a collection in a quiet moment, and again in the
 * quiet moment after the one request that came next. Garbage is gone by then; what a request leaves to others, as a
 * cache or a leak, stays. So does what the look itself makes. The core keeps the samples and ranks the routes.
 */
export class SurvivorTable {
  readonly #port: RuntimePort;
  readonly #core: GovernorCore;
  readonly #reason: string | undefined;
  readonly #table: number;
  readonly #routes = new Map<string, number>();
  #costMs = 0;
  /** The heap in a quiet moment, and the count of starts and ends by then. */
  #before: { readonly bytes: number; readonly events: number } | undefined;
  #chained = 0;
  #found: SurvivorsFound | undefined;

  /** @throws `OUT_OF_MEMORY` */
  constructor(port: RuntimePort, core: GovernorCore) {
    this.#port = port;
    this.#core = core;
    const { available, reason } = port.capabilities.liveHeap;
    this.#reason = available ? undefined : (reason ?? "this runtime cannot tell");
    const { after = "minor", drifts = false } = port.liveHeap ?? {};
    const minSamples = MIN_SAMPLES[drifts ? "drifting" : after];
    this.#table = addressOf("a table of routes", core.exports.survivorsCreate(minSamples, Number(drifts)));
  }

  /** A request begins, `events` starts and ends after the first: the heap before it, NaN where that is not known. */
  begin(events: number): number {
    const before = this.#before;
    this.#before = undefined;
    return before?.events === events ? before.bytes : Number.NaN;
  }

  /** A request of this route has ended; whether a sample of it is still of use. */
  ended(route: string): boolean {
    let index = this.#routes.get(route);
    if (index === undefined) {
      index = this.#routes.size;
      if (index >= CAPACITY) return false;
      this.#routes.set(route, index);
    }
    return this.#core.exports.survivorsBegin(this.#table, index) === 1;
  }

  /** Whether a look at the heap would be of use now. */
  get due(): boolean {
    return this.#reason === undefined && this.#core.exports.survivorsDue(this.#table, this.#port.now()) === 1;
  }

  /** A quiet moment: looks at the heap. `sample`: of the one request since the last look, if there was but one. */
  look(events: number, sample?: { readonly route: string; readonly heapBytes: number }): void {
    const { exports } = this.#core;
    const start = this.#port.now();
    const { after = "major", readBytes, drifts } = this.#port.liveHeap ?? {};
    this.#port.collect(after);
    // Twice: all that is alive lies in the old generation then, so what of it dies meanwhile is not counted.
    if (after === "minor" && !sample) this.#port.collect("minor");
    const bytes = readBytes?.();
    const now = this.#port.now();
    this.#costMs += now - start;
    exports.survivorsLooked(this.#table, start, now);
    if (bytes === undefined) return;
    const route = sample && this.#routes.get(sample.route);
    if (route !== undefined) exports.survivorsKept(this.#table, route, bytes - sample!.heapBytes);
    this.#chained = sample ? this.#chained + 1 : 0;
    const goesOn = !sample || (drifts && this.#chained < CHAIN);
    this.#before = goesOn ? { bytes, events } : undefined;
  }

  /** What was found; ends the watch. */
  found(): SurvivorsFound {
    this.#found ??= { ...this.#rank(), costMs: this.#costMs };
    return this.#found;
  }

  #rank(): Pick<SurvivorsFound, "routes" | "reason"> {
    const { exports } = this.#core;
    const count = exports.survivorsRank(this.#table);
    const { scratch } = this.#core;
    exports.survivorsDestroy(this.#table);
    if (this.#reason !== undefined) return { routes: undefined, reason: this.#reason };
    if (count < 0) {
      const reason =
        "fewer than two routes had enough requests that ran alone, with a quiet moment before and behind them: a longer search may tell";
      return { routes: undefined, reason };
    }
    if (count === 0) {
      const fineness = this.#port.liveHeap?.drifts
        ? "beyond what its requests differ by"
        : `what the looks themselves leave, ${scratch[0]} bytes, is as fine as it gets`;
      const reason = `no route left more than another: ${fineness}`;
      return { routes: undefined, reason };
    }
    const names = [...this.#routes.keys()];
    const routes = Array.from({ length: count }, (_, i): CulpritRoute => {
      const at = 1 + i * FIELDS;
      return {
        route: names[scratch[at]!]!.slice(0, MAX_ROUTE_LENGTH),
        requests: scratch[at + 1]!,
        samples: scratch[at + 2]!,
        keptBytes: scratch[at + 3]!,
        totalBytes: scratch[at + 4]!,
        shareRatio: scratch[at + 5]!,
      };
    });
    return { routes, reason: undefined };
  }
}
