import type { HeapSpace } from "../shared/port.ts";

/** What young collections moved to the old generation, of `minors` that could be told. */
export interface Promotion {
  readonly bytes: number;
  readonly minors: number;
}

/**
 * The old generation grows by what is promoted, and falls with a major collection: so it is read as each collection is
 * reported. Read by the clock, a server that promotes so much that majors come as often as the readings would
 * seem to promote little.
 */
export class PromotionWatch {
  #oldBytes: number | undefined;
  #bytes = 0;
  #minors = 0;

  /** Cost: a sum over ten spaces; the caller has read them, 1 to 3 µs. */
  seen(kind: "minor" | "major", spaces: readonly HeapSpace[] | undefined): void {
    if (!spaces) return;
    const before = this.#oldBytes;
    this.#oldBytes = spaces.reduce((sum, { young, usedBytes }) => sum + (young === true ? 0 : usedBytes), 0);
    if (kind === "major" || before === undefined) return;
    // Less than before: what a major has left to sweep. That hides what was promoted: a lower bound.
    this.#bytes += Math.max(0, this.#oldBytes - before);
    this.#minors += 1;
  }

  /** `undefined` as long as nothing could be told. */
  get total(): Promotion | undefined {
    return this.#minors === 0 ? undefined : { bytes: this.#bytes, minors: this.#minors };
  }
}
