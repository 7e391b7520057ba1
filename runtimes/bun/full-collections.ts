import type { CollectionProfile, ProfiledCollection } from "../../src/shared/port.ts";
import { memoryUsage } from "../memory.ts";

/**
 * Bun reports no collections. But an object that has survived one is old, and an old one that nobody holds
 * is found dead by a full collection alone; and `heapUsed` is what the last collection left, buffers
 * included. So: arm an object, let go of it once `heapUsed` has moved, and its end tells of a full
 * collection. One right behind another is missed.
 */
export function watchFullCollections(): CollectionProfile {
  let seen: ProfiledCollection[] = [];
  let held: object | undefined;
  let armedAtBytes: number | undefined;
  let open = true;
  const left = (): number | undefined => memoryUsage()?.heapUsed;
  const registry = new FinalizationRegistry<undefined>(() => {
    if (!open) return;
    const usage = memoryUsage();
    seen.push({
      kind: "major",
      durationMs: undefined,
      freedBytes: undefined,
      heapAfterBytes: usage && Math.max(0, usage.heapUsed - usage.external),
    });
    arm();
  });
  function arm(): void {
    held = {};
    registry.register(held, undefined);
    armedAtBytes = left();
  }
  arm();
  return {
    take() {
      if (held && left() !== armedAtBytes) held = undefined;
      const taken = seen;
      seen = [];
      return taken;
    },
    close() {
      open = false;
      held = undefined;
    },
  };
}
