/** A route whose requests leave something on the heap, as far as those that ran alone tell. */
export interface CulpritRoute {
  /** Method and pattern: `GET /items/:id`. */
  readonly route: string;
  /** That came while it was watched, and those of them that were measured. */
  readonly requests: number;
  readonly samples: number;
  /** Of one request: in use after a collection behind it and not after one before it, more than the least route's. */
  readonly keptBytes: number;
  /** Of all its requests, estimated. */
  readonly totalBytes: number;
  /** Its share of what all routes left, 0 to 1. */
  readonly shareRatio: number;
}

export interface SurvivorsFound {
  /** Most bytes first, at most ten; `undefined` where nothing can be told. */
  readonly routes: readonly CulpritRoute[] | undefined;
  /** Why not. */
  readonly reason: string | undefined;
  /** For how long the collections held up the event loop. */
  readonly costMs: number;
}
