import { MB } from "../../shared/units.ts";
import { type Rule, showMb } from "../evidence.ts";

const WANTED_MB = 64;
/** Collections before their mean says anything. */
const MIN_MINORS = 100;
/** Survivors make a young collection long: nearly empty ones take 0.2 to 0.7 ms, those with 10 MB in flight 3 to 9 ms. */
const MIN_PAUSE_MS = 1;
/** Of wall time in young collections: below it there is nothing to gain. */
const MIN_TIME_RATIO = 0.02;
/** Of half the young generation, promoted by a collection: objects outlive it because it is small. */
const MIN_PROMOTED_RATIO = 0.05;
/** What the larger one may take of resident memory (measured: 50 to 80 MB). */
const COST_BYTES = 80 * MB;
/**
 * What must be left of the heap's limit. V8 begins to mark once the old generation has less left than the young one
 * may promote: in a heap of 256 MB that was half full, Node 20 ran 3 major collections a second at 64 MB, none at 16 MB.
 */
const HEAP_ROOM_BYTES = 4 * WANTED_MB * MB;

/**
 * Objects that live as long as a request are copied, and promoted, by each collection of a young generation
 * that is smaller than what is in flight. Measured with 10 MB in flight: a server's CPU time a request fell by a
 * third on Node 20 and 22 with halves of 64 MB; docs/advisor.md has the figures.
 */
export const youngGeneration: Rule = {
  name: "young-generation",
  suggest({
    observedMs,
    minors,
    minorPauseMs,
    youngHalfBytes,
    promotedPerMinorBytes,
    limitBytes,
    peakUsedBytes,
    heapLimitBytes,
    peakHeapBytes,
    settings,
  }) {
    if (!settings || settings.given.youngGeneration || minors === undefined || minors < MIN_MINORS)
      return undefined;
    if (minorPauseMs === undefined || youngHalfBytes === undefined || promotedPerMinorBytes === undefined)
      return undefined;
    const pauseMs = minorPauseMs / minors;
    const timeRatio = minorPauseMs / observedMs;
    const promotedRatio = promotedPerMinorBytes / youngHalfBytes;
    if (pauseMs < MIN_PAUSE_MS || timeRatio < MIN_TIME_RATIO || promotedRatio < MIN_PROMOTED_RATIO)
      return undefined;
    if (youngHalfBytes >= WANTED_MB * MB) return undefined;
    if (limitBytes !== undefined && (peakUsedBytes ?? limitBytes) + COST_BYTES > 0.8 * limitBytes)
      return undefined;
    if (heapLimitBytes !== undefined && (peakHeapBytes ?? 0) + HEAP_ROOM_BYTES > heapLimitBytes)
      return undefined;
    const setting = settings.youngGeneration(WANTED_MB);
    return {
      rule: "young-generation",
      what: "Requests hold more than fits into the young generation, so their objects are copied again and again.",
      evidence: `${minors} young collections of ${pauseMs.toFixed(1)} ms took ${(100 * timeRatio).toFixed(1)} % of the time and promoted ${showMb(promotedPerMinorBytes)} each, of halves of ${showMb(youngHalfBytes)}; a larger one may take up to ${showMb(COST_BYTES)} more memory`,
      flag: setting.flag,
      variable: setting.variable,
      instead: undefined,
      verify: setting.verify,
    };
  },
};
