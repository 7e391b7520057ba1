import type { Facts } from "../facts.ts";
import { heapLimit, runtimeVersion } from "./advised.ts";
import { allocator } from "./allocator.ts";
import { permissions } from "./permissions.ts";
import type { Action, Rule } from "./rule.ts";
import { startFlag } from "./start-flag.ts";
import { webAssembly } from "./web-assembly.ts";
import { youngGeneration } from "./young-generation.ts";

/** In the order of what they are worth; a danger comes before every gain. */
const RULES: readonly Rule[] = [
  webAssembly,
  heapLimit,
  startFlag,
  youngGeneration,
  permissions,
  runtimeVersion,
  allocator,
];

/** More would not be read. */
const MOST_ACTIONS = 3;

/** At most three, the most urgent first. */
export function actionsFor(facts: Facts): Action[] {
  const found = RULES.map((rule) => rule(facts)).filter((action) => action !== undefined);
  const dangers = found.filter((action) => action.severity === "danger");
  return [...dangers, ...found.filter((action) => action.severity === "gain")].slice(0, MOST_ACTIONS);
}
