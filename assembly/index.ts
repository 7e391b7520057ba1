// The core's exports: plain functions over f64 and i32. A table is an address
// that its creator answers; every other number is a value or a status (status.ts).

import { scratch } from "./memory";

export { cleanupConfigure, cleanupDone } from "./cleanup";
export {
  collectConfigure,
  collectDecide,
  collectDone,
  collectManual,
  collectSetCost,
  collectSetPolicy,
} from "./collect";
export { busyAt, flightConfigure } from "./flight";
export { gateCreate, gateRemove } from "./gates";
export {
  histogramCreate,
  histogramDestroy,
  histogramQuantiles,
  histogramRecord,
  histogramReset,
  histogramSummary,
} from "./histogram";
export { latencyHistogram, requestCollection, requestEnd, requestStart, scheduleStats, tick } from "./schedule";
export {
  sieveCold,
  sieveCreate,
  sieveDestroy,
  sieveEvict,
  sieveHit,
  sieveInsert,
  sieveRemove,
  sieveResize,
  sieveStats,
} from "./sieve";
export { slotsCreate, slotsDestroy, slotsResize } from "./slot-table";
export {
  slotsAbandon,
  slotsAcquire,
  slotsDiscard,
  slotsEvict,
  slotsHandle,
  slotsRelease,
  slotsReleaseHandle,
  slotsStats,
  slotsTake,
  slotsUnneeded,
} from "./slots";
export { watermarkConfigure, watermarkDone, watermarkSample } from "./watermark";

/** Address of the scratch area: 64 f64. */
export function scratchAddress(): usize {
  return scratch;
}
