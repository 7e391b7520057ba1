import { type GovernorCore, LazyGovernorCore } from "../core/governor.ts";
import type { Schedule } from "../core/schedule.ts";
import type { Generation, KindStats } from "../core/schedule-stats.ts";
import { boolean, having, optional, options, parseOptions } from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { EngineStats } from "./engine.ts";
import { EngineWatch } from "./engine-watch.ts";
import { MajorCost, type Mark } from "./major-cost.ts";
import type { Promotion } from "./promotion.ts";

/** Options of `manualCollection`. */
export interface ManualCollectionOptions {
  /** 0 and 1: a collection of the young generation. 2: of the whole heap. Default 2. */
  generation?: Generation | undefined;
  /** Also count objects before and after, if the runtime can; takes milliseconds. Default false. */
  countObjects?: boolean | undefined;
}

/** The result of a collection. */
export interface CollectionResult {
  readonly generation: Generation;
  /** False if the runtime has no such collection: then nothing was done. */
  readonly performed: boolean;
  /** Why it was not performed. */
  readonly reason: string | undefined;
  /** How long it blocked the program; `undefined` if it was not performed. */
  readonly collectionTimeMs: number | undefined;
  /** `undefined` if the runtime cannot tell at once. */
  readonly freedBytes: number | undefined;
  /** `undefined` unless asked for, and if the runtime cannot tell: if its count rose, more was made than collected. */
  readonly collectedObjects: number | undefined;
}

/** Collections: the library's own, those of the engine, and what is counted towards the next. */
export interface GcStats {
  /** Whether the engine's own collector is on: always, a JavaScript program cannot switch it off. */
  readonly gcEnabled: true;
  /** The collection that waits for an idle moment, and how many waited too long. */
  readonly deferred: { readonly pendingGeneration: Generation | undefined; readonly dropped: number };
  /** Finished requests, generation-0 runs, generation-1 runs: above these a collection is due. */
  readonly gcThresholds: readonly [number, number, number];
  /** The current counts that the thresholds are compared with. */
  readonly gcCounts: readonly [number, number, number];
  /** `observe`: requests are only counted. `interval`: counts make collections due. */
  readonly policy: "observe" | "interval";
  /** Time that the library's collections may take now, from the budget; negative: overdrawn. */
  readonly budgetMs: number;
  /**
   * What a major collection costs the budget, as a multiple of its pause: 50 until this process has measured what
   * requests cost afterwards, then 5 to 200.
   */
  readonly majorCostPauses: number;
  /** Major collections whose cost was measured; those within the same three seconds count as one. */
  readonly majorCostsMeasured: number;
  /** Collections of the young generation by the library. */
  readonly minor: KindStats;
  /** Collections of the whole heap by the library. */
  readonly major: KindStats;
  /** Collections that the engine reported; `undefined` if the runtime reports none. */
  readonly engine: EngineStats | undefined;
  /** No runtime can tell cheaply; see `manualCollection({ countObjects: true })`. */
  readonly totalObjects: undefined;
}

interface LastMajor {
  readonly endedAtMs: number;
  readonly tookMs: number;
}

const schema = options({
  generation: optional(
    having<Generation>("0, 1 or 2", (value) => value === 0 || value === 1 || value === 2),
    2,
  ),
  countObjects: optional(boolean(), false),
});

/** Runs collections: by hand, and those that the core's schedule decides on. */
export class GarbageCollectionOptimizer {
  readonly #port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #thresholds: readonly [number, number, number];
  readonly #engine: EngineWatch;
  readonly #majorCost: MajorCost;
  #lastMajor: LastMajor | undefined;

  constructor(
    port: RuntimePort,
    schedule: Schedule,
    thresholds: readonly [number, number, number],
    loadCore: () => GovernorCore = new LazyGovernorCore().load,
  ) {
    this.#port = port;
    this.#schedule = schedule;
    this.#thresholds = thresholds;
    this.#majorCost = new MajorCost(loadCore);
    this.#engine = new EngineWatch(port, (timeMs) => schedule.wasBusyAt(timeMs));
  }

  /** The last major collection of ours, whoever asked for it: near a limit the next one waits from then on. */
  get lastMajor(): LastMajor | undefined {
    return this.#lastMajor;
  }

  /** Begins to watch the engine. */
  start(): void {
    this.#engine.start();
  }

  /** Ends that. */
  stop(): void {
    this.#engine.stop();
  }

