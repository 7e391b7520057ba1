/** What the compiled core exports (assembly/index.ts). Addresses and whole numbers are i32, the rest f64. */
export interface CoreExports {
  readonly memory: WebAssembly.Memory;
  scratchAddress(): number;

  slotsCreate(maxIdle: number, capacity: number): number;
  slotsDestroy(table: number): void;
  slotsResize(table: number, maxIdle: number, capacity: number): number;
  slotsAcquire(table: number): number;
  slotsTake(table: number): number;
  slotsHandle(table: number, index: number): number;
  slotsRelease(table: number, index: number): number;
  slotsReleaseHandle(table: number, handle: number): number;
  slotsDiscard(table: number, index: number): number;
  slotsAbandon(table: number, index: number): number;
  slotsEvict(table: number): number;
  slotsUnneeded(table: number): number;
  slotsStats(table: number): void;

  sieveCreate(limit: number): number;
  sieveDestroy(table: number): void;
  sieveResize(table: number, limit: number): number;
  sieveInsert(table: number): number;
  sieveHit(table: number, index: number): number;
  sieveRemove(table: number, index: number): number;
  sieveEvict(table: number): number;
  sieveCold(table: number, from: number): number;
  sieveStats(table: number): void;

  histogramCreate(): number;
  histogramDestroy(histogram: number): void;
  histogramReset(histogram: number): void;
  histogramRecord(histogram: number, value: number): void;
  histogramQuantiles(histogram: number, length: number): void;
  histogramSummary(histogram: number): void;

  latencyHistogram(): number;
  requestStart(now: number): void;
  requestEnd(now: number, start: number, gates: number): number;
  tick(now: number): number;
  requestCollection(generation: number, now: number): void;
  scheduleStats(now: number): void;
  flightConfigure(longLivedAfterMs: number, now: number): void;
  busyAt(time: number): number;
  gateCreate(interval: number, kind: number, whileBusy: number): number;
  gateRemove(index: number): number;
  collectConfigure(
    policy: number,
    threshold0: number,
    threshold1: number,
    threshold2: number,
    hasMinor: number,
    budgetRatio: number,
    minFreedPerMs: number,
    deferralMs: number,
    now: number,
  ): void;
  collectSetPolicy(policy: number): void;
  collectSetCost(pauses: number): void;
  collectDecide(now: number): number;
  collectDone(generation: number, pauseMs: number, freedBytes: number): void;
  collectManual(generation: number, pauseMs: number, freedBytes: number): void;
  cleanupConfigure(intervalMs: number, minFreedBytes: number, now: number): void;
  cleanupDone(now: number, freedBytes: number): void;
  watermarkConfigure(highBytes: number, lowBytes: number, cooldownMs: number): void;
  watermarkSample(now: number, bytes: number): number;
  watermarkDone(now: number, freedBytes: number): void;
}

/** Status codes (assembly/status.ts). */
export const Status = {
  ok: 0,
  surplus: 1,
  doubleRelease: 2,
  staleRelease: 3,
  unknown: 4,
  none: -1,
  full: -2147483648,
  outOfMemory: -2147483647,
} as const;
