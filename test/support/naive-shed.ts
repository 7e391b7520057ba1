import type { Priority } from "../../src/pressure/admission.ts";

type Resource = "memory" | "heap";
const RESOURCES: readonly Resource[] = ["memory", "heap"];

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
  readonly weight: Record<Resource, number> = { memory: 32, heap: 32 };
  readonly #seen: Partial<Record<Resource, number>> = {};
  readonly open: Admitted[] = [];
  #probedAt = Number.NEGATIVE_INFINITY;
  #spans: {
    from: number;
    most: number;
    lowest: Record<Resource, number>;
    highest: Record<Resource, number>;
  }[] = [];

  booked(): number {
    return this.open.reduce((sum, request) => sum + request.bytes, 0);
  }

  /** A sample, with NaN for what could not be read. */
  follow(at: number, seen: Record<Resource, number>): void {
    const last = this.#spans.at(-1);
    if (!last || at - last.from >= 30_000) {
      this.#spans.push({
        from: at,
        most: this.booked(),
        lowest: { memory: Number.POSITIVE_INFINITY, heap: Number.POSITIVE_INFINITY },
        highest: { memory: 0, heap: 0 },
      });
    }
    const { lowest, highest } = this.#spans.at(-1)!;
    for (const of of RESOURCES) {
      if (Number.isNaN(seen[of])) continue;
      lowest[of] = Math.min(lowest[of], seen[of]);
      highest[of] = Math.max(highest[of], seen[of]);
      const most = this.most();
      const enough = most >= 2 * 1024 * 1024;
      // The weight of the heap falls for less.
      if (!enough && (of === "memory" || most < 256 * 1024)) continue;
      const each = Math.min(64, Math.max(2, (this.highest(of) - this.floor(of)) / most));
      this.#seen[of] = each;
      if (enough) this.weight[of] = Math.max(this.weight[of], (this.weight[of] + each) / 2);
    }
  }

  /** The most that was booked at once, in the spans that the floor is of. */
  most(): number {
    const [before, last] = this.#spans.slice(-2);
    if (!before) return 0;
    if (!last) return before.most;
    return last.from - before.from < 60_000 ? Math.max(before.most, last.most) : last.most;
  }

  highest(of: Resource): number {
    const [before, last] = this.#spans.slice(-2);
    if (!last) return before!.highest[of];
    return last.from - before!.from < 60_000
      ? Math.max(before!.highest[of], last.highest[of])
      : last.highest[of];
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
    const tight = RESOURCES.some((of) => {
      const { used, full } = state[of];
      if (Number.isNaN(used) || Number.isNaN(full)) return false;
      // Room is what eight tenths of the mark leave.
      const most = full * 0.8;
      const weight = this.weight[of];
      return used + weight * bytes > most || this.floor(of) + weight * (booked + bytes) > most;
    });
    const alone = booked === 0 && state.calm;
    const noRoom = bytes > 0 && !state.stale && !alone && tight;
    if (strained || noRoom) {
      // The critical mark is at 0.9 of the limit.
      const risky = bytes > 0 && state.memory.used + this.weight.memory * bytes > state.memory.full / 0.9;
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
    for (const of of RESOURCES) {
      const seen = this.#seen[of];
      if (request!.bytes > 0 && seen !== undefined && seen < this.weight[of]) {
        this.weight[of] = this.weight[of] * 0.9 + seen * 0.1;
      }
    }
    return request!.bytes;
  }
}
