import { createGovernorCore, type GovernorCore } from "../core/governor.ts";
import type { Core } from "../core/load.ts";
import type { Logger } from "../shared/logger.ts";

/** What surrounds a pool: its optimizer fills this in. Each has a default, so that a pool can stand alone. */
export interface PoolHost {
  /** Default `maxSize`. */
  readonly maxSize?: number;
  /** A monotonic clock in ms, with a fraction. */
  readonly now?: () => number;
  readonly logger?: Logger;
  /** Whose core measures what reuse saves. */
  readonly governor?: () => GovernorCore;
  /** Called once when the pool is closed. */
  readonly onClose?: () => void;
}

const governors = new WeakMap<Core, GovernorCore>();

/** The governor that all pools of one core share which stand alone, made with the first of them. */
export function governorOf(core: Core): GovernorCore {
  let governor = governors.get(core);
  if (governor === undefined) {
    governor = createGovernorCore();
    governors.set(core, governor);
  }
  return governor;
}
