import type { Facts } from "../facts.ts";
import { doctorWith } from "./command.ts";
import type { Action } from "./rule.ts";

/** The core is WebAssembly; V8 without a compiler has none. */
export function webAssembly({ runtime, hasWebAssembly }: Facts): Action | undefined {
  if (hasWebAssembly) return undefined;
  return {
    rule: "web-assembly",
    severity: "danger",
    what: "velithon cannot run in this process: its core is WebAssembly.",
    evidence: "WebAssembly is not defined",
    instead: "start without --jitless",
    verify: doctorWith(runtime),
  };
}
