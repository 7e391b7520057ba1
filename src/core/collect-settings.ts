import { requireAmounts, requireFields, requireInteger } from "../shared/errors.ts";
import { checkFlag, checkReading } from "./check.ts";

/** Settings of `Schedule.configureCollect`. */
export interface CollectSettings {
  /** One of `Policy`. */
  readonly policy: 0 | 1;
  /** Finished requests, generation-0 runs, generation-1 runs: above them a collection is due. */
  readonly thresholds: readonly [number, number, number];
  /** Whether the runtime can collect the young generation alone. */
  readonly hasMinor: boolean;
  /** Share of wall time, 0 to 1. */
  readonly budgetRatio: number;
  /** Freed for each ms of pause, at least; else its kind sits out a while. */
  readonly minFreedBytesPerMs: number;
  /** A due one that waits for longer is dropped. */
  readonly deferralMs: number;
}

const SETTINGS = ["policy", "thresholds", "hasMinor", "budgetRatio", "minFreedBytesPerMs", "deferralMs"];

/** @throws `INVALID_OPTION` */
export function checkSettings(given: CollectSettings, nowMs: unknown): void {
  requireFields("configureCollect", given, SETTINGS);
  const { policy, thresholds, hasMinor, budgetRatio, minFreedBytesPerMs, deferralMs } = given;
  const [t0, t1, t2] = Array.isArray(thresholds) ? thresholds : [];
  requireInteger("configureCollect: policy", policy, 0, 1);
  checkFlag("configureCollect: hasMinor", hasMinor);
  requireAmounts("configureCollect: thresholds", { 0: t0, 1: t1, 2: t2 });
  requireAmounts("configureCollect", { budgetRatio, minFreedBytesPerMs, deferralMs, nowMs });
}

/** What is told of a collection that has run. @throws `INVALID_OPTION` */
export function checkCollection(
  where: string,
  generation: unknown,
  pauseMs: unknown,
  freedBytes: unknown,
): void {
  requireInteger(`${where}: generation`, generation, 0, 2);
  requireAmounts(where, { pauseMs });
  checkReading(`${where}: freedBytes`, freedBytes);
}
