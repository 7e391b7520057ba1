import type { Facts } from "../facts.ts";
import { doctorWith } from "./command.ts";
import type { Action } from "./rule.ts";

/** Collections on request that a start flag, or its absence, takes away. */
export function startFlag(facts: Facts): Action | undefined {
  const { runtime, capabilities } = facts;
  const { majorCollection, minorCollection } = capabilities;
  if (runtime === "deno" && !minorCollection.available) {
    const flag = "--v8-flags=--expose-gc-as=__vgc";
    return {
      rule: "start-flag",
      severity: "gain",
      what: "Deno collects the young generation on request only with a start flag; without it, every requested collection is a full one.",
      evidence: `minorCollection: ${minorCollection.reason}`,
      flag,
      verify: doctorWith(runtime, flag),
    };
  }
  if (runtime === "node" && !majorCollection.available) {
    return {
      rule: "start-flag",
      severity: "danger",
      what: "No collection can be requested in this process.",
      evidence: `majorCollection: ${majorCollection.reason}`,
      instead: "start without --freeze-flags-after-init, or with --expose-gc",
      verify: doctorWith(runtime),
    };
  }
  return undefined;
}
