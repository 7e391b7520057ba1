import { having, optional, options, parseOptions } from "../shared/options.ts";

/** In the order of the core (assembly/governor/counts.ts). */
export const POLICIES = [
  "observe",
  "interval",
  "quiet",
  "watermark",
  "early",
  "trim",
  "seal",
  "auto",
  "lean",
] as const;
/** What the governor may do; see docs/governor.md. */
export type GovernorPolicy = (typeof POLICIES)[number];

/** What `auto` improves; the others may not get worse by more than a margin. */
export type GovernorObjective = "latency" | "cpu" | "memory";

/** Options of the governor, as `governor` in those of `createMemoryOptimizer`. */
export interface GovernorOptions {
  /** One policy or several. Default `observe`, and `interval` where a middleware counts collections. */
  policy?: GovernorPolicy | readonly GovernorPolicy[] | undefined;
  /** What `auto` improves. Default `latency`. */
  objective?: GovernorObjective | undefined;
}

const OBJECTIVES: readonly GovernorObjective[] = ["latency", "cpu", "memory"];

export const ACCEPTED_POLICIES: string = `${POLICIES.join(", ")}, or a list of different ones (observe only alone, auto only with seal and lean)`;

const isPolicy = (value: unknown): boolean => POLICIES.includes(value as GovernorPolicy);

const BESIDE_AUTO: readonly unknown[] = ["auto", "seal", "lean"];

/** One policy, or a list of some that go together. */
export function fitsPolicy(value: unknown): value is GovernorPolicy | readonly GovernorPolicy[] {
  if (!Array.isArray(value)) return isPolicy(value);
  if (value.length === 0 || !value.every(isPolicy) || new Set(value).size < value.length) return false;
  // `observe` is nothing but measuring, and beside `auto` any other action would spoil its experiment.
  return (
    value.length === 1 ||
    !(
      value.includes("observe") ||
      (value.includes("auto") && !value.every((one) => BESIDE_AUTO.includes(one)))
    )
  );
}

const schema = options({
  policy: optional(having<GovernorPolicy | readonly GovernorPolicy[]>(ACCEPTED_POLICIES, fitsPolicy)),
  objective: optional(
    having<GovernorObjective>("latency, cpu or memory", (value) =>
      OBJECTIVES.includes(value as GovernorObjective),
    ),
    "latency",
  ),
});

/** Checked: which policies, `undefined` where none was named. */
export interface GovernorSettings {
  readonly policies: readonly GovernorPolicy[] | undefined;
  readonly objective: GovernorObjective;
}

/** @throws `INVALID_OPTION` */
export function parseGovernorOptions(where: string, given: unknown): GovernorSettings {
  const { policy, objective } = parseOptions(where, schema, given);
  const policies = typeof policy === "string" ? [policy] : policy && [...policy];
  return { policies, objective };
}
