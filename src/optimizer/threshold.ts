import type { GovernorCore } from "../core/governor.ts";
import type { Reading } from "../monitor/reading.ts";
import type { Parts } from "./parts.ts";

/** Above the memory threshold: everything at once, and the outcome goes back to the core. */
export function thresholdSample(
  optimizer: Parts,
  thresholdMb: number,
  { atMs, rssBytes }: Reading,
  loadCore: () => GovernorCore,
): void {
  const { port, monitor, core, gcOptimizer, logger } = optimizer;
  const last = gcOptimizer.lastMajor;
  if (last !== undefined) {
    const { exports } = loadCore();
    exports.governorCollected(last.endedAtMs);
    if (exports.governorRestMs(atMs) > 0) return;
  }
  if (!core.schedule.watermarkSample(atMs, rssBytes)) return;
  const cleanup = optimizer.manualMemoryCleanup();
  const after = monitor.read(port.now(), 0).rssBytes;
  const freedBytes = rssBytes === undefined || after === undefined ? undefined : rssBytes - after;
  core.schedule.watermarkDone(port.now(), freedBytes);
  logger.warn({ thresholdMb, rssBytes, freedBytes, ...cleanup }, "memory is above its threshold: cleaned up");
}
