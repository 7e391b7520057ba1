import type { Schedule } from "../core/schedule.ts";
import type { GarbageCollectionOptimizer } from "../gc/gc-optimizer.ts";
import { History, type HistorySpan, type MemoryHistory } from "../monitor/history.ts";
import type { Reading } from "../monitor/reading.ts";
import type { RuntimePort } from "../shared/port.ts";

/** What becomes of the samples over time: history. Made at the first sample. */
export class Watch {
  readonly #port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #collections: GarbageCollectionOptimizer;
  #history: History | undefined;
  #pausedMs = 0;

  constructor(port: RuntimePort, schedule: Schedule, collections: GarbageCollectionOptimizer) {
    this.#port = port;
    this.#schedule = schedule;
    this.#collections = collections;
  }

  sample(nowMs: number, reading: Reading): void {
    this.#history ??= new History();
    const flight = this.#schedule.flightStats();
    const pausedMs = this.#collections.totalPauseMs();
    this.#history.add(nowMs, {
      rssBytes: reading.rssBytes,
      heapUsedBytes: reading.heapUsedBytes,
      heapTotalBytes: reading.heapTotalBytes,
      externalBytes: reading.externalBytes,
      usedBytes: reading.usedBytes,
      limitBytes: reading.limitBytes,
      loopLagMaxMs: reading.loopLagMs?.max,
      psiSomeAvg10Ratio: reading.psiSomeAvg10Ratio,
      inFlight: flight.inFlight,
      requestsPerSecond: flight.requestsPerSecond10s,
      collectionPauseMs: pausedMs - this.#pausedMs,
    });
    this.#pausedMs = pausedMs;
  }

  getHistory(span: HistorySpan): MemoryHistory {
    return (this.#history ?? new History()).read(span, this.#port.now());
  }
}
