import type { GovernorCore } from "../core/governor.ts";
import type { Schedule } from "../core/schedule.ts";
import type { GarbageCollectionOptimizer } from "../gc/gc-optimizer.ts";
import { History, type HistorySpan, type MemoryHistory } from "../monitor/history.ts";
import { having, options, parseOptions } from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { Reading } from "../shared/reading.ts";
import { Judge } from "../verdict/judge.ts";
import type { Suspicion } from "../verdict/suspicion.ts";
import { inWords, type MemoryVerdict } from "../verdict/verdict.ts";

const historyFields = options({
  span: having<HistorySpan>("hour or week", (value) => value === "hour" || value === "week"),
});

/** What becomes of the samples over time: histories and the verdict. They are made at the first sample. */
export class Watch {
  readonly #port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #collections: GarbageCollectionOptimizer;
  #history: History | undefined;
  #judge: Judge | undefined;
  #verdict: MemoryVerdict | undefined;
  #pausedMs = 0;
  /** Of the samples that were passed over since. */
  #lagMaxMs: number | undefined;
  readonly #suspicion: Suspicion;
  readonly #loadCore: () => GovernorCore;

  constructor(
    port: RuntimePort,
    schedule: Schedule,
    collections: GarbageCollectionOptimizer,
    suspicion: Suspicion,
    loadCore: () => GovernorCore,
  ) {
    this.#loadCore = loadCore;
    this.#suspicion = suspicion;
    this.#port = port;
    this.#schedule = schedule;
    this.#collections = collections;
  }

  /** @returns whether it took it: once a second, also where samples come more often */
  sample(nowMs: number, reading: Reading): boolean {
    const lagMs = reading.loopLagMs?.max;
    if (lagMs !== undefined) this.#lagMaxMs = Math.max(this.#lagMaxMs ?? 0, lagMs);
    if (this.#loadCore().exports.paceTakes(nowMs) === 0) return false;
    this.#take(nowMs, reading);
    this.#lagMaxMs = undefined;
    return true;
  }

  #take(nowMs: number, reading: Reading): void {
    this.#history ??= new History();
    this.#judge ??= new Judge(this.#loadCore());
    this.#verdict = undefined;
    const { inFlight, requestsPerSecond10s, finished, started } = this.#schedule.flightStats();
    let heapFloorBytes: number | undefined;
    for (const floor of this.#collections.takeFloors()) {
      heapFloorBytes = floor;
      this.#judge.floor(nowMs, floor, reading.externalBytes);
    }
    const { heapUsedBytes, externalBytes = 0 } = reading;
    const counted = this.#port.heapUsedCountsExternal ? externalBytes : 0;
    this.#judge.sample(nowMs, {
      heapUsedBytes: heapUsedBytes === undefined ? undefined : Math.max(0, heapUsedBytes - counted),
      heapTotalBytes: reading.heapTotalBytes,
      externalBytes: reading.externalBytes,
      rssBytes: reading.rssBytes,
      usedBytes: reading.usedBytes,
      limitBytes: reading.limitBytes,
      heapLimitBytes: reading.heapLimitBytes,
      inFlight,
      requestsPerSecond: started === 0 ? undefined : requestsPerSecond10s,
      finishedRequests: finished,
    });
    const pausedMs = this.#collections.totalPauseMs();
    this.#history.add(nowMs, {
      rssBytes: reading.rssBytes,
      heapUsedBytes,
      heapTotalBytes: reading.heapTotalBytes,
      externalBytes: reading.externalBytes,
      usedBytes: reading.usedBytes,
      limitBytes: reading.limitBytes,
      loopLagMaxMs: this.#lagMaxMs,
      psiSomeAvg10Ratio: reading.psiSomeAvg10Ratio,
      inFlight,
      requestsPerSecond: requestsPerSecond10s,
      // Less than before: it is the engine that tells from now on, and no longer we.
      collectionPauseMs: Math.max(0, pausedMs - this.#pausedMs),
      heapFloorBytes,
    });
    this.#pausedMs = pausedMs;
    const idle = started > 0 && inFlight === 0;
    if (this.#judge.collects(nowMs, idle)) this.#collections.collectMajor("major");
    this.#suspicion.sample(nowMs, this.getVerdict(), reading, idle);
  }

  /** Cost: some µs at the first call after a sample, none at the next. */
  getVerdict(): MemoryVerdict {
    this.#judge ??= new Judge(this.#loadCore());
    this.#verdict ??= inWords(this.#judge.decide(this.#port.now()), this.#suspicion.culprit);
    return this.#verdict;
  }

  /** @throws `INVALID_OPTION` */
  getHistory(span: HistorySpan): MemoryHistory {
    parseOptions("getHistory", historyFields, { span });
    return (this.#history ?? new History()).read(span, this.#port.now());
  }
}
