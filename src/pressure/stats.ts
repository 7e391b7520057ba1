import type { AdmissionStats } from "./admission.ts";
import type { PressureInfo } from "./level.ts";
import type { PressureCounts, ReliefStats } from "./pressure.ts";

/** `getMemoryStats().pressure`. */
export interface PressureStats extends PressureInfo, PressureCounts {
  /** What was let go of because of it. */
  readonly relief: ReliefStats;
  /** Who was let in and who was turned away; nobody where no load shedding is mounted. */
  readonly shedding: AdmissionStats;
}
