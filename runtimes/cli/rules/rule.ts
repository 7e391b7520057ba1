import type { Facts } from "../facts.ts";

/** Something to change, with what speaks for it. */
export interface Action {
  readonly rule: string;
  /** `danger`: the process may be killed, or a feature does not work at all. `gain`: it works, and could work better. */
  readonly severity: "danger" | "gain";
  /** One sentence. */
  readonly what: string;
  /** The figures that it rests on. */
  readonly evidence: string;
  /** A start flag of the runtime. */
  readonly flag?: string | undefined;
  /** An environment variable, where a flag is not the way. */
  readonly variable?: { readonly name: string; readonly value: string } | undefined;
  /** Neither flag nor variable: what to do instead. */
  readonly instead?: string | undefined;
  /** A command that shows whether it is done. */
  readonly verify: string;
}

/** One heuristic: an action, or nothing where it has nothing to say or cannot know. */
export type Rule = (facts: Facts) => Action | undefined;
