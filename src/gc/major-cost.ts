import type { GovernorCore } from "../core/governor.ts";

/** As in the core, until something is measured there. */
const PRIOR_PAUSES = 50;

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
  /** Asked for when there is something to measure. */
  #core: GovernorCore | undefined;

  constructor(loadCore: () => GovernorCore) {
    this.#loadCore = loadCore;
  }

  /** Once a second or so; what the budget of counted collections takes a major for from now on. */
  sample({ atMs, cpuMs, finished }: Mark): number {
    this.#core ??= this.#loadCore();
    const { exports } = this.#core;
    exports.costSample(atMs, cpuMs, finished);
    return exports.costPauses();
  }

  /** A forced major took so long. `before`: read right before it; its own time counts too. */
  collected({ atMs, cpuMs, finished }: Mark, pauseMs: number): void {
    this.#core ??= this.#loadCore();
    this.#core.exports.costCollected(atMs, cpuMs, finished, pauseMs);
  }

  /** `pauses`: 50 before anything was measured. */
  getStats(): { readonly pauses: number; readonly measured: number } {
    const core = this.#core;
    if (core === undefined) return { pauses: PRIOR_PAUSES, measured: 0 };
    core.exports.costStats();
    return { pauses: core.scratch[0]!, measured: core.scratch[1]! };
  }
}
