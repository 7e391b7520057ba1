import type { Core } from "../core/load.ts";
import type { GarbageCollectionOptimizer } from "../gc/gc-optimizer.ts";
import type { MemoryMonitor } from "../monitor/memory-monitor.ts";
import type { RequestTracker } from "../requests/tracker.ts";
import type { Logger } from "../shared/logger.ts";
import type { RuntimePort } from "../shared/port.ts";

/** What the parts of an optimizer see of it, and of one another. */
export interface Parts {
  readonly port: RuntimePort;
  readonly core: Core;
  readonly logger: Logger;
  readonly monitor: MemoryMonitor;
  readonly requests: RequestTracker;
  readonly gcOptimizer: GarbageCollectionOptimizer;
}
