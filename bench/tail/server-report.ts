/** `undefined` where the runtime does not tell. */
export interface ServerReport {
  readonly collections: number | undefined;
  readonly majors: number | undefined;
  readonly collectionMs: number | undefined;
  /** Of these, while a handler was at work: where the runtime tells when a collection began. */
  readonly insideMs: number | undefined;
  readonly longestMs: number | undefined;
  readonly allocatedBytes: number | undefined;
  readonly freedBytes: number | undefined;
}

/** A pause of a collection of ours, on the clock of the wall. */
export interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}
