import type { MemoryOptimizer } from "../optimizer.ts";
import type { MemoryReading } from "../shared/port.ts";

/** Above the memory threshold: everything at once, and the outcome goes back to the core. */
export function thresholdCleanup(
  optimizer: MemoryOptimizer,
  thresholdMb: number | undefined,
  { rssBytes }: MemoryReading,
): void {
  const { port, monitor, core, logger } = optimizer;
  const cleanup = optimizer.manualMemoryCleanup();
  const after = monitor.read(port.now(), 0).rssBytes;
  const freedBytes = rssBytes === undefined || after === undefined ? undefined : rssBytes - after;
  core.schedule.watermarkDone(port.now(), freedBytes);
  logger.warn({ thresholdMb, rssBytes, freedBytes, ...cleanup }, "memory is above its threshold: cleaned up");
}
