import type { GovernorCore } from "../core/governor.ts";

/** Which requests are refused first: `low`. */
export type Priority = "low" | "normal" | "high";

const NUMBERS: Readonly<Record<Priority, number>> = { low: 0, normal: 1, high: 2 };
export const PRIORITIES: readonly Priority[] = ["low", "normal", "high"];

/** What load shedding let in and refused. */
export interface AdmissionStats {
  /** Requests let in so far, by priority. */
  readonly admitted: Readonly<Record<Priority, number>>;
  /** Requests refused so far, by priority. */
  readonly shed: Readonly<Record<Priority, number>>;
  /** Of the requests shed, those whose declared body did not fit. */
  readonly shedForRoom: number;
  /** Admitted requests that are not over yet. */
  readonly inFlight: number;
  /** Bytes of the declared bodies in flight. */
  readonly bookedBytes: number;
  /** Bytes of memory that a declared byte was observed to cost while its request is in flight. */
  readonly weight: number;
  /** The same of the heap. */
  readonly heapWeight: number;
  /** The probability that a request is refused now. */
  readonly probability: Readonly<Record<Priority, number>>;
}

/** Who is let in while memory is short, decided in the governor core (assembly/governor/shed.ts). */
export class Admission {
  readonly #core: GovernorCore;

  constructor(core: GovernorCore) {
    this.#core = core;
    core.exports.shedConfigure();
  }

  /**
   * True: let in, and `leave` must follow with the same bytes.
   *
   * @param bytes the declared body, 0 where there is none
   * @param random 0 to 1
   */
  admit(nowMs: number, priority: Priority, bytes: number, random: number): boolean {
    return this.#core.exports.shedAdmit(nowMs, NUMBERS[priority], bytes, random) === 0;
  }

  leave(bytes: number): void {
    this.#core.exports.shedLeave(bytes);
  }

  stats(nowMs: number): AdmissionStats {
    const { exports } = this.#core;
    exports.shedStats();
    const s = this.#core.scratch;
    const three = (from: number): Record<Priority, number> => ({
      low: s[from]!,
      normal: s[from + 1]!,
      high: s[from + 2]!,
    });
    return {
      admitted: three(0),
      shed: three(3),
      shedForRoom: s[6]!,
      inFlight: s[7]!,
      bookedBytes: s[8]!,
      weight: s[9]!,
      heapWeight: s[10]!,
      probability: {
        low: exports.shedProbability(nowMs, 0),
        normal: exports.shedProbability(nowMs, 1),
        high: exports.shedProbability(nowMs, 2),
      },
    };
  }
}
