import type { AdmissionStats } from "./admission.ts";
import type { PressureInfo } from "./level.ts";
import type { PressureCounts, ReliefStats } from "./pressure.ts";

/** `getMemoryStats().pressure`. */
export interface PressureStats extends PressureInfo, PressureCounts {
  /** What was freed because of memory pressure. */
  readonly relief: ReliefStats;
  /** How many requests were admitted and shed; all 0 without load shedding. */
  readonly shedding: AdmissionStats;
}
