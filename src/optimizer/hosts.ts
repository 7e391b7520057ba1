/**
 * What the domains see of one another and may do there: they never import one another.
 *
 * @module
 */

import type { AdvisorSample } from "../advisor/advisor.ts";
import { HISTOGRAM_NUMBERS } from "../core/histogram.ts";
import { Policy } from "../core/schedule.ts";
import type { GovernorHost } from "../governor/host.ts";
import type { PressureHost } from "../pressure/control.ts";
import type { Reading } from "../shared/reading.ts";
import type { Parts } from "./parts.ts";
import type { Stores } from "./stores.ts";

/** @internal */
export function governorHost(optimizer: Parts, stores: Stores): GovernorHost {
  const { port, logger, monitor, gcOptimizer, requests } = optimizer;
  const { schedule } = optimizer.core;
  return {
    port,
    logger,
    traffic: requests,
    flight: () => schedule.flightStats(),
    latency: () => schedule.latency.summary(),
    copyLatency: (target) => schedule.latency.copyTo(target),
    histogramNumbers: HISTOGRAM_NUMBERS,
    read: (nowMs, maxAgeMs) => monitor.read(nowMs, maxAgeMs),
    collect: (reach) => gcOptimizer.collectMajor(reach),
    lastMajorMs: () => gcOptimizer.lastMajor?.endedAtMs,
    trimStores: (step) => stores.trim(step),
    collectByCount: () => schedule.setPolicy(Policy.interval),
    countsCollect: () => schedule.collectStats(port.now()).policy === "interval",
  };
}

/** @internal */
export function pressureHost(optimizer: Parts, stores: Stores): PressureHost {
  const { port, logger, monitor, gcOptimizer } = optimizer;
  return {
    port,
    logger,
    monitor,
    budget: stores.budget,
    collect: (reach) => void gcOptimizer.collectMajor(reach),
    lastMajor: () => gcOptimizer.lastMajor,
    trimStores: (step) => stores.trim(step),
  };
}

/** @internal What a sample of the monitor tells the advisor. */
export function advisorSample({ core, gcOptimizer }: Parts, reading: Reading): AdvisorSample {
  const { minor, major } = gcOptimizer.getStats().engine ?? {};
  return {
    requests: core.schedule.flightStats().finished,
    minors: minor?.count,
    minorPauseMs: minor?.totalPauseMs,
    promotion: gcOptimizer.promotion,
    majors: major?.forced === undefined ? undefined : major.count - major.forced,
    limitBytes: reading.limitBytes,
    usedBytes: reading.usedBytes,
    heapLimitBytes: reading.heapLimitBytes,
    heapUsedBytes: reading.heapUsedBytes,
  };
}
