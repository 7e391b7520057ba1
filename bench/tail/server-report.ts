/** `undefined` where the runtime does not tell. Times as `v8.GCProfiler` has them, where nothing else is said. */
export interface ServerReport {
  readonly collections: number | undefined;
  readonly majors: number | undefined;
  /** Of the young generation. */
  readonly youngMs: number | undefined;
  /** Of the old one, the steps of incremental marking that stop the program included. */
  readonly oldMs: number | undefined;
  /** Of both, while a handler was at work: where the runtime tells when a collection began. */
  readonly insideMs: number | undefined;
  /** The same as the performance observer has it. */
  readonly insideObservedMs: number | undefined;
  readonly longestMs: number | undefined;
  readonly allocatedBytes: number | undefined;
  readonly freedBytes: number | undefined;
}

/** A pause of a collection of ours, on the clock of the wall. */
export interface Pause {
  readonly fromMs: number;
  readonly toMs: number;
}
