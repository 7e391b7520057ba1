/** How short memory is. */
export type PressureLevel = "normal" | "elevated" | "high" | "critical";

/** From calm to worst: a level's place is its number in the core. */
export const LEVELS: readonly PressureLevel[] = ["normal", "elevated", "high", "critical"];

/** The input that decides: memory and its limit, the heap and its limit, time lost to waiting for memory, or the event loop's delay. */
export type PressureCause = "memory" | "heap" | "stall" | "lag";

/** In the core's order. */
export const CAUSES: readonly PressureCause[] = ["memory", "heap", "stall", "lag"];

/** The readings that decide the level. One that cannot be read is `undefined` and not used. */
export interface PressureInputs {
  /** What counts against the limit. */
  readonly usedBytes: number | undefined;
  /** The memory limit. */
  readonly limitBytes: number | undefined;
  /** Heap in use. */
  readonly heapUsedBytes: number | undefined;
  /** The heap size at which the engine would end the process. */
  readonly heapLimitBytes: number | undefined;
  /** Share of the last ten seconds in which some task waited for memory, 0 to 1. */
  readonly stallRatio: number | undefined;
  /** How late the event loop ran at worst since the last sample. */
  readonly lagMs: number | undefined;
}

/** The level of memory pressure, and what decided it. */
export interface PressureInfo {
  /** The level now. */
  readonly level: PressureLevel;
  /** When this level was entered, in ms on the port's clock; `undefined` before the first sample. */
  readonly enteredAtMs: number | undefined;
  /** The reading that decided; `undefined` before the first reading. */
  readonly cause: PressureCause | undefined;
  /** One sentence with the figures that decided. */
  readonly reason: string;
  /** The readings of the last sample. */
  readonly inputs: PressureInputs;
  /** Time until the limit at the present rate; `undefined` if memory does not grow or has no known limit. */
  readonly timeToLimitMs: number | undefined;
  /** All inputs on one scale, with 1, 2 and 3 at the marks of elevated, high and critical. Load shedding follows it. */
  readonly strain: number;
}
