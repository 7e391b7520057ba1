import type { LimitSource, LoopLag } from "../shared/reading.ts";

/** What taking the readings has cost since the start. */
export interface SamplerStats {
  /** Samples taken. */
  readonly samples: number;
  /** Wall time of all samples and ticks together, including all decisions made on a sample. */
  readonly costMs: number;
  /** The longest sample. */
  readonly maxSampleMs: number;
  /** `costMs` as a share of the time that the sampler ran; the budget is 0.001. `undefined` if it has not run. */
  readonly wallShareRatio: number | undefined;
}

/** Memory of the process in MB (2^20 bytes). A figure that the runtime or the system cannot tell is `undefined`. */
export interface SystemMemory {
  /** Resident set size. */
  readonly rssMb: number | undefined;
  /** Virtual memory size. */
  readonly vmsMb: number | undefined;
  /** Heap in use, live and dead objects. */
  readonly heapUsedMb: number | undefined;
  /** Heap reserved by the engine. */
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
  /** Where the limit comes from. */
  readonly limitSource: LimitSource | undefined;
  /** What counts against `limitMb`: the working set if a cgroup sets it, else RSS. */
  readonly usedMb: number | undefined;
  /** Share of the last ten seconds in which at least one task waited for memory, 0 to 1. */
  readonly psiSomeAvg10Ratio: number | undefined;
  /** Share of the last ten seconds in which all tasks waited for memory, 0 to 1. */
  readonly psiFullAvg10Ratio: number | undefined;
  /** Of the last sample; `undefined` while the sampler does not run. */
  readonly loopLagMs: LoopLag | undefined;
  /** Highest RSS that a sample saw. */
  readonly peakRssMb: number | undefined;
  /** How old these readings are. */
  readonly ageMs: number;
  /** What the readings cost. */
  readonly sampler: SamplerStats;
}
