import { RequestMemoryContext } from "../scope/context.ts";
import { CheckedContextOptions } from "../scope/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { Answer } from "./answer.ts";
import type { SurvivorTable } from "./survivors.ts";

/** Where a request object carries its governed request: found without a map, gone with the object. */
const GOVERNED = Symbol("velithon.governed");

interface Tracker {
  readonly port: RuntimePort;
  end(request: GovernedRequest, sent: boolean): void;
}

interface Carrier {
  [GOVERNED]?: GovernedRequest;
}

/** One request under governance, from its start until its response has left. In hono: `c.var.velithon`. */
export class GovernedRequest {
  /** On the port's clock. */
  readonly startMs: number;
  /** @internal Who started it. */
  readonly tracker: Tracker;
  /** @internal False where the optimizer was switched off at its start: it has its context all the same. */
  readonly counted: boolean;
  /** @internal Bits of the gates it passed. */
  gates = 0;
  /** @internal Rank of the innermost middleware it passed. */
  rank = 0;
  /** @internal Index of that middleware's route among those that matched. */
  place = 0;
  /** @internal */
  ended = false;
  /** @internal The server's own event tells of its end. */
  announced = false;
  /** @internal */
  monitored = false;
  /** @internal */
  deadlineMs: number | undefined;
  /** @internal For one that is sampled: heap in use at its start, and the count of events by then. */
  sample:
    | {
        readonly heapBytes: number;
        readonly events: number;
        readonly route: string | (() => string);
        readonly survivors: SurvivorTable | undefined;
      }
    | undefined;
  /** @internal Where the server's word on the end does not tell that all has left. */
  answer: Answer | undefined;
  #carrier: object | undefined;
  #environment: unknown;
  #context: RequestMemoryContext | undefined;

  /** @internal */
  constructor(tracker: Tracker, startMs: number, counted = true) {
    this.tracker = tracker;
    this.startMs = startMs;
    this.counted = counted;
  }

  /** @internal Whether somebody asked for the context. */
  get hasContext(): boolean {
    return this.#context !== undefined;
  }

  /** The request's memory context, made at the first use; it ends when the response has left. */
  get context(): RequestMemoryContext {
    if (this.#context === undefined) {
      const { monitored, deadlineMs, startMs } = this;
      this.#context = new RequestMemoryContext(
        new CheckedContextOptions(monitored, deadlineMs, startMs, {
          clientSignal: () => this.#clientSignal(),
        }),
        this.tracker.port,
      );
      // First asked for by stray work after the end: nobody would close it any more.
      if (this.ended) this.#context.close();
    }
    return this.#context;
  }

  #clientSignal(): AbortSignal | undefined {
    if (this.#carrier === undefined) return undefined;
    const { port } = this.tracker;
    // Where the server announces the end it also tells whether the client went away first, or the port knows how.
    return this.announced
      ? port.clientSignal?.(this.#carrier, this.#environment)
      : (this.#carrier as { signal?: AbortSignal }).signal;
  }

  /** @internal Makes this the one that `request` carries. */
  carriedBy(request: object, environment: unknown): void {
    (request as Carrier)[GOVERNED] = this;
    this.#carrier = request;
    this.#environment = environment;
  }

  /** @internal What the port calls. */
  responseEnded(sent: boolean): void {
    this.tracker.end(this, sent);
  }

  /** @internal The context, if somebody asked for it; nothing of the request is held from now on. */
  finish(): RequestMemoryContext | undefined {
    this.ended = true;
    this.#carrier = undefined;
    this.#environment = undefined;
    this.answer = undefined;
    return this.#context;
  }
}

/**
 * The governed request behind a `Request` that `governFetch` passed on, or behind the request of `node:http`
 * that `governListener` or `governServer` saw; `undefined` where it passed none of them.
 *
 * @example
 * ```ts
 * app.get("/", (c) => c.json(report(governedRequest(c.req.raw)!.context.acquire(buffers))));
 * ```
 */
export function governedRequest(request: object): GovernedRequest | undefined {
  return (request as Carrier | null | undefined)?.[GOVERNED];
}

/** @internal The same, if it is this tracker's and still open: who is within counts nothing anew. A request object may be sent again. */
export function governedAround(request: object, tracker: Tracker): GovernedRequest | undefined {
  const around = governedRequest(request);
  return around?.tracker === tracker && !around.ended ? around : undefined;
}
