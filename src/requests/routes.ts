/** What one route costs, as far as its samples tell. */
export interface RouteStats {
  /** Method and pattern: `GET /items/:id`. */
  readonly route: string;
  /** Requests that were timed. */
  readonly samples: number;
  /** Of those, the ones during which no other started or ended: only they tell what the heap grew by. */
  readonly heapSamples: number;
  /** Mean heap growth of a request, without what was collected meanwhile; `undefined` if no sample tells. */
  readonly meanBytes: number | undefined;
  /** Heap growth of all requests of the route together, estimated from the samples. */
  readonly totalBytes: number | undefined;
  /** Mean duration of the timed requests. */
  readonly meanMs: number;
  /** Time of all requests of the route together, estimated from the samples. */
  readonly totalMs: number;
}

interface Tally {
  samples: number;
  heapSamples: number;
  bytes: number;
  ms: number;
  /** Weight that it may have been credited with when it took over the place of another. */
  inherited: number;
}

/** Routes that are kept at a time. */
const CAPACITY = 64;

/**
 * Routes by what their requests allocate, in bounded room: when all places are taken, a new route takes that of
 * the least one and inherits its count, so that no heavy route is missed (Metwally, Agrawal and El Abbadi,
 * "Efficient computation of frequent and top-k elements in data streams", 2005).
 */
export class RouteTable {
  readonly #tallies = new Map<string, Tally>();
  readonly #by: "bytes" | "ms";

  /** @param by what makes a route heavy: `ms` where nobody tells its bytes */
  constructor(by: "bytes" | "ms" = "bytes") {
    this.#by = by;
  }

  add(route: string, bytes: number | undefined, ms: number): void {
    let tally = this.#tallies.get(route);
    if (tally === undefined) {
      const inherited = this.#tallies.size < CAPACITY ? 0 : this.#evict();
      tally = { samples: 0, heapSamples: 0, bytes: 0, ms: 0, inherited };
      this.#tallies.set(route, tally);
    }
    tally.samples += 1;
    tally.ms += ms;
    if (bytes === undefined) return;
    tally.heapSamples += 1;
    tally.bytes += bytes;
  }

  #evict(): number {
    let least: string | undefined;
    let weight = Number.POSITIVE_INFINITY;
    for (const [route, tally] of this.#tallies) {
      const own = tally[this.#by] + tally.inherited;
      if (own < weight) {
        weight = own;
        least = route;
      }
    }
    if (least !== undefined) this.#tallies.delete(least);
    return weight;
  }

  /** The heaviest first: by bytes, and by time where those are not known. `every`: one request in so many is a sample. */
  top(limit: number, every: number): RouteStats[] {
    return Array.from(this.#tallies, ([route, { samples, heapSamples, bytes, ms }]) => {
      const meanBytes = heapSamples > 0 ? bytes / heapSamples : undefined;
      return {
        route,
        samples,
        heapSamples,
        meanBytes,
        totalBytes: meanBytes === undefined ? undefined : meanBytes * samples * every,
        meanMs: ms / samples,
        totalMs: ms * every,
      };
    })
      .sort((a, b) => (b.totalBytes ?? -1) - (a.totalBytes ?? -1) || b.totalMs - a.totalMs)
      .slice(0, limit);
  }
}

/** Parts of a path that name one thing and not a kind: numbers, hashes, identifiers, anything long. */
const PARTICULAR = /^(?:\d[^/]*|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|[^/]*\d[^/]*\d[^/]*\d[^/]*|[^/]{33,})$/i;

/** The pattern of a path where no router tells it: parts that look like one thing's name become `:id`. */
export function patternOf(path: string): string {
  const query = path.indexOf("?");
  const bare = query < 0 ? path : path.slice(0, query);
  return bare
    .split("/")
    .map((part) => (PARTICULAR.test(part) ? ":id" : part))
    .join("/");
}
