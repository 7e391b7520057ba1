import type { GovernorCore } from "../core/governor.ts";
import type { Schedule } from "../core/schedule.ts";
import type { GarbageCollectionOptimizer } from "../gc/gc-optimizer.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { CleanupStats } from "../stats.ts";
import type { Stores } from "./stores.ts";

/** Clean-ups of pools, caches and the heap together. */
export class Cleanups {
  readonly #port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #collections: GarbageCollectionOptimizer;
  readonly #stores: Stores;
  readonly #loadCore: () => GovernorCore;

  constructor(
    port: RuntimePort,
    schedule: Schedule,
    collections: GarbageCollectionOptimizer,
    stores: Stores,
    loadCore: () => GovernorCore,
  ) {
    this.#port = port;
    this.#schedule = schedule;
    this.#collections = collections;
    this.#stores = stores;
    this.#loadCore = loadCore;
  }

  /** All that is idle, a major collection, and what of the caches was collected or is cold. */
  now(): CleanupStats {
    const start = this.#port.now();
    const pools = this.#stores.clearPools();
    const gcStats = this.#collections.manualCollection({ generation: 2 });
    const weakCaches = this.#stores.sweepAll();
    return { cleanupTimeMs: this.#port.now() - start, gcStats, ...pools, weakCaches };
  }

  /**
   * By count or by time: lets go of idle objects that nobody needed since the last one, sweeps collected
   * entries, and may make a major collection due, under the same rules as every other.
   */
  scheduled(): void {
    this.#stores.trimPools();
    const collects = this.#loadCore().exports.countsCollect() === 1;
    if (collects) this.#schedule.requestCollection(2, this.#port.now());
    const result = collects ? this.#collections.runDue() : undefined;
    this.#stores.sweepSome();
    this.#schedule.cleanupDone(this.#port.now(), result?.freedBytes);
  }
}
