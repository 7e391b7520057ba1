import { Advisor } from "../advisor/advisor.ts";
import type { Suggestion } from "../advisor/evidence.ts";
import type { MemoryBudget } from "../budget/budget.ts";
import type { WeakCacheOptions } from "../cache/options.ts";
import type { WeakCache } from "../cache/weak-cache.ts";
import { LazyGovernorCore } from "../core/governor.ts";
import { type Core, createCore } from "../core/load.ts";
import { Policy } from "../core/schedule.ts";
import { GarbageCollectionOptimizer } from "../gc/gc-optimizer.ts";
import { Governor } from "../governor/governor.ts";
import type { Collected } from "../governor/host.ts";
import type { HistorySpan, MemoryHistory } from "../monitor/history.ts";
import { MemoryMonitor } from "../monitor/memory-monitor.ts";
import type { BufferPoolOptions } from "../pool/buffer-options.ts";
import type { BufferPool } from "../pool/buffer-pool.ts";
import type { ObjectPool } from "../pool/object-pool.ts";
import type { ObjectPoolOptions } from "../pool/options.ts";
import { PressureControl, type PressureHandler } from "../pressure/control.ts";
import { RequestTracker } from "../requests/tracker.ts";
import type { Logger } from "../shared/logger.ts";
import type { Capabilities, Closable, RuntimePort } from "../shared/port.ts";
import { runtime } from "../shared/runtime.ts";
import type { Culprit, FindCulpritOptions } from "../verdict/culprit.ts";
import type { SnapshotResult } from "../verdict/snapshot.ts";
import { Suspicion } from "../verdict/suspicion.ts";
import type { MemoryVerdict } from "../verdict/verdict.ts";
import { Cleanups } from "./cleanups.ts";
import { type EnvironmentSettings, readEnvironment } from "./environment.ts";
import { advisorSample, governorHost, pressureHost } from "./hosts.ts";
import { type MemoryOptimizerOptions, parseOptimizerOptions, withEnvironment } from "./options.ts";
import { configureSchedule } from "./schedule-settings.ts";
import { type CleanupStats, type MemoryStats, requestStats } from "./stats.ts";
import { Stores } from "./stores.ts";
import { Watch } from "./watch.ts";

/**
 * The memory optimizer: collections, pools, caches, memory readings and requests over one instance of the core.
 */
export class MemoryOptimizer {
  /** The runtime that it works on. */
  readonly port: RuntimePort;
  /** The optimizer's own instance of the compiled core. */
  readonly core: Core;
  /** Runs and counts collections. */
  readonly gcOptimizer: GarbageCollectionOptimizer;
  /** Reads memory. */
  readonly monitor: MemoryMonitor;
  /** Starts and ends of requests, for those that no middleware sees. */
  readonly requests: RequestTracker;
  /** Decides on collections beyond counts, by the policies in the options. */
  readonly governor: Governor;
  /** Which requests are admitted and what is freed while memory is short. */
  readonly pressure: PressureControl;
  /** Where it logs. */
  readonly logger: Logger;
  /** The values of the environment variables, read when the optimizer was made. */
  readonly environment: EnvironmentSettings;
  readonly #governorCore = new LazyGovernorCore();
  readonly #advisor: Advisor;
  readonly #watch: Watch;
  readonly #suspicion: Suspicion;
  readonly #allowed: boolean;
  readonly #stores: Stores;
  readonly #cleanups: Cleanups;
  #enabled = false;

