import type { Priority } from "../../src/pressure/admission.ts";

type Resource = "memory" | "heap";

/** NaN where unknown. */
export interface Room {
  readonly used: number;
  /** The critical mark. */
  readonly full: number;
}

interface Admitted {
  readonly bytes: number;
}

/** Who is let in, from the description alone. Told what the level is, it decides nothing about that itself. */
export class NaiveShed {
  readonly admitted: Record<Priority, number> = { low: 0, normal: 0, high: 0 };
  readonly shed: Record<Priority, number> = { low: 0, normal: 0, high: 0 };
  shedForRoom = 0;
  /** What a booked byte costs, as far as was seen. */
  weight = 32;
  #seen: number | undefined;
  readonly open: Admitted[] = [];
  #probedAt = Number.NEGATIVE_INFINITY;
  #spans: { from: number; lowest: Record<Resource, number>; most: number; highest: number }[] = [];

  booked(): number {
    return this.open.reduce((sum, request) => sum + request.bytes, 0);
  }

  /** A sample, with NaN for what could not be read. */
  follow(at: number, seen: Record<Resource, number>): void {
    const last = this.#spans.at(-1);
    const none = { memory: Number.POSITIVE_INFINITY, heap: Number.POSITIVE_INFINITY };
    if (!last || at - last.from >= 30_000)
      this.#spans.push({ from: at, lowest: none, most: this.booked(), highest: 0 });
    const { lowest } = this.#spans.at(-1)!;
    for (const of of ["memory", "heap"] as const) {
      if (!Number.isNaN(seen[of])) lowest[of] = Math.min(lowest[of], seen[of]);
    }
    const span = this.#spans.at(-1)!;
    if (!Number.isNaN(seen.memory)) span.highest = Math.max(span.highest, seen.memory);
    const most = this.most();
    if (most < 2 * 1024 * 1024 || Number.isNaN(seen.memory)) return;
    const each = Math.min(64, Math.max(2, (this.highest() - this.floor("memory")) / most));
    this.#seen = each;
    this.weight = Math.max(this.weight, (this.weight + each) / 2);
  }

  /** The most that was booked at once, in the spans that the floor is of. */
  most(): number {
    const [before, last] = this.#spans.slice(-2);
    if (!before) return 0;
    if (!last) return before.most;
    return last.from - before.from < 60_000 ? Math.max(before.most, last.most) : last.most;
  }

  highest(): number {
    const [before, last] = this.#spans.slice(-2);
    if (!last) return before!.highest;
    return last.from - before!.from < 60_000 ? Math.max(before!.highest, last.highest) : last.highest;
  }

  floor(of: Resource): number {
    const [before, last] = this.#spans.slice(-2);
    if (!before) return Number.POSITIVE_INFINITY;
    if (!last) return before.lowest[of];
    return last.from - before.from < 60_000 ? Math.min(before.lowest[of], last.lowest[of]) : last.lowest[of];
  }

  probability(priority: Priority, calm: boolean, strain: number): number {
    if (calm) return 0;
    const [from, to] = { low: [1, 2], normal: [1.5, 3], high: [2.5, 3] }[priority] as [number, number];
    if (strain <= from) return 0;
    return strain >= to ? 1 : (strain - from) / (to - from);
  }

  /** `calm`: level normal. */
  admit(
    at: number,
    priority: Priority,
    bytes: number,
    random: number,
    state: { calm: boolean; stale: boolean; strain: number; memory: Room; heap: Room },
  ): boolean {
    const strained = random < this.probability(priority, state.calm || state.stale, state.strain);
    const booked = this.booked();
    const tight = (["memory", "heap"] as const).some((of) => {
      const { used, full } = state[of];
      if (Number.isNaN(used) || Number.isNaN(full)) return false;
      // Of memory, room is what eight tenths of the mark leave.
      const most = of === "memory" ? full * 0.8 : full;
      return used + this.weight * bytes > most || this.floor(of) + this.weight * (booked + bytes) > most;
    });
    const alone = booked === 0 && state.calm;
    const noRoom = bytes > 0 && !state.stale && !alone && tight;
    if (strained || noRoom) {
      // The critical mark is at 0.9 of the limit.
      const risky = bytes > 0 && state.memory.used + this.weight * bytes > state.memory.full / 0.9;
      if (this.open.length > 0 || at - this.#probedAt < (risky ? 10_000 : 250)) {
        this.shed[priority] += 1;
        if (!strained) this.shedForRoom += 1;
        return false;
      }
      this.#probedAt = at;
    }
    this.admitted[priority] += 1;
    this.open.push({ bytes });
    const span = this.#spans.at(-1);
    if (span) span.most = Math.max(span.most, this.booked());
    return true;
  }

  leave(index: number): number {
    const [request] = this.open.splice(index, 1);
    const seen = this.#seen;
    if (request!.bytes > 0 && seen !== undefined && seen < this.weight) {
      this.weight = this.weight * 0.9 + seen * 0.1;
    }
    return request!.bytes;
  }
}
