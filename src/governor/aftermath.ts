import type { Closable } from "../shared/port.ts";
import type { GovernorHost, Latency } from "./host.ts";
import type { TrimAftermath } from "./stats.ts";

/** How long the requests after a trim count as its aftermath. */
const AFTERMATH_MS = 250;

/** What the first requests after a trim take, against what they took before. */
export class Aftermath {
  readonly #host: GovernorHost;
  #before: Latency | undefined;
  #timer: Closable | undefined;
  last: TrimAftermath | undefined;

  constructor(host: GovernorHost) {
    this.#host = host;
  }

  /** A trim has run. */
  trimmed(): void {
    this.#before = this.#host.latency();
  }

  /** The first request has come. */
  woken(): void {
    const before = this.#before;
    if (!before) return;
    this.#before = undefined;
    this.#timer?.close();
    this.#timer = this.#host.port.after(AFTERMATH_MS, () => {
      const after = this.#host.latency();
      const requests = after.count - before.count;
      if (requests <= 0 || after.mean === undefined) return;
      const sumUs = after.count * after.mean - before.count * (before.mean ?? 0);
      this.last = {
        requests,
        meanMs: sumUs / requests / 1000,
        usualMeanMs: before.mean && before.mean / 1000,
      };
    });
  }

  close(): void {
    this.#timer?.close();
    this.#timer = undefined;
    this.#before = undefined;
  }
}