  /** @throws `INVALID_OPTION`, `INVALID_ENVIRONMENT`, `NO_RUNTIME`; then nothing has been started */
  constructor(given?: MemoryOptimizerOptions) {
    const parsed = parseOptimizerOptions(given);
    this.port = parsed.port ?? runtime();
    this.environment = readEnvironment((name) => this.port.environmentVariable(name));
    this.logger = parsed.logger;
    const settings = withEnvironment(parsed, this.environment);
    this.#allowed = settings.enabled;
    this.core = createCore();
    const { load } = this.#governorCore;
    const { schedule } = this.core;
    this.#stores = new Stores(this.core, load, () => this.port.now(), settings);
    configureSchedule(schedule, this.port, settings);
    this.gcOptimizer = new GarbageCollectionOptimizer(this.port, schedule, parsed.gcThresholds, load);
    this.#cleanups = new Cleanups(this, this.#stores, settings.memoryThresholdMb, load);
    this.#advisor = new Advisor(this.port, this.logger);
    this.#suspicion = new Suspicion(this.port, this.logger, parsed, load, () =>
      this.requests.watchSurvivors(load()),
    );
    this.#watch = new Watch(this.port, schedule, this.gcOptimizer, this.#suspicion, load);
    this.requests = new RequestTracker(this.port, schedule, this.logger, {
      cleanup: () => this.#cleanups.scheduled(),
      collect: () => void this.gcOptimizer.runDue(),
    });
    this.monitor = new MemoryMonitor(
      this.port,
      () => this.coreBytes,
      (at, reading) => {
        this.#cleanups.sample(reading);
        this.pressure.sample(reading);
        this.governor.sample();
        if (!this.#watch.sample(at, reading)) return;
        this.gcOptimizer.sample(at);
        const due = schedule.tick(at);
        if (due !== 0) this.requests.actOn(due);
        this.#stores.tick(at);
        this.#advisor.sample(at, advisorSample(this, reading));
        this.budget.sample();
        const { started, inFlight } = schedule.flightStats();
        this.monitor.setSilent(load().exports.paceSilent(at, started, inFlight, this.requests.lastMs) === 1);
      },
      parsed.limitBytes,
    );
    this.governor = new Governor(governorHost(this, this.#stores), parsed.governorSettings, load);
    this.pressure = new PressureControl(pressureHost(this, this.#stores), parsed.pressureRatios, load);
  }

  /** What the library can do and read on this runtime, with a reason for each `false`. */
  get capabilities(): Capabilities {
    return this.port.capabilities;
  }

  /** The limit on what all pools and caches hold together. */
  get budget(): MemoryBudget {
    return this.#stores.budget;
  }

  /** Size of the optimizer's own WASM memory, which is left out of the readings. */
  get coreBytes(): number {
    return this.core.memoryBytes + this.#governorCore.memoryBytes;
  }

  /** Whether it is enabled. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Starts reading memory and watching collections. Calling it again does nothing, nor does any call with the option `enabled: false`. */
  enable(): this {
    if (!this.#allowed || this.#enabled) return this;
    this.#enabled = true;
    // Compiled here, in 1 to 2 ms, and not while a request waits.
    this.#governorCore.load();
    this.monitor.start();
    this.gcOptimizer.start();
    this.governor.start();
    return this;
  }

  /** Stops everything that `enable` started. Pools and caches stay. Calling it again does nothing. */
  disable(): this {
    this.#enabled = false;
    for (const part of [this.monitor, this.gcOptimizer, this.governor, this.#suspicion]) part.stop();
    return this;
  }

  /** Calls the handler after each change of the pressure level, until the result is closed. @throws `INVALID_OPTION` */
  onPressure(handler: PressureHandler): Closable {
    return this.pressure.onPressure(handler);
  }

  /** Lets counts make collections due from now on, unless `governor.policy` names other policies. `gcTuning` calls it. */
  collectByCount(): void {
    const { exports } = this.#governorCore.load();
    if (exports.countsNamed(this.governor.namedBits) === 1) this.core.schedule.setPolicy(Policy.interval);
  }

  /**
   * Runs one full collection at the end of the start-up, before the first request. Call it when your server is ready.
   * Later calls only return the first result. Costs a major collection.
   */
  seal(): Collected {
    return this.governor.seal();
  }

  /** Start flags, or another version of the runtime, that would do better, judged by what was seen. Empty for at least a minute. */
  getAdvice(): readonly Suggestion[] {
    return this.#advisor.suggestions;
  }

  /** Cleans up each `intervalMs`, up to a week, if requests came since; 0: never. `collects`: also collects. @throws `INVALID_OPTION` */
  cleanUpEvery(intervalMs: number, collects = true): void {
    this.#cleanups.every(intervalMs, collects);
  }

  /** Makes a pool of heavy objects. Once, not in a handler. @throws `INVALID_OPTION`, `NAME_TAKEN` */
  createObjectPool<T extends object>(given: ObjectPoolOptions<T>): ObjectPool<T> {
    return this.#stores.createObjectPool(given);
  }

  /** Makes a pool of buffers by size. @throws `INVALID_OPTION`, `NAME_TAKEN` if a buffer pool or an object pool has the name */
  createBufferPool(given: BufferPoolOptions): BufferPool {
    return this.#stores.createBufferPool(given);
  }

  /** Makes a cache: by default one that keeps no value alive; `tier: "strong+weak"` keeps them. @throws `INVALID_OPTION`, `NAME_TAKEN` */
  createWeakCache<K, V extends object>(given: WeakCacheOptions<K, V>): WeakCache<K, V> {
    return this.#stores.createWeakCache(given);
  }

  /** Returns all statistics. Cost: a few µs, and one reading of memory if the last is more than 250 ms old. */
  getMemoryStats(): MemoryStats {
    const stores = this.#stores.getStats();
    const { cleanups, memoryThreshold } = this.#cleanups.getStats();
    return {
      gcStats: this.gcOptimizer.getStats(),
      systemMemory: this.monitor.getStats(),
      objectPools: stores.objectPools,
      bufferPools: stores.bufferPools,
      weakCaches: stores.weakCaches,
      budget: stores.budget,
      requests: requestStats(this.core.schedule, this.port.now()),
      verdict: this.#enabled ? this.#watch.getVerdict() : undefined,
      cleanups,
      governor: this.governor.getStats(),
      pressure: this.pressure.stats(),
      memoryThreshold,
    };
  }

  /** The guide's name for `getMemoryStats`. */
  getComprehensiveStats(): MemoryStats {
    return this.getMemoryStats();
  }

  /** Returns memory over the last hour in steps of 5 s, or over the last seven days in steps of 15 min. Cost: 0.1 ms. @throws `INVALID_OPTION` */
  getHistory(span: HistorySpan = "hour"): MemoryHistory {
    return this.#watch.getHistory(span);
  }

  /** Returns what memory is doing (stable, growing, ...), in numbers and in words, with what to do next. Judged once a sample. */
  getVerdict(): MemoryVerdict {
    return this.#watch.getVerdict();
  }

  /** Watches allocations and names the code whose objects stay alive (docs/verdicts.md). @throws `INVALID_OPTION` */
  findCulprit(given?: FindCulpritOptions): Promise<Culprit> {
    return this.#suspicion.finder.find(given);
  }

  /** Writes a heap snapshot if `heapSnapshots` is set and there is enough memory. Blocks for seconds. */
  takeHeapSnapshot(): SnapshotResult {
    return this.#suspicion.takeSnapshot(this.monitor.read(this.port.now(), 0));
  }

  /**
   * Cleans up now: frees all idle pool objects and buffers, runs a major collection, and removes collected and cold
   * entries from the caches. Reports item by item. Costs a major collection: 5 to 200 ms.
   */
  manualMemoryCleanup(): CleanupStats {
    return this.#cleanups.now();
  }
}
