import type { AdvisorSample } from "../advisor/advisor.ts";
import type { Schedule } from "../core/schedule.ts";
import type { GarbageCollectionOptimizer } from "../gc/gc-optimizer.ts";
import type { Reading } from "../monitor/reading.ts";

/** @internal What a sample of the monitor tells the advisor. */
export function advisorSample(
  reading: Reading,
  schedule: Schedule,
  collections: GarbageCollectionOptimizer,
): AdvisorSample {
  const { minor, major } = collections.getStats().engine ?? {};
  return {
    requests: schedule.flightStats().finished,
    minors: minor?.count,
    minorPauseMs: minor?.totalPauseMs,
    promotion: collections.promotion,
    majors: major?.forced === undefined ? undefined : major.count - major.forced,
    limitBytes: reading.limitBytes,
    usedBytes: reading.usedBytes,
    heapLimitBytes: reading.heapLimitBytes,
    heapUsedBytes: reading.heapUsedBytes,
  };
}
