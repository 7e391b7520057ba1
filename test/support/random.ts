import process from "node:process";

/** Seeded random numbers (mulberry32). `TEST_SEED` replaces the seed, to look further than one run does. */
export class Random {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    const given = process.env.TEST_SEED;
    this.seed = given === undefined ? seed : Number(given);
    this.#state = this.seed >>> 0;
  }

  /** Goes on as one made with this seed. */
  restart(seed: number): void {
    this.#state = seed >>> 0;
  }

  /** 0 .. 1, 1 excluded. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  int(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)]!;
  }

  /** Exponentially distributed. */
  exponential(mean: number): number {
    return -Math.log(1 - this.next()) * mean;
  }

  /** Normally distributed: mean 0, deviation 1. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
  }
}

/** Runs `act` `steps` times; whatever it throws tells the seed and the step. */
export function randomSteps(seed: number, steps: number, act: (random: Random, step: number) => void): void {
  const random = new Random(seed);
  let step = 0;
  try {
    for (; step < steps; step++) act(random, step);
  } catch (error) {
    if (error instanceof Error) error.message += ` (seed ${random.seed}, step ${step})`;
    throw error;
  }
}
