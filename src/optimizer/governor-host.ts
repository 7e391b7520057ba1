import type { GovernorCore } from "../core/governor.ts";
import { HISTOGRAM_NUMBERS } from "../core/histogram.ts";
import { Policy } from "../core/schedule.ts";
import { Governor } from "../governor/governor.ts";
import type { GovernorSettings } from "../governor/options.ts";
import type { Parts } from "./parts.ts";

/** @internal The governor of one optimizer: what it sees and does there. */
export function createGovernor(
  optimizer: Parts,
  settings: GovernorSettings,
  loadCore: () => GovernorCore,
  trimStores: (step: 1 | 2) => void,
): Governor {
  const { port, monitor, gcOptimizer, requests } = optimizer;
  const { schedule } = optimizer.core;
  return new Governor(
    {
      port,
      traffic: requests,
      flight: () => schedule.flightStats(),
      latency: () => schedule.latency.summary(),
      copyLatency: (target) => schedule.latency.copyTo(target),
      histogramNumbers: HISTOGRAM_NUMBERS,
      read: (nowMs, maxAgeMs) => monitor.read(nowMs, maxAgeMs),
      collect: (reach) => gcOptimizer.collectMajor(reach),
      lastMajorMs: () => gcOptimizer.lastMajor?.endedAtMs,
      trimStores,
      collectByCount: () => schedule.setPolicy(Policy.interval),
      countsCollect: () => schedule.collectStats(port.now()).policy === "interval",
    },
    settings,
    loadCore,
  );
}
