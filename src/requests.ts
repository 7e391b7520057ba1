import { Due, type GateKind, type Schedule } from "./core/schedule.ts";
import { RequestMemoryContext } from "./scope/context.ts";
import type { Logger } from "./shared/logger.ts";
import type { RuntimePort } from "./shared/port.ts";

/** One request under governance, from its start until its response has left. In hono: `c.var.velithon`. */
export class GovernedRequest {
  /** On the port's clock. */
  readonly startMs: number;
  /** @internal */
  readonly tracker: RequestTracker;
  /** @internal Bits of the gates it passed. */
  gates = 0;
  /** @internal Rank of the innermost middleware it passed. */
  rank = 0;
  /** @internal */
  ended = false;
  /** @internal */
  monitored = false;
  #context: RequestMemoryContext | undefined;

  /** @internal */
  constructor(tracker: RequestTracker, startMs: number) {
    this.tracker = tracker;
    this.startMs = startMs;
  }

  /** The request's memory context, made at the first use; it ends when the response has left. */
  get context(): RequestMemoryContext {
    if (this.#context === undefined) {
      this.#context = new RequestMemoryContext({ enableMonitoring: this.monitored }, this.tracker.port);
      // First asked for by stray work after the end: nobody would close it any more.
      if (this.ended) this.#context.close();
    }
    return this.#context;
  }

  /** @internal The context, if somebody asked for it. */
  takeContext(): RequestMemoryContext | undefined {
    return this.#context;
  }
}

/** "Every so many requests": what one count of a middleware does. */
export interface Gate {
  readonly interval: number;
  readonly kind: GateKind;
  /** What it makes due may run while requests are in flight. */
  readonly whileBusy?: boolean;
  /** Called when a notify gate opens. */
  readonly opened?: () => void;
}

/** What the tracker asks of its optimizer once something is due. */
export interface DueHandlers {
  cleanup(): void;
  collect(): void;
}

/**
 * The request path: one call into the core and one reading of the clock at the start, the same at the end.
 * What the core finds due is done behind the current turn, so never before a response.
 */
export class RequestTracker {
  readonly port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #logger: Logger;
  readonly #handlers: DueHandlers;
  readonly #listeners: ((() => void) | undefined)[] = [];
  readonly #end: (request: GovernedRequest) => void;
  /** When a request last started or ended. */
  lastMs = 0;
  /** Told once about the next start, inside it: it must be cheap. */
  onActivity: (() => void) | undefined;
  #due = 0;

  constructor(port: RuntimePort, schedule: Schedule, logger: Logger, handlers: DueHandlers) {
    this.port = port;
    this.#schedule = schedule;
    this.#logger = logger;
    this.#handlers = handlers;
    this.#end = (request) => this.end(request);
  }

  /** The bits of new gates, all or none. @throws `TOO_MANY_GATES` */
  createGates(wanted: readonly Gate[]): number {
    const made: number[] = [];
    try {
      for (const { interval, kind, whileBusy } of wanted) {
        made.push(this.#schedule.createGate(interval, kind, whileBusy));
      }
    } catch (error) {
      for (const gate of made) this.#schedule.removeGate(gate);
      throw error;
    }
    let bits = 0;
    made.forEach((gate, i) => {
      this.#listeners[gate] = wanted[i]!.opened;
      bits |= 1 << gate;
    });
    return bits;
  }

  start(): GovernedRequest {
    const now = this.port.now();
    this.#schedule.requestStart(now);
    this.lastMs = now;
    if (this.onActivity !== undefined) this.#tell(this.onActivity);
    return new GovernedRequest(this, now);
  }

  #tell(listener: () => void): void {
    this.onActivity = undefined;
    listener();
  }

  /** The response has left, failed or was given up. Twice does no harm. */
  end(request: GovernedRequest): void {
    if (request.ended) return;
    request.ended = true;
    const context = request.takeContext();
    if (context) {
      context.closeAsync().catch((error: unknown) => {
        this.#logger.error({ error }, "a clean-up at the end of a request failed");
      });
    }
    const now = this.port.now();
    this.lastMs = now;
    const due = this.#schedule.requestEnd(now, request.startMs, request.gates);
    if (due !== 0) this.actOn(due);
  }

  /**
   * The handler has returned: finds out when the response has left. Answers with a response to send
   * instead, where the only way is to watch its body.
   */
  respond(
    request: GovernedRequest,
    environment: unknown,
    response: Response | undefined,
  ): Response | undefined {
    if (this.port.onResponseEnd(environment, this.#end, request)) return undefined;
    if (response === undefined || !this.port.isStreaming(response) || response.body === null) {
      this.end(request);
      return undefined;
    }
    return new Response(
      watched(response.body, () => this.end(request)),
      response,
    );
  }

  /** Does what a mask names, once, behind the current turn. */
  actOn(due: number): void {
    if (this.#due === 0) this.port.defer(() => this.#act());
    this.#due |= due;
  }

  #act(): void {
    const due = this.#due;
    this.#due = 0;
    for (let gates = due & Due.gates; gates !== 0; gates &= gates - 1) {
      try {
        this.#listeners[31 - Math.clz32(gates & -gates)]?.();
      } catch (error) {
        this.#logger.error({ error }, "a listener of the request count failed");
      }
    }
    if (due & Due.cleanup) this.#handlers.cleanup();
    if (due & Due.collect) this.#handlers.collect();
  }
}

/** The same bytes; `done` is called once when they were read to the end, failed, or were given up. */
function watched(body: ReadableStream<Uint8Array>, done: () => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done: end, value } = await reader.read();
          if (!end) return controller.enqueue(value);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        done();
      },
      cancel(reason) {
        done();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
