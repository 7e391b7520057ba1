import { setTimeout as wait } from "node:timers/promises";
import type { RuntimePort } from "../../src/shared/port.ts";

/** A turn of the event loop, so that finalizers run and a `WeakRef` that was read lets go. */
export function turn(): Promise<void> {
  return wait(1);
}

/**
 * How many are still alive after forced collections. Looks again, 10 times at most, while more than `allowed`
 * are: a conservative scan of the stack may hold some for a while.
 */
export async function aliveAfterCollection(
  port: RuntimePort,
  refs: readonly WeakRef<object>[],
  allowed = 0,
): Promise<number> {
  let alive = refs.length;
  for (let i = 0; i < 10 && alive > allowed; i++) {
    await turn();
    port.collect("major");
    await turn();
    alive = refs.filter((ref) => ref.deref() !== undefined).length;
  }
  return alive;
}
