interface Allowance {
  /** So many at once. */
  readonly burst: number;
  /** One more each so many ms. */
  readonly refillMs: number;
}

/** A token bucket: so many at once, then one each `refillMs`. Starts full. */
export class Throttle {
  readonly #now: () => number;
  readonly #allowance: Allowance;
  #left: number;
  #atMs: number;

  constructor(now: () => number, allowance: Allowance) {
    this.#now = now;
    this.#allowance = allowance;
    this.#left = allowance.burst;
    this.#atMs = now();
  }

  /** Takes one: 0. Where none is left: how many ms until there is one. */
  take(): number {
    const { burst, refillMs } = this.#allowance;
    const now = this.#now();
    this.#left = Math.min(burst, this.#left + (now - this.#atMs) / refillMs);
    this.#atMs = now;
    if (this.#left < 1) return (1 - this.#left) * refillMs;
    this.#left -= 1;
    return 0;
  }
}
