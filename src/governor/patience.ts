/** Seconds with traffic after which a challenger that never came to act makes room for the next. */
const MOST_S = 1800;

/** Seconds in which requests came, since the last opportunity of the challenger under trial. */
export class Patience {
  #activeS = 0;
  #countedAt = 0;
  #countedStarted = 0;

  renew(): void {
    this.#activeS = 0;
  }

  /** Whether it is at its end: asked about once a second, with the requests so far. */
  isOver(nowMs: number, started: number): boolean {
    if (nowMs - this.#countedAt < 1000 || started === this.#countedStarted) return false;
    this.#countedAt = nowMs;
    this.#countedStarted = started;
    this.#activeS += 1;
    if (this.#activeS < MOST_S) return false;
    this.#activeS = 0;
    return true;
  }
}
