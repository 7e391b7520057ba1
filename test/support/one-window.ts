import type { ArmName } from "../../bench/tail/arms.ts";
import type { Measured } from "../../bench/tail/window.ts";

const REQUESTS = 1000;
const MB = 1024 * 1024;

/** A window of the tail harness: 1,000 requests of one latency, with so many bytes made for each. */
export function oneWindow(arm: ArmName, latencyMs: number, bytes?: number): Measured {
  const allocatedBytes = bytes && bytes * REQUESTS;
  return {
    arm,
    atMs: Float64Array.from({ length: REQUESTS }, (_, i) => i),
    latencyMs: new Float64Array(REQUESTS).fill(latencyMs),
    failed: 0,
    cpuMsPerRequest: 1,
    meanRssBytes: 100 * MB,
    peakRssBytes: 120 * MB,
    serverWaitRatio: 0.25,
    server: {
      collections: 4,
      majors: 2,
      youngMs: 2,
      oldMs: 6,
      insideMs: 3,
      insideObservedMs: 3.5,
      longestMs: 5,
      allocatedBytes,
      freedBytes: allocatedBytes && allocatedBytes / 2,
    },
    stats: {},
    rss: Array.from({ length: 10 }, (_, i) => ({ ms: i * 100, bytes: (100 + i) * MB })),
    silence: undefined,
    saturation: { perSecond: 4321, cpuMsPerRequest: 1 },
  };
}
