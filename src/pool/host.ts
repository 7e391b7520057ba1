import type { GovernorCore } from "../core/governor.ts";
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
