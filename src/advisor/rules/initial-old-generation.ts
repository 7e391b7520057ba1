import { MB } from "../../shared/units.ts";
import { type Rule, showMb } from "../evidence.ts";

const WANTED_MB = 128;
/** A small heap needs one every few seconds to minutes. */
const MIN_MAJORS_PER_SECOND = 1;
const MIN_MAJORS = 60;
/** A larger heap gets room to grow from the engine by itself. */
const MAX_OLD_BYTES = 64 * MB;

/**
 * V8 gives a small heap a few MB until the next major collection, and counts buffers outside of the heap against
 * them: a server that only takes uploads collects several times a second. Measured with 50 MB of uploads a second:
 * 3 to 6 major collections a second, with the flag 0 to 2, and 0.66 to 0.74 of the CPU time.
 */
export const initialOldGeneration: Rule = {
  name: "initial-old-generation",
  suggest({ observedMs, majors, leastOldBytes, limitBytes, peakUsedBytes, settings }) {
    if (
      !settings ||
      settings.given.initialOldGeneration ||
      majors === undefined ||
      leastOldBytes === undefined
    )
      return undefined;
    const perSecond = (1000 * majors) / observedMs;
    if (majors < MIN_MAJORS || perSecond < MIN_MAJORS_PER_SECOND || leastOldBytes > MAX_OLD_BYTES)
      return undefined;
    if (limitBytes !== undefined && (peakUsedBytes ?? limitBytes) + WANTED_MB * MB > 0.8 * limitBytes)
      return undefined;
    const setting = settings.initialOldGeneration(WANTED_MB);
    return {
      rule: "initial-old-generation",
      what: "The engine collects the whole of a small heap again and again, because it gives it little room to grow.",
      evidence: `${majors} major collections in ${(observedMs / 1000).toFixed(0)} s, ${perSecond.toFixed(1)} a second, of an old generation with ${showMb(leastOldBytes)} in it; it may take up to ${WANTED_MB} MB more of memory`,
      flag: setting.flag,
      variable: setting.variable,
      instead: undefined,
      verify: setting.verify,
    };
  },
};
