export interface NaiveMember {
  limit: number;
  held: number;
  wanted: number;
  pinned: number;
  margin: number;
  average: number;
  told: boolean;
}

const pin = (one: NaiveMember): number => Math.min(one.pinned, one.wanted);
const worth = (one: NaiveMember): number => Math.max(one.margin, one.average / 8);
const hungry = (one: NaiveMember): boolean => one.limit < one.wanted && one.held >= one.limit * 0.9;

/** How a budget is shared, in lists that are sorted. */
export class NaiveBudget {
  total: number;
  readonly members: Map<number, NaiveMember> = new Map();

  constructor(total: number) {
    this.total = total;
  }

  get sum(): number {
    return this.#inOrder().reduce((sum, one) => sum + one.limit, 0);
  }

  #inOrder(): NaiveMember[] {
    return [...this.members].sort(([a], [b]) => a - b).map(([, one]) => one);
  }

  /** Those who give first come first; among equals the larger. */
  #givers(): NaiveMember[] {
    return this.#inOrder().sort((a, b) => worth(a) - worth(b) || b.limit - a.limit);
  }

  #takers(): NaiveMember[] {
    return this.#inOrder()
      .filter(hungry)
      .sort((a, b) => b.margin - a.margin);
  }

  #takeUnused(bytes: number, reserve: number): number {
    let taken = 0;
    for (const one of this.#givers()) {
      const part = Math.min(bytes - taken, one.limit - Math.max(one.held * reserve, pin(one)));
      if (part <= 0) continue;
      one.limit -= part;
      taken += part;
    }
    return taken;
  }

  #settle(): void {
    for (const one of this.members.values()) one.limit = Math.max(pin(one), Math.min(one.limit, one.wanted));
    let over = this.sum - this.total;
    if (over <= 0 || Number.isNaN(over)) return;
    over -= this.#takeUnused(over, 1);
    for (let round = 0; round < 64; round++) {
      for (const one of this.#givers()) {
        if (over <= 0) return;
        const excess = one.limit - pin(one);
        const part = Math.min(over, excess < 1 ? excess : excess / 2);
        one.limit -= part;
        over -= part;
      }
    }
  }

  join(index: number, wanted: number, pinned: number): void {
    const share = Math.max(this.total - this.sum, this.total / (this.members.size + 1));
    const limit = Math.min(wanted, share);
    this.members.set(index, { limit, held: limit, wanted, pinned, margin: 0, average: 0, told: false });
    this.#settle();
  }

  tell(
    index: number,
    reading: { held: number; wanted: number; saved: number; missed: number; marginBytes: number },
    seconds: number,
  ): void {
    const one = this.members.get(index)!;
    one.held = reading.held;
    one.wanted = reading.wanted;
    if (seconds <= 0) return;
    const weight = one.told ? 0.2 : 1;
    one.told = true;
    one.average += (reading.saved / Math.max(reading.held, 1) / seconds - one.average) * weight;
    one.margin += (reading.missed / Math.max(reading.marginBytes, 1) / seconds - one.margin) * weight;
  }

  setTotal(total: number): void {
    this.total = total;
    this.#settle();
  }

  step(): void {
    this.#settle();
    let free = this.total - this.sum;
    const most = this.total / 32;
    for (const one of this.#takers()) {
      if (free <= 0) break;
      const part = Math.min(free, most, one.wanted - one.limit);
      one.limit += part;
      free -= part;
    }
    if (free > 0) return;
    const taker = this.#takers()[0];
    if (taker === undefined || taker.margin <= 0) return;
    const wish = Math.min(most, taker.wanted - taker.limit);
    let part = this.#takeUnused(wish, 1 / 0.9);
    if (part === 0) {
      const donor = this.#givers().find((one) => one !== taker && one.limit > pin(one));
      if (donor === undefined || taker.margin <= worth(donor) * 1.5) return;
      part = Math.min(wish, (donor.limit - pin(donor)) / 8);
      donor.limit -= part;
    }
    taker.limit += part;
  }
}
