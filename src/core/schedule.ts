import { requireAmounts, requireInteger, VelithonError } from "../shared/errors.ts";
import { checkFlag, checkIndex, checkNumber, checkReading, checkTime } from "./check.ts";
import { type CollectSettings, checkCollection, checkSettings } from "./collect-settings.ts";
import { type CoreExports, Status } from "./exports.ts";
import { Histogram } from "./histogram.ts";
import type { Instance } from "./instance.ts";
import { RecentHistogram, type RecentSummary } from "./recent.ts";
import {
  type CleanupCounts,
  type CollectStats,
  type FlightStats,
  type Generation,
  readCleanup,
  readCollect,
  readFlight,
  readWatermark,
  type WatermarkStats,
} from "./schedule-stats.ts";
import { orNaN } from "./unknown.ts";

/** What a gate does at its interval (assembly/gates.ts). */
export const GateKind = { notify: 0, generation0: 1, generation2: 2, cleanup: 3 } as const;
export type GateKind = (typeof GateKind)[keyof typeof GateKind];

/** Bits of a due mask above those of the gates. */
export const Due = { collect: 0x1000_0000, cleanup: 0x2000_0000, gates: 0x0fff_ffff } as const;

/** `observe`: counts only. `interval`: thresholds and gates make collections due. */
export const Policy = { observe: 0, interval: 1 } as const;

/** @internal */
export interface RequestObserver {
  started(): void;
  ended(durationMs: number): void;
}

const RECENT_FRESH_MS = 100;

/**
 * The schedule of one core: requests in flight, gates, collections, clean-ups, the memory mark.
 * Times are ms of one monotonic clock. Two calls a request; each call is one call into the core.
 */
export class Schedule {
  readonly #core: Instance<CoreExports>;
  #observer: RequestObserver | undefined;
  /** Durations of finished requests in µs, long-lived ones left out. */
  readonly latency: Histogram;
  #recentLatency: RecentHistogram | undefined;
  #recent: { readonly atMs: number; readonly summary: RecentSummary } | undefined;

  /** @internal */
  constructor(core: Instance<CoreExports>) {
    this.#core = core;
    this.latency = new Histogram(core, core.exports.latencyHistogram());
  }

  /** Of those of about the last minute. */
  get recentLatency(): RecentHistogram {
    this.#recentLatency ??= new RecentHistogram(this.latency);
    return this.#recentLatency;
  }

  /** Durations of about the last minute, with their p50, p99 and p99.9; up to 100 ms old, for each look costs 1 µs or more. */
  recentDurations(nowMs: number): RecentSummary {
    checkTime("recentDurations: nowMs", nowMs);
    const held = this.#recent;
    if (held !== undefined && nowMs >= held.atMs && nowMs - held.atMs < RECENT_FRESH_MS) return held.summary;
    const summary = this.recentLatency.summary(nowMs, 0.5, 0.99, 0.999);
    this.#recent = { atMs: nowMs, summary };
    return summary;
  }

  /** @throws `INVALID_OPTION`, as each call that takes a time, for one that is not finite, or below 0 */
  requestStart(nowMs: number): void {
    checkTime("requestStart: nowMs", nowMs);
    this.#core.exports.requestStart(nowMs);
    this.#observer?.started();
  }

  /** `gates`: the bits of the gates that the request passed. A mask of what is due: `Due`, and the notify gates that opened. */
  requestEnd(nowMs: number, startMs: number, gates: number): number {
    checkTime("requestEnd: nowMs", nowMs);
    checkNumber("requestEnd: startMs", startMs);
    checkIndex("requestEnd: gates", gates);
    this.#observer?.ended(nowMs - startMs);
    return this.#core.exports.requestEnd(nowMs, startMs, gates);
  }

  /** @internal Who is told of each start and end: one at most. False where there is one already. */
  observe(observer: RequestObserver): boolean {
    if (this.#observer !== undefined) return false;
    this.#observer = observer;
    return true;
  }

  /** @internal */
  unobserve(): void {
    this.#observer = undefined;
  }

  /** Ages requests, moves the rates, makes clean-ups due by time. To be called about once a second. */
  tick(nowMs: number): number {
    checkTime("tick: nowMs", nowMs);
    this.recentLatency.sample(nowMs);
    return this.#core.exports.tick(nowMs);
  }

  /** A request open for longer than this is long-lived. Only while none is open. @throws `INVALID_OPTION` */
  configureFlight(longLivedAfterMs: number, nowMs: number): void {
    requireAmounts("configureFlight", { longLivedAfterMs }, 1);
    requireAmounts("configureFlight", { nowMs });
    this.#core.exports.flightConfigure(longLivedAfterMs, nowMs);
  }

  /** Whether a request was in flight at a time; `undefined` where that is too long ago. */
  wasBusyAt(timeMs: number): boolean | undefined {
    checkNumber("wasBusyAt: timeMs", timeMs);
    const answer = this.#core.exports.busyAt(timeMs);
    return answer < 0 ? undefined : answer === 1;
  }

  /**
   * A gate that opens at every `interval`-th request that passes it; its number.
   *
   * @throws `INVALID_OPTION` for an interval that is not a whole number from 1 on, or another kind; `TOO_MANY_GATES` above 28
   */
  createGate(interval: number, kind: GateKind, whileBusy = false): number {
    requireInteger("interval", interval, 1, 2 ** 31 - 1);
    requireInteger("createGate: kind", kind, 0, 3);
    checkFlag("createGate: whileBusy", whileBusy);
    const gate = this.#core.exports.gateCreate(interval, kind, whileBusy ? 1 : 0);
    if (gate !== Status.full) return gate;
    throw new VelithonError(
      "TOO_MANY_GATES",
      "all 28 counters of the optimizer are taken; mount fewer middlewares, or give each app its own optimizer",
    );
  }

  /** Gives up a counter that `createGate` made; false if there is none of that number. @throws `INVALID_OPTION` */
  removeGate(gate: number): boolean {
    checkIndex("removeGate: gate", gate);
    return this.#core.exports.gateRemove(gate) === Status.ok;
  }

  /** @throws `INVALID_OPTION` */
  configureCollect(settings: CollectSettings, nowMs: number): void {
    checkSettings(settings, nowMs);
    const { policy, thresholds, hasMinor, budgetRatio, minFreedBytesPerMs, deferralMs } = settings;
    const [t0, t1, t2] = thresholds;
    this.#core.exports.collectConfigure(
      policy,
      t0,
      t1,
      t2,
      hasMinor ? 1 : 0,
      budgetRatio,
      minFreedBytesPerMs,
      deferralMs,
      nowMs,
    );
  }

