/** What became of an end. */
export type Ended = "young" | "long-lived" | "unmatched";

/**
 * Requests in flight, the obvious way: a list of those open, with the time each started, and a log of every
 * change between busy and idle.
 *
 * The rule that is compared: time is cut into slices of `longLivedAfterMs / 32`, and a request is long-lived once
 * the present slice is 32 or more after the one it started in. So it turns long-lived at an age above 31/32 and
 * up to 32/32 of `longLivedAfterMs`, seen at the next call.
 */
export class NaiveFlight {
  #sliceMs = 10_000 / 32;
  #slice = 0;
  #young: number[] = [];
  #long: number[] = [];
  /** Busy from the first change on, idle from the second ... */
  readonly #changes: number[] = [];
  highWater = 0;
  started = 0;
  finished = 0;
  unmatched = 0;

  get inFlight(): number {
    return this.#young.length;
  }

  get longLived(): number {
    return this.#long.length;
  }

  /** Start times of the open requests, long-lived ones included. */
  get open(): readonly number[] {
    return [...this.#long, ...this.#young];
  }

  configure(longLivedAfterMs: number, now: number): void {
    this.#sliceMs = longLivedAfterMs / 32;
    this.#slice = this.#sliceOf(now);
  }

  #sliceOf(time: number): number {
    return Math.floor(time / this.#sliceMs);
  }

  #isOld(start: number): boolean {
    return this.#slice - this.#sliceOf(start) >= 32;
  }

  #changeBusy(before: number, now: number): void {
    if (before > 0 !== this.#young.length > 0) this.#changes.push(now);
  }

  /** Every call with a time does this first. */
  age(now: number): void {
    this.#slice = Math.max(this.#slice, this.#sliceOf(now));
    const before = this.#young.length;
    this.#long.push(...this.#young.filter((start) => this.#isOld(start)));
    this.#young = this.#young.filter((start) => !this.#isOld(start));
    this.#changeBusy(before, now);
  }

  start(now: number): void {
    this.age(now);
    this.#young.push(now);
    this.started++;
    this.highWater = Math.max(this.highWater, this.#young.length);
    this.#changeBusy(this.#young.length - 1, now);
  }

  end(now: number, start: number): Ended {
    this.age(now);
    const among = this.#isOld(start) ? this.#long : this.#young;
    // A slice is all that is known of a start; of the long-lived ones not even that.
    const fits = (other: number): boolean =>
      among === this.#long || this.#sliceOf(other) === this.#sliceOf(start);
    const exact = among.indexOf(start);
    const at = exact >= 0 ? exact : among.findIndex(fits);
    if (at < 0) {
      this.unmatched++;
      return "unmatched";
    }
    const before = this.#young.length;
    among.splice(at, 1);
    this.finished++;
    this.#changeBusy(before, now);
    return among === this.#young ? "young" : "long-lived";
  }

  /** By the log; `undefined` before the last 64 changes. */
  wasBusyAt(time: number): boolean | undefined {
    const known = this.#changes.slice(-64);
    if (known.length === 64 && time < known[0]!) return undefined;
    const changesUntil = this.#changes.length - known.filter((change) => change > time).length;
    return changesUntil % 2 === 1;
  }
}
