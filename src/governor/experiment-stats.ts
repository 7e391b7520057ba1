import type { Concluded } from "./experiment.ts";
import type { TriedPolicy } from "./policies.ts";
import type { QuantileEffect, QuantileEffects } from "./quantile-effects.ts";

/** Where an experiment stands. */
export type Stage = "warming up" | "freezing the p99" | "running" | "stopped";

/** The state of the controlled experiment of `auto` (docs/governor.md). */
export interface ExperimentStats {
  /** Where it stands. */
  readonly stage: Stage;
  /** The challenger, or the adopted policy that is watched. */
  readonly policy: TriedPolicy | undefined;
  /** What the block at work does; `undefined` between blocks. */
  readonly arm: "acts" | "holds" | undefined;
  /** Which round of challengers this is, from 1 on. */
  readonly attempt: number;
  /** Blocks of this trial so far. */
  readonly blocks: number;
  /** Of those, the ones that acted. */
  readonly actedBlocks: number;
  /** Blocks before the trial, without action, that show what is usual: twenty. */
  readonly baselineBlocks: number;
  /** Blocks with too few requests to say anything. */
  readonly discardedBlocks: number;
  /** Blocks cut short because memory came near its limit; they count with what was measured until then. */
  readonly pressedBlocks: number;
  /** How long a block takes. */
  readonly blockMs: number;
  /** Trial blocks after which no decision is the decision: more of them once the gain is sure. */
  readonly horizonBlocks: number;
  /** The p99 of latency that outcomes are compared with, frozen after the warm-up; `undefined` until then. */
  readonly p99Ms: number | undefined;
  /**
   * The effect of acting, as a share of what is usual (-0.25: a quarter less), with an interval that holds whenever one
   * looks. Outcomes are capped at three usual deviations of a block, so a larger effect shows smaller than it is.
   */
  readonly effect: { readonly share: number; readonly low: number; readonly high: number } | undefined;
  /** What it does to quantiles of latency: described, never decided by. `undefined` until each arm has ten blocks. */
  readonly quantileEffects: QuantileEffects | undefined;
  /** The same to the requests above the frozen p99, those included that waited so long for our own pauses. */
  readonly exceedanceEffect: QuantileEffect | undefined;
  /** The policies that were found to gain and are in force. */
  readonly adopted: readonly TriedPolicy[];
  /** The trials that are over, the oldest first. */
  readonly concluded: readonly Concluded[];
  /** How long the pauses of trials made requests wait, estimated. */
  readonly chargedMs: number;
  /** CPU time that trials took. */
  readonly costMs: number;
  /** What it does and why, in one sentence. */
  readonly reason: string;
}

/** How a challenger did, to end a sentence. */
export const VERDICTS: Readonly<Record<Concluded["verdict"], string>> = {
  running: "is still tried",
  adopted: "gained",
  harmful: "did harm",
  "no gain": "gained nothing that matters",
  undecided: "left no evidence either way",
  "carry-over": "had effects that outlasted its blocks",
  "no opportunity": "had no opportunity on this server",
  revoked: "stopped to gain",
};