  /** @throws `INVALID_OPTION` */
  setPolicy(policy: 0 | 1): void {
    requireInteger("setPolicy: policy", policy, 0, 1);
    this.#core.exports.collectSetPolicy(policy);
  }

  /** What a major collection takes from the budget, in its pauses; 50 until this is called. @throws `INVALID_OPTION` */
  setMajorCost(pauses: number): void {
    requireAmounts("setMajorCost", { pauses });
    this.#core.exports.collectSetCost(pauses);
  }

  /** Makes a collection due, to run like any other when idle, affordable and worth it. @throws `INVALID_OPTION` */
  requestCollection(generation: Generation, nowMs: number): void {
    requireInteger("requestCollection: generation", generation, 0, 2);
    this.#core.exports.requestCollection(generation, nowMs);
  }

  /** The generation to collect now, or `undefined`. */
  decide(nowMs: number): Generation | undefined {
    checkTime("decide: nowMs", nowMs);
    const generation = this.#core.exports.collectDecide(nowMs);
    return generation < 0 ? undefined : (generation as Generation);
  }

  /** The collection that `decide` asked for has run. */
  done(generation: Generation, pauseMs: number, freedBytes: number | undefined): void {
    checkCollection("done", generation, pauseMs, freedBytes);
    this.#core.exports.collectDone(generation, pauseMs, orNaN(freedBytes));
  }

  /** A collection that nobody scheduled has run. */
  manual(generation: Generation, pauseMs: number, freedBytes: number | undefined): void {
    checkCollection("manual", generation, pauseMs, freedBytes);
    this.#core.exports.collectManual(generation, pauseMs, orNaN(freedBytes));
  }

  /** `intervalMs` 0: not by time. @throws `INVALID_OPTION` */
  configureCleanup(intervalMs: number, minFreedBytes: number, nowMs: number): void {
    requireAmounts("configureCleanup", { intervalMs, minFreedBytes, nowMs });
    this.#core.exports.cleanupConfigure(intervalMs, minFreedBytes, nowMs);
  }

  /** The clean-up that was due has run. @throws `INVALID_OPTION` */
  cleanupDone(nowMs: number, freedBytes: number | undefined): void {
    checkTime("cleanupDone: nowMs", nowMs);
    checkReading("cleanupDone: freedBytes", freedBytes);
    this.#core.exports.cleanupDone(nowMs, orNaN(freedBytes));
  }

  /** `highBytes` 0: no mark. @throws `INVALID_OPTION` */
  configureWatermark(highBytes: number, lowBytes: number, cooldownMs: number): void {
    requireAmounts("configureWatermark", { highBytes, lowBytes, cooldownMs });
    this.#core.exports.watermarkConfigure(highBytes, lowBytes, cooldownMs);
  }

  /** True where the mark demands an action now, to be answered by `watermarkDone`. */
  watermarkSample(nowMs: number, bytes: number | undefined): boolean {
    checkTime("watermarkSample: nowMs", nowMs);
    checkReading("watermarkSample: bytes", bytes);
    return this.#core.exports.watermarkSample(nowMs, orNaN(bytes)) === 1;
  }

  /** What `watermarkSample` demanded was done. @throws `INVALID_OPTION` */
  watermarkDone(nowMs: number, freedBytes: number | undefined): void {
    checkTime("watermarkDone: nowMs", nowMs);
    checkReading("watermarkDone: freedBytes", freedBytes);
    this.#core.exports.watermarkDone(nowMs, orNaN(freedBytes));
  }

  /** Requests: open, started, finished. */
  flightStats(): FlightStats {
    return readFlight(this.#read(0));
  }

  /** Collections: counts, budget, and what became of those that were due. @throws `INVALID_OPTION` */
  collectStats(nowMs: number): CollectStats {
    checkTime("collectStats: nowMs", nowMs);
    return readCollect(this.#read(nowMs));
  }

  /** Clean-ups: performed and skipped. */
  cleanupStats(): CleanupCounts {
    return readCleanup(this.#read(0));
  }

  /** The memory mark and what happened at it. */
  watermarkStats(): WatermarkStats {
    return readWatermark(this.#read(0));
  }

  #read(nowMs: number): Float64Array {
    this.#core.exports.scheduleStats(nowMs);
    return this.#core.scratch;
  }
}
