import type { Rule } from "../evidence.ts";

/** A version that was measured to be worse than a later one. */
export const runtimeVersion: Rule = {
  name: "runtime-version",
  suggest({ settings }) {
    const better = settings?.betterVersion;
    if (!better) return undefined;
    return {
      rule: "runtime-version",
      what: "A later version of this runtime returns memory more completely.",
      evidence: better.why,
      flag: undefined,
      variable: undefined,
      instead: better.instead,
      verify: better.verify,
    };
  },
};
