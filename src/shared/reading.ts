import type { MemoryReading } from "./port.ts";

/** How late the event loop ran, in ms, measured with a timer. */
export interface LoopLag {
  /** Over about the last ten seconds, like the next five. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly min: number;
  readonly mean: number;
  readonly standardDeviation: number;
  /** Of the last tick. */
  readonly last: number;
  /** Since the previous sample. */
  readonly max: number;
}

/**
 * What set the limit: the option `limitBytes`; a cgroup (the tightest of the process's own and its ancestors); or the
 * runtime (`process.constrainedMemory`).
 */
export type LimitSource = "option" | "cgroup" | "runtime";

/**
 * One sample. Bytes, and `undefined` where the runtime or the system cannot tell. The library's own WASM memory is
 * left out of the heap, external memory and array buffers, wherever the runtime counts it there.
 */
export interface Reading extends MemoryReading {
  /** On the port's clock. */
  readonly atMs: number;
  /** What a cgroup uses, less the file pages it can drop at once: of the cgroup that limits this process, else of its own. */
  readonly workingSetBytes: number | undefined;
  /** What may be used; `undefined` where there is no limit or none can be read. */
  readonly limitBytes: number | undefined;
  /** Where the limit comes from. */
  readonly limitSource: LimitSource | undefined;
  /** What counts against `limitBytes`: the working set where a cgroup set the limit, else RSS. There without a limit as well. */
  readonly usedBytes: number | undefined;
  /** Above this the engine ends the process. */
  readonly heapLimitBytes: number | undefined;
  /** Share of the last ten seconds in which at least one task waited for memory, 0 to 1. */
  readonly psiSomeAvg10Ratio: number | undefined;
  /** Share of the last ten seconds in which all tasks waited for memory, 0 to 1. */
  readonly psiFullAvg10Ratio: number | undefined;
  /** `undefined` while the sampler does not run. */
  readonly loopLagMs: LoopLag | undefined;
}
