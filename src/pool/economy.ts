import type { GovernorCore } from "../core/governor.ts";
import { addressOf } from "../core/table.ts";
import { clockCostNs } from "../shared/clock-cost.ts";

const POOLING = 0;
const PROBATION = 2;
const NEEDED = 2;
/** A comparison of optimised code: at most so many calls of the factory and ns of it, in so many turns. */
const MOST_CALLS = 4096;
const MOST_NS = 500_000;
const TURNS = 8;

/** `pooling`: objects are kept and reused. `bypass`: reuse did not pay, so each `acquire` makes an object. */
export type PoolMode = "pooling" | "bypass";

/** A lease and its end, without a reset: what the pool itself costs. */
export type Cycle = (times: number) => void;

/**
 * What a pool saves, by sampling: how long its factory and its reset take. The core decides what follows from
 * it (assembly/governor/break-even.ts).
 *
 * Cost: for one acquire in 128, at first, an object that would have been reused is made and timed, and one
 * reset is timed. After 8 of those, where an object takes less than 2 µs, at most 4096 calls or 0.5 ms of the
 * factory, whose objects are thrown away. Each further time that pooling does not lose, all this becomes half as
 * frequent, down to one in 32,768.
 */
export class Economy<T extends object> {
  readonly #governor: GovernorCore;
  readonly #address: number;
  readonly #now: () => number;
  readonly #create: () => T;
  readonly #cycle: Cycle;
  readonly #clockNs: number;
  readonly #kept: T[] = [];
  #mode: number = POOLING;
  #interval: number;
  #period: number;
  #turn = 0;

  constructor(governor: GovernorCore, now: () => number, create: () => T, cycle: Cycle) {
    this.#governor = governor;
    this.#address = addressOf("a pool's figures", governor.exports.breakEvenCreate());
    this.#now = now;
    this.#create = create;
    this.#cycle = cycle;
    this.#clockNs = clockCostNs(now);
    [this.#interval, this.#period] = this.#sampling();
  }

  get mode(): PoolMode {
    return this.#mode === POOLING || this.#mode === PROBATION ? "pooling" : "bypass";
  }

  /** One acquire in so many is a sample. */
  get interval(): number {
    return this.#interval;
  }

  #sampling(): [interval: number, period: number] {
    const { exports, scratch } = this.#governor;
    exports.breakEvenStats(this.#address);
    return [scratch[3]!, scratch[4]!];
  }

  /** Whether this acquire is to make an object, though one may be idle, by `make`. */
  get due(): boolean {
    this.#turn = (this.#turn + 1) % this.#period;
    return this.#turn === 0;
  }

  /** What the factory makes, timed. */
  make(): T {
    const start = this.#now();
    const object = this.#create();
    const ns = (this.#now() - start) * 1e6 - this.#clockNs;
    const { exports } = this.#governor;
    const answer = exports.breakEvenMade(this.#address, ns);
    if (answer === 0) return object;
    const timed: [number, number] | undefined =
      answer === NEEDED ? this.#compare(Math.max(ns, 20)) : [Number.NaN, this.#timeCycle()];
    if (timed === undefined) return object;
    this.#mode = exports.breakEvenDecide(this.#address, ...timed);
    [this.#interval, this.#period] = this.#sampling();
    return object;
  }

  /** Runs a reset, timed. */
  reset<R>(run: () => R): R {
    const start = this.#now();
    const result = run();
    this.#governor.exports.breakEvenReset(this.#address, (this.#now() - start) * 1e6 - this.#clockNs);
    return result;
  }

  #timeCycle(): number {
    let least = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < TURNS; turn++) least = Math.min(least, this.#time(this.#cycle, 256));
    return least;
  }

  #time(run: Cycle, times: number): number {
    const start = this.#now();
    run(times);
    return ((this.#now() - start) * 1e6 - this.#clockNs) / times;
  }

  /** Both in turns, often enough for the engine to optimise them; the least of each. `undefined` where the factory throws. */
  #compare(sampledNs: number): [madeNs: number, cycleNs: number] | undefined {
    const times = Math.max(8, Math.floor(Math.min(MOST_CALLS, MOST_NS / sampledNs) / TURNS));
    // Kept for a while: what never leaves a loop would cost nothing at all.
    const make = (n: number): void => {
      for (let i = 0; i < n; i++) this.#kept[i & 15] = this.#create();
    };
    let madeNs = Number.POSITIVE_INFINITY;
    let cycleNs = Number.POSITIVE_INFINITY;
    try {
      for (let turn = 0; turn < TURNS; turn++) {
        madeNs = Math.min(madeNs, this.#time(make, times));
        cycleNs = Math.min(cycleNs, this.#time(this.#cycle, times));
      }
    } catch {
      // Nobody asked for these objects: the one who acquires has one.
      return undefined;
    } finally {
      this.#kept.length = 0;
    }
    return [Math.max(0, madeNs), Math.max(0, cycleNs)];
  }

  /** The pool has been bypassed for so long. True where it is to work again, on probation. */
  rested(ms: number): boolean {
    if (this.#governor.exports.breakEvenRested(this.#address, ms) === 0) return false;
    this.#mode = PROBATION;
    [this.#interval, this.#period] = this.#sampling();
    return true;
  }

  /** ns to make an object and to reuse one; `undefined` before the first window of samples. */
  figures(): { factoryNs: number | undefined; pooledNs: number | undefined } {
    this.#governor.exports.breakEvenStats(this.#address);
    const [made, pooled] = this.#governor.scratch;
    const known = !Number.isNaN(pooled);
    return { factoryNs: known ? made : undefined, pooledNs: known ? pooled : undefined };
  }

  destroy(): void {
    this.#governor.exports.breakEvenDestroy(this.#address);
  }
}
