import type { PressureInputs } from "../../src/pressure/level.ts";

const NAMES = ["normal", "elevated", "high", "critical"] as const;
const KINDS = ["memory", "heap", "stall", "lag"] as const;
type Kind = (typeof KINDS)[number];

interface Scale {
  /** Where elevated, high, critical begin. */
  readonly steps: readonly number[];
  readonly leave: number;
}

interface Sample {
  readonly at: number;
  readonly used: number | undefined;
}

const isNumber = (x: number | undefined): x is number => x !== undefined && !Number.isNaN(x);

/** The level from the inputs, written from the description alone: tables, and what was seen before. */
export class NaivePressure {
  readonly scales: Readonly<Record<Kind, Scale>>;
  readonly holdMs: number;
  readonly was: Record<Kind, number> = { memory: 0, heap: 0, stall: 0, lag: 0 };
  readonly entries: number[] = [0, 0, 0, 0];
  readonly durations: number[] = [0, 0, 0, 0];
  level = 0;
  since: number | undefined;
  cause: Kind | undefined;
  strain = 0;
  slope = 0;
  isFast = false;
  values: Record<Kind, number | undefined> = {
    memory: undefined,
    heap: undefined,
    stall: undefined,
    lag: undefined,
  };
  /** The level has asked to be left since: undefined while it has not. */
  #calmFrom: number | undefined;
  #smoothLag: number | undefined;
  #slopeFrom: Sample | undefined;
  #last: number | undefined;

  constructor(ratios: readonly [number, number, number], holdMs: number) {
    this.scales = {
      memory: { steps: ratios, leave: 0.93 },
      heap: { steps: ratios, leave: 0.93 },
      stall: { steps: [0.1, 0.4], leave: 0.7 },
      lag: { steps: [100, 400], leave: 0.7 },
    };
    this.holdMs = holdMs;
  }

  #strain(kind: Kind, value: number): number {
    const { steps } = this.scales[kind];
    const points = [[0, 0], ...steps.map((at, i) => [at, i + 1])] as [number, number][];
    if (value <= 0) return 0;
    let i = points.findIndex(([at]) => value < at);
    if (i === -1) i = points.length - 1;
    const [[x0, y0], [x1, y1]] = [points[i - 1]!, points[i]!];
    const y = y0 + ((value - x0) / (x1 - x0)) * (y1 - y0);
    return steps.length === 2 ? Math.min(2.9, y) : y;
  }

  #place(kind: Kind, value: number | undefined): number {
    const { steps, leave } = this.scales[kind];
    if (!isNumber(value)) return 0;
    const reached = steps.filter((step) => value >= step).length;
    const kept = steps.filter((step) => value >= step * leave).length;
    // Entered at the mark; kept as long as it is above a share of it.
    return Math.max(reached, Math.min(this.was[kind], kept));
  }

  sample(at: number, inputs: PressureInputs): string {
    const since = this.#last ?? at;
    this.since ??= at;
    this.durations[this.level]! += at - since;
    if (!isNumber(inputs.lagMs)) this.#smoothLag = undefined;
    else if (this.#smoothLag === undefined) this.#smoothLag = inputs.lagMs;
    else {
      const share = (at - since) / (2000 + at - since);
      this.#smoothLag = this.#smoothLag * (1 - share) + inputs.lagMs * share;
    }
    this.#last = at;
    const limit = isNumber(inputs.limitBytes) && inputs.limitBytes > 0 ? inputs.limitBytes : undefined;
    const heapLimit =
      isNumber(inputs.heapLimitBytes) && inputs.heapLimitBytes > 0 ? inputs.heapLimitBytes : undefined;
    this.#follow(at, isNumber(inputs.usedBytes) ? inputs.usedBytes : undefined);
    const ratio = (a: number | undefined, b: number | undefined) =>
      isNumber(a) && b !== undefined ? a / b : undefined;
    this.values = {
      memory: ratio(inputs.usedBytes, limit),
      heap: ratio(inputs.heapUsedBytes, heapLimit),
      stall: isNumber(inputs.stallRatio) ? inputs.stallRatio : undefined,
      lag: this.#smoothLag,
    };
    const { memory } = this.values;
    const left = this.timeToLimit(inputs.usedBytes, limit);
    this.isFast =
      memory !== undefined &&
      memory >= 0.85 * this.scales.memory.steps[0]! &&
      left !== undefined &&
      left < (this.isFast ? 6000 : 3000);

    const places = KINDS.map((kind) => {
      this.was[kind] = this.#place(kind, this.values[kind]);
      const fast = kind === "memory" && this.isFast ? 1 : 0;
      const value = this.values[kind];
      return {
        kind,
        known: value !== undefined,
        place: Math.min(3, this.was[kind] + fast),
        strain: value === undefined ? 0 : this.#strain(kind, value) + fast,
      };
    });
    this.strain = Math.max(...places.map((place) => place.strain));
    const known = places.filter((place) => place.known);
    const highest = Math.max(0, ...known.map((place) => place.place));
    const decisive = known.find((place) => place.place === highest)?.kind;
    if (highest >= this.level) this.cause = decisive;
    if (highest > this.level) this.#move(highest, at);
    else if (highest === this.level) this.#calmFrom = at;
    else if (at - this.#calmFrom! >= this.holdMs) this.#move(this.level - 1, at);
    return NAMES[this.level]!;
  }

  #move(to: number, at: number): void {
    this.level = to;
    this.since = at;
    this.#calmFrom = at;
    this.entries[to]! += 1;
  }

  #follow(at: number, used: number | undefined): void {
    if (used === undefined) {
      this.slope = 0;
      this.#slopeFrom = undefined;
      return;
    }
    const from = this.#slopeFrom;
    if (from && at - from.at < 5) return;
    if (from) {
      const share = (at - from.at) / (500 + at - from.at);
      this.slope = this.slope * (1 - share) + ((used - from.used!) / (at - from.at)) * share;
    }
    this.#slopeFrom = { at, used };
  }

  timeToLimit(used: number | undefined, limit: number | undefined): number | undefined {
    if (!isNumber(used) || limit === undefined || this.slope <= 0) return undefined;
    return Math.max(0, limit - used) / this.slope;
  }
}
