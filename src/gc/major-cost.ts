import type { GovernorCore } from "../core/governor.ts";

/** A moment, in what is used up to it. */
export interface Mark {
  readonly atMs: number;
  /** CPU time of the process so far. */
  readonly cpuMs: number;
  /** Requests so far. */
  readonly finished: number;
}

/** What a forced major collection costs in all, in its pauses: measured by the core (assembly/governor/cost.ts). */
export class MajorCost {
  readonly #loadCore: () => GovernorCore;

  constructor(loadCore: () => GovernorCore) {
    this.#loadCore = loadCore;
  }

  /** Once a second or so; what the budget of counted collections takes a major for from now on. */
  sample({ atMs, cpuMs, finished }: Mark): number {
    const { exports } = this.#loadCore();
    exports.costSample(atMs, cpuMs, finished);
    return exports.costPauses();
  }

  /** A forced major took so long. `before`: read right before it; its own time counts too. */
  collected({ atMs, cpuMs, finished }: Mark, pauseMs: number): void {
    this.#loadCore().exports.costCollected(atMs, cpuMs, finished, pauseMs);
  }

  /** `pauses`: 50 before anything was measured. */
  getStats(): { readonly pauses: number; readonly measured: number } {
    const core = this.#loadCore();
    core.exports.costStats();
    return { pauses: core.scratch[0]!, measured: core.scratch[1]! };
  }
}
