import { MB } from "../../shared/units.ts";
import { type Rule, showMb } from "../evidence.ts";

/** A heap bound above this share of the limit is never reached: the kernel ends the process first. */
const DANGER_RATIO = 0.95;
/** A heap that has come this near to its own bound collects hard and may end the process. */
const FULL_RATIO = 0.8;
/** While so much of the container's limit is out of its reach. */
const WASTE_RATIO = 0.6;
/** Of the limit, for the old generation: the rest is for young objects, buffers, code and stacks. */
const OLD_RATIO = 0.7;
/** Below this no bound helps. */
const MIN_OLD_MB = 64;

/** The engine's own bound against the container's, with how far the heap has really grown. */
export const heapLimit: Rule = {
  name: "heap-limit",
  suggest({ limitBytes, heapLimitBytes, peakHeapBytes, settings }) {
    if (!settings || limitBytes === undefined || heapLimitBytes === undefined) return undefined;
    const danger = heapLimitBytes > limitBytes * DANGER_RATIO;
    // A bound below the container's limit may be meant.
    const full =
      !settings.given.heapLimit &&
      peakHeapBytes !== undefined &&
      peakHeapBytes >= heapLimitBytes * FULL_RATIO &&
      heapLimitBytes <= limitBytes * WASTE_RATIO;
    const oldMb = Math.floor((limitBytes * OLD_RATIO) / MB);
    if ((!danger && !full) || oldMb < MIN_OLD_MB) return undefined;
    const setting = settings.heapLimit(oldMb);
    const peak = peakHeapBytes === undefined ? "" : `, most used so far ${showMb(peakHeapBytes)}`;
    return {
      rule: "heap-limit",
      what: danger
        ? "The heap may grow past the container's limit: the kernel kills the process before the engine collects hard."
        : "The heap is close to its own limit, which keeps it from using much of the container's memory.",
      evidence: `heap limit ${showMb(heapLimitBytes)}, container limit ${showMb(limitBytes)}${peak}`,
      flag: setting.flag,
      variable: setting.variable,
      instead: undefined,
      verify: setting.verify,
    };
  },
};
