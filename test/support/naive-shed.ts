import type { Priority } from "../../src/pressure/admission.ts";

interface Admitted {
  readonly bytes: number;
}

/** Who is let in, from the description alone. Told what the level is, it decides nothing about that itself. */
export class NaiveShed {
  readonly admitted: Record<Priority, number> = { low: 0, normal: 0, high: 0 };
  readonly shed: Record<Priority, number> = { low: 0, normal: 0, high: 0 };
  shedForRoom = 0;
  readonly open: Admitted[] = [];
  #probedAt = Number.NEGATIVE_INFINITY;
  #spans: { from: number; lowest: number }[] = [];

  /** After a sample that could read memory. */
  follow(at: number, used: number): void {
    const last = this.#spans.at(-1);
    if (!last || at - last.from >= 5000) this.#spans.push({ from: at, lowest: used });
    else last.lowest = Math.min(last.lowest, used);
  }

  floor(): number {
    const [before, last] = this.#spans.slice(-2);
    if (!before) return Number.POSITIVE_INFINITY;
    if (!last) return before.lowest;
    return last.from - before.from < 10_000 ? Math.min(before.lowest, last.lowest) : last.lowest;
  }

  probability(priority: Priority, calm: boolean, strain: number): number {
    if (calm) return 0;
    const [from, to] = { low: [1, 2], normal: [1.5, 3], high: [2.5, 3] }[priority] as [number, number];
    if (strain <= from) return 0;
    return strain >= to ? 1 : (strain - from) / (to - from);
  }

  /** `used` and `full`: memory and its critical mark, NaN where unknown; `calm`: level normal, or no fresh sample. */
  admit(
    at: number,
    priority: Priority,
    bytes: number,
    random: number,
    state: { calm: boolean; stale: boolean; strain: number; used: number; full: number },
  ): boolean {
    const strained = random < this.probability(priority, state.calm || state.stale, state.strain);
    const booked = this.open.reduce((sum, request) => sum + request.bytes, 0);
    const noRoom =
      bytes > 0 &&
      !state.stale &&
      !Number.isNaN(state.used) &&
      (state.used + 4 * bytes > state.full || this.floor() + 4 * (booked + bytes) > state.full);
    if (strained || noRoom) {
      if (this.open.length > 0 || at - this.#probedAt < 250) {
        this.shed[priority] += 1;
        if (!strained) this.shedForRoom += 1;
        return false;
      }
      this.#probedAt = at;
    }
    this.admitted[priority] += 1;
    this.open.push({ bytes });
    return true;
  }
}
