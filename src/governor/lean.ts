import type { RuntimePort } from "../shared/port.ts";

/** Growth of the old generation, in percent of what the last major collection left, while `lean` is in force. */
export const LEAN_PERCENT = 50;

/** A setting of the whole process has one owner: of two, the one would undo the other's, and measure what the other does. */
const owners = new WeakMap<RuntimePort, Lean>();

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

  /** Whether the setting is this one's to switch. */
  get held(): boolean {
    return owners.get(this.#port) === this;
  }

  /** Takes the setting, unless another one has it. */
  take(): void {
    if (this.available && !owners.has(this.#port)) owners.set(this.#port, this);
  }

  /** Switches it off, and leaves it to whoever takes it next. */
  release(): void {
    this.set(false);
    if (this.held) owners.delete(this.#port);
  }

  /** Nothing happens where it is not held. */
  set(inForce: boolean): void {
    if (this.inForce === inForce || !this.held) return;
    this.inForce = inForce;
    this.#port.setHeapGrowth?.(inForce ? LEAN_PERCENT : undefined);
  }
}
