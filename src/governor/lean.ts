import type { RuntimePort } from "../shared/port.ts";

/** Growth of the old generation, in percent of what the last major collection left, while `lean` is in force. */
export const LEAN_PERCENT = 50;

/** The one setting of a heap that takes effect in a running process: smaller heaps for more collections. */
export class Lean {
  readonly #port: RuntimePort;
  inForce = false;

  constructor(port: RuntimePort) {
    this.#port = port;
  }

  get available(): boolean {
    return this.#port.setHeapGrowth !== undefined;
  }

  set(inForce: boolean): void {
    if (this.inForce === inForce) return;
    this.inForce = inForce && this.available;
    this.#port.setHeapGrowth?.(inForce ? LEAN_PERCENT : undefined);
  }
}
