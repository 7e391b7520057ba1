import type { Settings } from "./harness.ts";
import type { Runtime } from "./runtimes.ts";

export interface Plan extends Settings {
  readonly quick: boolean;
  /** For subjects that start processes: the runtime that these run on. */
  readonly runtime: Runtime;
}
