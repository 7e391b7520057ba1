import type { Concluded } from "./experiment.ts";
import type { TriedPolicy } from "./policies.ts";
import type { QuantileEffects } from "./quantile-effects.ts";

export type Stage = "warming up" | "freezing the p99" | "running" | "stopped";

export interface ExperimentStats {
  readonly stage: Stage;
  /** The challenger, or the adopted policy that is watched. */
  readonly policy: TriedPolicy | undefined;
  /** What the block at work does; `undefined` between blocks. */
  readonly arm: "acts" | "holds" | undefined;
  /** The how manieth round of challengers this is, from 1 on. */
  readonly attempt: number;
  /** Of this trial so far, and those of them that acted. */
  readonly blocks: number;
  readonly actedBlocks: number;
  /** Before it, without action, to learn what is usual: twenty. */
  readonly baselineBlocks: number;
  /** With too few requests to say anything. */
  readonly discardedBlocks: number;
  /** Ended before their time, because memory came near its limit; they count with what was measured until then. */
  readonly pressedBlocks: number;
  /** How long one takes. */
  readonly blockMs: number;
  /** Trial blocks after which no decision is the decision: more of them once the gain is sure. */
  readonly horizonBlocks: number;
  /** Frozen; `undefined` until then. */
  readonly p99Ms: number | undefined;
  /**
   * Of acting, as a share of what is usual (-0.25: a quarter less), on outcomes held to three usual deviations of a block, so
   * that larger effects are told as smaller than they are; the interval holds at all times at once.
   */
  readonly effect: { readonly share: number; readonly low: number; readonly high: number } | undefined;
  /** What it does to quantiles of latency: described, never decided by. `undefined` until each arm has ten blocks. */
  readonly quantileEffects: QuantileEffects | undefined;
  readonly adopted: readonly TriedPolicy[];
  readonly concluded: readonly Concluded[];
  /** Made requests wait by pauses of trials, estimated; and taken of CPU time by them. */
  readonly chargedMs: number;
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
