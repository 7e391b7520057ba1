import { Policy, type Schedule } from "../core/schedule.ts";
import type { RuntimePort } from "../shared/port.ts";
import { MB } from "../shared/units.ts";
import type { OptimizerSettings } from "./options.ts";

/** A collection must free this much for each ms it takes, or its kind sits out a while. */
const MIN_FREED_BYTES_PER_MS = 256 * 1024;
/** A due collection that found no idle moment for this long is dropped. */
const DEFERRAL_MS = 5000;
/** The memory threshold is left this far below itself, and acts at most this often. */
const THRESHOLD_LOW_RATIO = 0.9;
const THRESHOLD_COOLDOWN_MS = 10_000;

/** @internal What a new optimizer tells its schedule. */
export function configureSchedule(schedule: Schedule, port: RuntimePort, settings: OptimizerSettings): void {
  const now = port.now();
  schedule.configureFlight(settings.longLivedAfterMs, now);
  schedule.configureCollect(
    {
      policy: Policy.observe,
      thresholds: settings.gcThresholds,
      hasMinor: port.capabilities.minorCollection.available,
      budgetRatio: settings.gcBudgetRatio,
      minFreedBytesPerMs: MIN_FREED_BYTES_PER_MS,
      deferralMs: DEFERRAL_MS,
    },
    now,
  );
  const high = (settings.memoryThresholdMb ?? 0) * MB;
  schedule.configureWatermark(high, high * THRESHOLD_LOW_RATIO, THRESHOLD_COOLDOWN_MS);
}