  /** From the monitor, once a second: what requests cost, so that it shows what a major adds to that. A few µs. */
  sample(nowMs: number): void {
    const mark = this.#mark(nowMs);
    if (mark) this.#schedule.setMajorCost(this.#majorCost.sample(mark));
  }

  #mark(nowMs: number): Mark | undefined {
    const cpuMs = this.#port.readCpuMs();
    return cpuMs === undefined
      ? undefined
      : { atMs: nowMs, cpuMs, finished: this.#schedule.flightStats().finished };
  }

  /** What major collections left on the heap since this was last asked; to be asked about once a second. */
  takeFloors(): readonly number[] {
    return this.#engine.takeFloors();
  }

  /** What young collections of the engine promoted so far; `undefined` where the runtime does not tell. */
  get promotion(): Promotion | undefined {
    return this.#engine.promotion;
  }

  /**
   * Collects now, even while requests are in flight. If the runtime cannot collect that generation alone, nothing is
   * performed: a major collection never takes the place of a minor one.
   *
   * @throws `INVALID_OPTION`
   */
  manualCollection(given?: ManualCollectionOptions): CollectionResult {
    const { generation, countObjects } = parseOptions("manualCollection", schema, given);
    const result = this.#collect(generation, countObjects);
    if (result.performed) this.#schedule.manual(generation, result.collectionTimeMs!, result.freedBytes);
    return result;
  }

  /**
   * A major collection by whoever governs, counted as one by hand; `all`: it also gives back to the system
   * what it can.
   */
  collectMajor(reach: "major" | "all"): CollectionResult {
    const result = this.#collect(2, false, reach === "all");
    if (result.performed) this.#schedule.manual(2, result.collectionTimeMs!, result.freedBytes);
    return result;
  }

  /** Asks the core whether a due collection runs now, and runs it. */
  runDue(): CollectionResult | undefined {
    const generation = this.#schedule.decide(this.#port.now());
    if (generation === undefined) return undefined;
    const result = this.#collect(generation, false);
    this.#schedule.done(generation, result.collectionTimeMs ?? 0, result.freedBytes);
    return result;
  }

  #collect(generation: Generation, countObjects: boolean, all = false): CollectionResult {
    const port = this.#port;
    const kind = generation === 2 ? "major" : "minor";
    const can = kind === "major" ? port.capabilities.majorCollection : port.capabilities.minorCollection;
    if (!can.available) {
      return {
        generation,
        performed: false,
        reason: can.reason,
        collectionTimeMs: undefined,
        freedBytes: undefined,
        collectedObjects: undefined,
      };
    }
    const objects = countObjects ? port.countObjects() : undefined;
    const before = port.readHeapUsedBytes();
    const start = port.now();
    const mark = kind === "major" ? this.#mark(start) : undefined;
    if (all) port.collectAll();
    else port.collect(kind);
    const collectionTimeMs = port.now() - start;
    if (mark) this.#majorCost.collected(mark, collectionTimeMs);
    if (kind === "major") this.#lastMajor = { endedAtMs: start + collectionTimeMs, tookMs: collectionTimeMs };
    const after = port.readHeapUsedBytes();
    const left = objects === undefined ? undefined : port.countObjects();
    return {
      generation,
      performed: true,
      reason: undefined,
      collectionTimeMs,
      freedBytes: before === undefined || after === undefined ? undefined : before - after,
      collectedObjects:
        objects === undefined || left === undefined || left > objects ? undefined : objects - left,
    };
  }

  /** Pauses so far: of the engine's collections where it reports them, else of ours. */
  totalPauseMs(): number {
    const engine = this.#engine.totalPauseMs();
    if (engine !== undefined) return engine;
    const s = this.#schedule.collectStats(this.#port.now());
    return s.minor.totalPauseMs + s.major.totalPauseMs;
  }

  /** Returns the statistics. */
  getStats(): GcStats {
    const s = this.#schedule.collectStats(this.#port.now());
    const cost = this.#majorCost.getStats();
    const told = this.#port.capabilities.heapUsed.available;
    const kind = (k: KindStats): KindStats => (told ? k : { ...k, freedBytes: undefined });
    return {
      gcEnabled: true,
      deferred: { pendingGeneration: s.pending, dropped: s.minor.dropped + s.major.dropped },
      gcThresholds: this.#thresholds,
      gcCounts: s.counts,
      policy: s.policy,
      budgetMs: s.budgetMs,
      majorCostPauses: cost.pauses,
      majorCostsMeasured: cost.measured,
      minor: kind(s.minor),
      major: kind(s.major),
      engine: this.#engine.getStats(),
      totalObjects: undefined,
    };
  }
}
