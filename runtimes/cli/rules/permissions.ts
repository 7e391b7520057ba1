import type { Facts } from "../facts.ts";
import type { Action } from "./rule.ts";

/** Deno hides the limit without a permission: then nothing can be held against it. */
export function permissions({ runtime, capabilities, limitBytes }: Facts): Action | undefined {
  if (runtime !== "deno" || limitBytes !== undefined || capabilities.memoryLimit.available) return undefined;
  return {
    rule: "permissions",
    severity: "gain",
    what: "The memory limit of this process cannot be read, so memory pressure cannot be detected.",
    evidence: `memoryLimit: ${capabilities.memoryLimit.reason}`,
    flag: "--allow-sys=systemMemoryInfo",
    verify: "deno run --allow-env --allow-sys=systemMemoryInfo npm:velithon doctor",
  };
}
