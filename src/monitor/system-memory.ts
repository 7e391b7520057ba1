import type { LimitSource, LoopLag } from "../shared/reading.ts";

/** What taking the readings has cost since the start. */
export interface SamplerStats {
  readonly samples: number;
  /** Wall time of all samples and ticks together, including all decisions made on a sample. */
  readonly costMs: number;
  readonly maxSampleMs: number;
  /** `costMs` as a share of the time that the sampler ran; the budget is 0.001. `undefined` if it has not run. */
  readonly wallShareRatio: number | undefined;
}

export interface SystemMemory {
  readonly rssMb: number | undefined;
  readonly vmsMb: number | undefined;
  readonly heapUsedMb: number | undefined;
  readonly heapTotalMb: number | undefined;
  /** Above this the engine ends the process. */
  readonly heapLimitMb: number | undefined;
  /** The heap's parts by name, if the engine reports them. */
  readonly heapSpaces:
    | Readonly<
        Record<
          string,
          { readonly usedMb: number; readonly totalMb: number; readonly availableMb: number | undefined }
        >
      >
    | undefined;
  /** Memory outside the heap that objects in the heap hold, without the core's own. */
  readonly externalMb: number | undefined;
  /** Without the core's own memory. */
  readonly arrayBuffersMb: number | undefined;
  /** What the process's cgroup uses, without the file pages that the kernel can drop at once. */
  readonly workingSetMb: number | undefined;
  /** The memory limit of the process; `undefined` if there is none or it cannot be read. */
  readonly limitMb: number | undefined;
  readonly limitSource: LimitSource | undefined;
  /** What counts against `limitMb`: the working set if a cgroup sets it, else RSS. */
  readonly usedMb: number | undefined;
  /** Share of the last ten seconds in which some tasks, or all tasks, waited for memory, 0 to 1. */
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
