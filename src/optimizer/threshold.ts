import type { Reading } from "../monitor/reading.ts";
import type { Parts } from "./parts.ts";

/** So long after a major collection of ours the memory threshold waits for its next look. */
const MAJOR_REST_MS = 200;

/** Above the memory threshold: everything at once, and the outcome goes back to the core. */
export function thresholdSample(
  optimizer: Parts,
  thresholdMb: number | undefined,
  { atMs, rssBytes }: Reading,
): void {
  const { port, monitor, core, gcOptimizer, logger } = optimizer;
  const last = gcOptimizer.lastMajor;
  if (last !== undefined && atMs - last.endedAtMs < MAJOR_REST_MS) return;
  if (!core.schedule.watermarkSample(atMs, rssBytes)) return;
  const cleanup = optimizer.manualMemoryCleanup();
  const after = monitor.read(port.now(), 0).rssBytes;
  const freedBytes = rssBytes === undefined || after === undefined ? undefined : rssBytes - after;
  core.schedule.watermarkDone(port.now(), freedBytes);
  logger.warn({ thresholdMb, rssBytes, freedBytes, ...cleanup }, "memory is above its threshold: cleaned up");
}
