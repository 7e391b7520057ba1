import type { Rule as AdvisorRule } from "../../../src/advisor/evidence.ts";
import { heapLimit as heapLimitOf } from "../../../src/advisor/rules/heap-limit.ts";
import { runtimeVersion as runtimeVersionOf } from "../../../src/advisor/rules/runtime-version.ts";
import type { Facts } from "../facts.ts";
import type { Action, Rule } from "./rule.ts";

/** A rule of the advisor, asked before there is any traffic: it says what it can say from limits and versions. */
function advised(rule: AdvisorRule, severity: Action["severity"]): Rule {
  return ({ limitBytes, usedBytes, heapLimitBytes, settings }: Facts) => {
    const suggestion = rule.suggest({
      observedMs: 0,
      requests: 0,
      minors: undefined,
      minorPauseMs: undefined,
      youngHalfBytes: undefined,
      promotedPerMinorBytes: undefined,
      majors: undefined,
      leastOldBytes: undefined,
      limitBytes,
      peakUsedBytes: usedBytes,
      heapLimitBytes,
      peakHeapBytes: undefined,
      settings,
    });
    return suggestion && { ...suggestion, severity, variable: undefined };
  };
}

/** The engine's own bound against the container's. Without traffic it speaks of the danger alone. */
export const heapLimit: Rule = advised(heapLimitOf, "danger");

/** A version that was measured to be worse than a later one. */
export const runtimeVersion: Rule = advised(runtimeVersionOf, "gain");
