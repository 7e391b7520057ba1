import { Due, type GateKind, type Schedule } from "../core/schedule.ts";
import { requireFields, requireFunction, show, VelithonError } from "../shared/errors.ts";
import type { Logger } from "../shared/logger.ts";
import type { RuntimePort } from "../shared/port.ts";

/** "Every so many requests": what one count of a middleware does. */
export interface Gate {
  /** Opens every so many requests, at least 1. */
  readonly interval: number;
  /** What it does when it opens. */
  readonly kind: GateKind;
  /** What it makes due may run while requests are in flight. */
  readonly whileBusy?: boolean;
  /** Called when a notify gate opens. */
  readonly opened?: () => void;
}

function alike(a: Gate, b: Gate): boolean {
  return (
    a.interval === b.interval &&
    a.kind === b.kind &&
    (a.whileBusy ?? false) === (b.whileBusy ?? false) &&
    a.opened === b.opened
  );
}

/** What the tracker asks of its optimizer once something is due. */
export interface DueHandlers {
  cleanup(): void;
  collect(): void;
}

function requireGates(wanted: unknown): void {
  if (!Array.isArray(wanted)) {
    throw new VelithonError(
      "INVALID_OPTION",
      `createGates: gates is ${show(wanted)}; accepted: a list of gates`,
    );
  }
  for (const gate of wanted) {
    requireFields("createGates", gate, ["interval", "kind", "whileBusy", "opened"]);
    if (gate.opened !== undefined) requireFunction("createGates: opened", gate.opened);
  }
}

/** What requests are counted for, and what is done once the core finds it due: behind the current turn. */
export class Gates {
  readonly #port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #logger: Logger;
  readonly #handlers: DueHandlers;
  /** By number. */
  readonly #gates: (Gate | undefined)[] = [];
  readonly #act = (): void => this.#actNow();
  #due = 0;

  constructor(port: RuntimePort, schedule: Schedule, logger: Logger, handlers: DueHandlers) {
    this.#port = port;
    this.#schedule = schedule;
    this.#logger = logger;
    this.#handlers = handlers;
  }

  /** The bits of these gates, all or none. Those that do the same are one. @throws `INVALID_OPTION`, `TOO_MANY_GATES` */
  create(wanted: readonly Gate[]): number {
    requireGates(wanted);
    const made: number[] = [];
    let bits = 0;
    try {
      for (const gate of wanted) {
        let number = this.#gates.findIndex((other) => other !== undefined && alike(other, gate));
        if (number < 0) {
          number = this.#schedule.createGate(gate.interval, gate.kind, gate.whileBusy);
          this.#gates[number] = gate;
          made.push(number);
        }
        bits |= 1 << number;
      }
    } catch (error) {
      for (const number of made) {
        this.#schedule.removeGate(number);
        this.#gates[number] = undefined;
      }
      throw error;
    }
    return bits;
  }

  /** Does what a mask names, once, behind the current turn. */
  actOn(due: number): void {
    if (this.#due === 0) this.#port.defer(this.#act);
    this.#due |= due;
  }

  #actNow(): void {
    const due = this.#due;
    this.#due = 0;
    for (let gates = due & Due.gates; gates !== 0; gates &= gates - 1) {
      try {
        this.#gates[31 - Math.clz32(gates & -gates)]?.opened?.();
      } catch (error) {
        this.#logger.error({ err: error }, "a listener of the request count failed");
      }
    }
    if (due & Due.cleanup) this.#handlers.cleanup();
    if (due & Due.collect) this.#handlers.collect();
  }
}
