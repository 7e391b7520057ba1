import type { GovernorCore } from "../core/governor.ts";
import { addressOf } from "../core/table.ts";
import { clockCostNs } from "../shared/clock-cost.ts";

const POOLING = 0;
const OPEN = 0;
/** One miss in so many is followed to the `put` that answers it. */
const MISSES_SAMPLED = 128;
/** One demotion in so many is timed. */
const DEMOTIONS_SAMPLED = 32;
/** In bypass one entry in so many is demoted still, to see what that would earn. */
const RETRIED = 64;
/** Demotions that say something about how many of them are found again. */
const ENOUGH = 256;

/**
 * Whether it pays to keep finding what a strong tier let go of. A demotion costs a `WeakRef`, 0.1 to 1 µs with what the
 * collector has to do for it, and earns a load each time its value is found again. By sampling: what a miss costs, from
 * the `get` to the `put` of the same key; what a demotion costs; how many are found again. The core decides what follows
 * (assembly/governor/break-even.ts): where demotions lose in three windows of 8 samples running (about 3,000 misses, of 256
 * demotions at least), entries are let go of for good, but for one in 64, by which it is told when demotions pay again.
 *
 * Where nothing is ever put after a miss there is nothing to judge by, and all are demoted.
 */
export class Demotion<K> {
  /**
   * In bypass one entry in so many is demoted, and has so small a part of the room: with all of it, it would be found again
   * far more often than if all were demoted.
   */
  readonly retried: number = RETRIED;
  readonly #governor: GovernorCore;
  readonly #address: number;
  readonly #now: () => number;
  readonly #clockNs: number;
  #bypassed = false;
  #turn = 0;
  /** Since the last decision. */
  #demotions = 0;
  #found = 0;
  #untilMiss = MISSES_SAMPLED;
  /** The key of a sampled miss, until it is put. */
  #missed: K | undefined;
  #missedAtMs: number | undefined;
  #figures: { savedNs: number; demotionNs: number } | undefined;

  constructor(governor: GovernorCore, now: () => number) {
    this.#governor = governor;
    this.#address = addressOf("a cache's figures", governor.exports.breakEvenCreate());
    this.#now = now;
    this.#clockNs = clockCostNs(now);
  }

  get bypassed(): boolean {
    return this.#bypassed;
  }

  /** What a demotion saved by being found again, and what it cost, in ns; `undefined` before the first decision. */
  get figures(): { readonly savedNs: number; readonly demotionNs: number } | undefined {
    return this.#figures;
  }

  /** Whether the next entry that must leave the strong tier stays weakly reachable. */
  next(): boolean {
    if (this.#bypassed && ++this.#turn % RETRIED !== 0) return false;
    this.#demotions += 1;
    return true;
  }

  /** Where the demotion that begins is to be timed: when, for `done`. */
  begin(): number | undefined {
    return this.#demotions % DEMOTIONS_SAMPLED === 0 ? this.#now() : undefined;
  }

  done(beganAtMs: number): void {
    this.#governor.exports.breakEvenReset(this.#address, this.#sinceNs(beganAtMs));
  }

  #sinceNs(startMs: number): number {
    return Math.max(0, (this.#now() - startMs) * 1e6 - this.#clockNs);
  }

  /** A demoted value was found again. */
  found(): void {
    this.#found += 1;
  }

  missed(key: K): void {
    if (--this.#untilMiss !== 0) return;
    this.#untilMiss = MISSES_SAMPLED;
    this.#missed = key;
    this.#missedAtMs = this.#now();
  }

  put(key: K): void {
    if (this.#missedAtMs === undefined || key !== this.#missed) return;
    const answer = this.#governor.exports.breakEvenMade(this.#address, this.#sinceNs(this.#missedAtMs));
    this.#missed = this.#missedAtMs = undefined;
    if (answer !== OPEN && this.#demotions >= ENOUGH) this.#decide();
  }

  #decide(): void {
    const { exports, scratch } = this.#governor;
    exports.breakEvenStats(this.#address);
    const savedNs = (scratch[0]! * this.#found) / this.#demotions;
    this.#bypassed = exports.breakEvenDecide(this.#address, savedNs, 0) !== POOLING;
    exports.breakEvenStats(this.#address);
    this.#figures = { savedNs, demotionNs: scratch[1]! };
    this.#demotions = this.#found = 0;
  }

  destroy(): void {
    this.#missed = this.#missedAtMs = undefined;
    this.#governor.exports.breakEvenDestroy(this.#address);
  }
}
