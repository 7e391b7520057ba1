import type { GovernorCore } from "../core/governor.ts";
import { boolean, number, options, parseOptions } from "../shared/options.ts";
import type { Reading } from "../shared/reading.ts";
import { MB } from "../shared/units.ts";
import type { Parts } from "./parts.ts";
import type { CleanupStats, MemoryStats } from "./stats.ts";
import type { Stores } from "./stores.ts";

/** An automatic clean-up that frees less makes the next ones sit out. */
const MIN_CLEANUP_BYTES = MB;
const WEEK_MS = 604_800_000;
const everyFields = options({ intervalMs: number(0, WEEK_MS), collects: boolean() });

/** Clean-ups of pools, caches and the heap together: by hand, by count or time, and above the memory threshold. */
export class Cleanups {
  readonly #optimizer: Parts;
  readonly #stores: Stores;
  readonly #thresholdMb: number | undefined;
  readonly #loadCore: () => GovernorCore;

  constructor(
    optimizer: Parts,
    stores: Stores,
    thresholdMb: number | undefined,
    loadCore: () => GovernorCore,
  ) {
    this.#optimizer = optimizer;
    this.#stores = stores;
    this.#thresholdMb = thresholdMb;
    this.#loadCore = loadCore;
    this.every(0, false);
  }

  /** @throws `INVALID_OPTION` */
  every(intervalMs: number, collects: boolean): void {
    parseOptions("cleanUpEvery", everyFields, { intervalMs, collects });
    const { core, port } = this.#optimizer;
    core.schedule.configureCleanup(intervalMs, MIN_CLEANUP_BYTES, port.now());
    if (collects) this.#loadCore().exports.countsCleanupsNamed();
  }

  /** All that is idle, a major collection, and what of the caches was collected or is cold. */
  now(): CleanupStats {
    const { port, gcOptimizer } = this.#optimizer;
    const start = port.now();
    const pools = this.#stores.clearPools();
    const gcStats = gcOptimizer.manualCollection({ generation: 2 });
    const weakCaches = this.#stores.sweepAll();
    return { cleanupTimeMs: port.now() - start, gcStats, ...pools, weakCaches };
  }

  /**
   * By count or by time: lets go of idle objects that nobody needed since the last one, sweeps collected
   * entries, and may make a major collection due, under the same rules as every other.
   */
  scheduled(): void {
    const { port, core, gcOptimizer } = this.#optimizer;
    this.#stores.trimPools();
    const collects = this.#loadCore().exports.countsCollect() === 1;
    if (collects) core.schedule.requestCollection(2, port.now());
    const result = collects ? gcOptimizer.runDue() : undefined;
    this.#stores.sweepSome();
    core.schedule.cleanupDone(port.now(), result?.freedBytes);
  }

  /** Above the memory threshold: everything at once, and the outcome goes back to the core. */
  sample({ atMs, rssBytes }: Reading): void {
    const thresholdMb = this.#thresholdMb;
    if (thresholdMb === undefined) return;
    const { port, monitor, core, gcOptimizer, logger } = this.#optimizer;
    const last = gcOptimizer.lastMajor;
    if (last !== undefined) {
      const { exports } = this.#loadCore();
      exports.governorCollected(last.endedAtMs);
      if (exports.governorRestMs(atMs) > 0) return;
    }
    if (!core.schedule.watermarkSample(atMs, rssBytes)) return;
    const cleanup = this.now();
    const after = monitor.read(port.now(), 0).rssBytes;
    const freedBytes = rssBytes === undefined || after === undefined ? undefined : rssBytes - after;
    core.schedule.watermarkDone(port.now(), freedBytes);
    logger.warn(
      { thresholdMb, rssBytes, freedBytes, ...cleanup },
      "memory is above its threshold: cleaned up",
    );
  }

  getStats(): Pick<MemoryStats, "cleanups" | "memoryThreshold"> {
    const { core, port } = this.#optimizer;
    const { performed, skipped, freedBytes } = core.schedule.cleanupStats();
    const told = port.capabilities.heapUsed.available;
    return {
      cleanups: { performed, skipped, freedBytes: told ? freedBytes : undefined },
      memoryThreshold: this.#thresholdStats(),
    };
  }

  #thresholdStats(): MemoryStats["memoryThreshold"] {
    const thresholdMb = this.#thresholdMb;
    if (thresholdMb === undefined) return undefined;
    const { above, crossings, actions } = this.#optimizer.core.schedule.watermarkStats();
    return { thresholdMb, above, crossings, cleanups: actions };
  }
}
