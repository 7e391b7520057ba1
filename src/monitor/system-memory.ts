import type { LimitSource, LoopLag } from "./reading.ts";

/** What the sampler itself took since it started. */
export interface SamplerStats {
  readonly samples: number;
  /** Wall time of all samples and ticks together, with all that is decided on a sample. */
  readonly costMs: number;
  readonly maxSampleMs: number;
  /** Of the time it was running; the budget is 0.001. `undefined` where it has not run. */
  readonly wallShareRatio: number | undefined;
}

export interface SystemMemory {
  readonly rssMb: number | undefined;
  readonly vmsMb: number | undefined;
  readonly heapUsedMb: number | undefined;
  readonly heapTotalMb: number | undefined;
  /** The engine ends the process above it. */
  readonly heapLimitMb: number | undefined;
  /** By name, where the engine tells. */
  readonly heapSpaces:
    | Readonly<
        Record<
          string,
          { readonly usedMb: number; readonly totalMb: number; readonly availableMb: number | undefined }
        >
      >
    | undefined;
  /** Outside the heap, held by it; the core's own memory left out. */
  readonly externalMb: number | undefined;
  /** The core's own memory left out. */
  readonly arrayBuffersMb: number | undefined;
  /** What the process's cgroup uses, less the file pages it can drop at once. */
  readonly workingSetMb: number | undefined;
  /** The process's own limit; `undefined` where there is none or it cannot be read. */
  readonly limitMb: number | undefined;
  readonly limitSource: LimitSource | undefined;
  /** What counts against `limitMb`: the working set where a cgroup set it, else RSS. */
  readonly usedMb: number | undefined;
  /** Share of the last ten seconds in which some task, and in which every task, waited for memory, 0 to 1. */
  readonly psiSomeAvg10Ratio: number | undefined;
  readonly psiFullAvg10Ratio: number | undefined;
  /** Of the last sample; `undefined` while the sampler does not run. */
  readonly loopLagMs: LoopLag | undefined;
  /** Highest RSS that a sample saw. */
  readonly peakRssMb: number | undefined;
  /** How old these readings are. */
  readonly ageMs: number;
  readonly sampler: SamplerStats;
}
