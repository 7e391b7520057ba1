import type { Closable, RuntimePort } from "../shared/port.ts";

/** Where a request's client is watched: asked once, when somebody asks for the context's signal. */
export interface Departing {
  clientSignal(): AbortSignal | undefined;
}

/**
 * The signal of one context: fires when its client goes away or its deadline passes. Made when somebody first
 * asks for it, so that a request whose handler does not look costs no timer.
 */
export class ContextSignal {
  readonly #controller = new AbortController();
  #timer: Closable | undefined;
  #client: AbortSignal | undefined;
  readonly #gone = (): void => this.clientGone();

  /** `leftMs`: until the deadline passes; `undefined`: there is none. */
  constructor(port: RuntimePort, leftMs: number | undefined, client: AbortSignal | undefined) {
    if (leftMs !== undefined) {
      if (leftMs <= 0) this.#deadlinePassed();
      else this.#timer = port.every(leftMs, () => this.#deadlinePassed());
    }
    if (client?.aborted) this.clientGone();
    else if (client !== undefined) {
      this.#client = client;
      client.addEventListener("abort", this.#gone, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  clientGone(): void {
    this.#abort(new DOMException("the client has gone away", "AbortError"));
  }

  #deadlinePassed(): void {
    this.#abort(new DOMException("the request's deadline has passed", "TimeoutError"));
  }

  #abort(reason: DOMException): void {
    this.close();
    this.#controller.abort(reason);
  }

  /** Watches no longer. The signal stays as it is. */
  close(): void {
    this.#timer?.close();
    this.#timer = undefined;
    this.#client?.removeEventListener("abort", this.#gone);
    this.#client = undefined;
  }
}
