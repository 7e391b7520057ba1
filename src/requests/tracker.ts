import type { GovernorCore } from "../core/governor.ts";
import type { Schedule } from "../core/schedule.ts";
import { finalizers } from "../shared/finalizers.ts";
import type { Logger } from "../shared/logger.ts";
import { integer, options, parseOptions } from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import { eachFailure } from "../shared/suppressed.ts";
import type { SurvivorsFound } from "../verdict/culprit-route.ts";
import { type Answer, closeBehind } from "./answer.ts";
import { type DueHandlers, type Gate, Gates } from "./gates.ts";
import { GovernedRequest } from "./governed.ts";
import { type RouteStats, RouteTable } from "./routes.ts";
import { SurvivorTable } from "./survivors.ts";
import { watched } from "./watched.ts";

const topFields = options({ limit: integer(0, 64) });

/** One request in so many is measured for the top routes: a power of two. Two readings of the heap, 0.2 to 0.4 µs each. */
export const SAMPLE_EVERY = 64;
/** A server lets go of a request's own objects a moment after its end. */
const QUIET_MS = 10;
/**
 * Between two samples at least: code that runs so rarely is cold, and a sample takes 30 to 40 µs with its route's name.
 * A server of 60,000 requests a second learns nothing from a thousand of them.
 */
const SAMPLE_GAP_MS = 50;

const routeOf = ({ route }: { readonly route: string | (() => string) }): string =>
  typeof route === "string" ? route : route();

/**
 * The request path: one call into the core and one reading of the clock at the start, the same at the end.
 * What the core finds due is done behind the current turn, so never before a response.
 */
export class RequestTracker {
  readonly port: RuntimePort;
  readonly #schedule: Schedule;
  readonly #logger: Logger;
  readonly #gates: Gates;
  readonly #readsHeap: boolean;
  readonly #routes: RouteTable;
  /** While somebody watches what requests leave behind; top routes wait for its end. */
  #survivors: SurvivorTable | undefined;
  /** For a quiet moment. */
  #waits = false;
  /** When a request last started or ended. */
  lastMs = 0;
  /** Told once about the next start, inside it: it must be cheap. */
  onActivity: (() => void) | undefined;
  /** Starts and ends so far. */
  #events = 0;
  #started = 0;
  /** Samples that were due, those that were taken, and when the last was. */
  #dueSamples = 0;
  #samples = 0;
  #sampledMs = Number.NEGATIVE_INFINITY;

  constructor(port: RuntimePort, schedule: Schedule, logger: Logger, handlers: DueHandlers) {
    this.port = port;
    this.#schedule = schedule;
    this.#logger = logger;
    this.#gates = new Gates(port, schedule, logger, handlers);
    this.#readsHeap = port.capabilities.heapUsed.available;
    this.#routes = new RouteTable(this.#readsHeap ? "bytes" : "ms");
  }

  /** The bits of new gates, all or none. @throws `INVALID_OPTION`, `TOO_MANY_GATES` */
  createGates(wanted: readonly Gate[]): number {
    return this.#gates.create(wanted);
  }

  /** A request has come. Pass the result to `end` once its response has left. */
  start(): GovernedRequest {
    const now = this.port.now();
    this.#schedule.requestStart(now);
    this.lastMs = now;
    this.#events += 1;
    this.#started += 1;
    if (this.onActivity !== undefined) this.#tell(this.onActivity);
    return new GovernedRequest(this, now);
  }

  /** While the optimizer is switched off: handlers find their context, nothing is counted. */
  startUncounted(): GovernedRequest {
    return new GovernedRequest(this, this.port.now(), false);
  }

  #tell(listener: () => void): void {
    this.onActivity = undefined;
    listener();
  }

  /** @internal Whether the one that was started last is to be measured: `measure` it then. */
  get sampling(): boolean {
    if (this.#survivors !== undefined) return true;
    return (this.#started & (SAMPLE_EVERY - 1)) === 0 && this.#takesSample();
  }

  #takesSample(): boolean {
    this.#dueSamples += 1;
    if (this.lastMs - this.#sampledMs < SAMPLE_GAP_MS) return false;
    this.#sampledMs = this.lastMs;
    this.#samples += 1;
    return true;
  }

  /** @internal `route`: method and pattern, or what tells them once the request has ended. */
  measure(request: GovernedRequest, route: string | (() => string)): void {
    const survivors = this.#survivors;
    const heapBytes = survivors ? survivors.begin(this.#events - 1) : this.#readHeap();
    request.sample = { heapBytes, events: this.#events, route, survivors };
  }

  /** NaN where it cannot be read. */
  #readHeap(): number {
    return this.#readsHeap ? (this.port.readHeapUsedBytes() ?? Number.NaN) : Number.NaN;
  }

  /** @internal Watches what requests leave behind, by route, until it is asked what was found; one at a time. */
  watchSurvivors(core: GovernorCore): () => SurvivorsFound {
    const table = new SurvivorTable(this.port, core);
    this.#survivors = table;
    return () => {
      this.#survivors = undefined;
      return table.found();
    };
  }

  #lookAfter(survivors: SurvivorTable, sample: GovernedRequest["sample"]): void {
    const events = this.#events;
    let alone: { readonly route: string; readonly heapBytes: number } | undefined;
    if (sample?.survivors === survivors) {
      const { heapBytes } = sample;
      const route = routeOf(sample);
      const wanted = survivors.ended(route) && sample.events === events - 1;
      if (wanted && heapBytes >= 0) alone = { route, heapBytes };
    }
    if (alone === undefined && (this.#waits || !survivors.due)) return;
    this.#waits = true;
    this.port.after(QUIET_MS, () => {
      this.#waits = false;
      if (this.#events === events && this.#survivors === survivors) survivors.look(events, alone);
    });
  }

  /** A request in which others started or ended tells its time alone; so does one in which more was freed than made. */
  #measured({ sample, startMs }: GovernedRequest, now: number): void {
    if (sample === undefined || sample.survivors) return;
    const grown = this.#events === sample.events ? this.#readHeap() - sample.heapBytes : Number.NaN;
    this.#routes.add(routeOf(sample), grown >= 0 ? grown : undefined, now - startMs);
  }

  /**
   * Routes by the heap that their requests take, the heaviest first, at most 64: from one request in 64, at most
   * every 50 ms, the heap from those in which no other one started or ended. By time, where the heap in use cannot be told.
   *
   * @throws `INVALID_OPTION` for another limit
   */
  topRoutes(limit = 10): readonly RouteStats[] {
    parseOptions("topRoutes", topFields, { limit });
    return this.#routes.top(
      limit,
      SAMPLE_EVERY * (this.#samples === 0 ? 1 : this.#dueSamples / this.#samples),
    );
  }

  /**
   * The response has left, failed or was given up. Twice does no harm.
   *
   * @param sent false where it is known that the client went away first
   * @param left false where a handler or the server may still hold what it leased
   */
  end(request: GovernedRequest, sent = true, left: boolean = sent): void {
    if (request.ended) return;
    if (request.counted) this.#count(request, sent, left);
    else this.#finish(request, sent, left);
  }

  #count(request: GovernedRequest, sent: boolean, left: boolean): void {
    const now = this.port.now();
    this.lastMs = now;
    if (request.sample !== undefined) this.#measured(request, now);
    this.#events += 1;
    if (this.#survivors !== undefined) this.#lookAfter(this.#survivors, request.sample);
    this.#finish(request, sent, left);
    const due = this.#schedule.requestEnd(now, request.startMs, request.gates);
    if (due !== 0) this.#gates.actOn(due);
  }

  #finish(request: GovernedRequest, sent: boolean, left: boolean): void {
    const { answer } = request;
    const context = request.finish();
    if (context === undefined) return;
    if (!sent) context.clientGone();
    if (!left) context.abandon();
    const closed = answer && left ? closeBehind(answer, context, this.port) : context.closeAsync();
    closed.catch((failure: unknown) => {
      for (const error of eachFailure(failure)) {
        this.#logger.error({ err: error }, "a clean-up at the end of a request failed");
      }
    });
  }

  /** @internal Keeps what tells behind the end whether all has left. */
  answers(request: GovernedRequest, answer: Answer): void {
    if (this.port.endsUnseen !== undefined) request.answer = answer;
  }

  /** Whether the server announces the end of this response by itself; then nothing else needs to be watched. */
  announce(request: GovernedRequest, environment: unknown): boolean {
    request.announced = this.port.onResponseEnd(environment, request);
    return request.announced;
  }

  /**
   * The handler has returned and nobody announces the end: watches the body where it is a stream. Answers with
   * the response to send instead. `asked`: an answer to HEAD goes out without its body, which nobody reads then.
   * A body that somebody reads already cannot be sent: the server says so. One that neither count nor context
   * waits for is left alone.
   */
  watch(
    request: GovernedRequest,
    response: Response | undefined,
    asked: { readonly method: string },
  ): Response | undefined {
    const plain = !request.counted && !request.hasContext;
    const body = !plain && response && this.port.isStreaming(response) ? response.body : null;
    // The method is a string that some runtimes make anew each time: asked for last.
    if (!body || body.locked || asked.method === "HEAD") {
      this.end(request);
      return undefined;
    }
    // What a server read last may still be on its way out. Where servers tell of the end, none is around this one.
    const left = this.port.capabilities.responseEnd.available;
    const instead = watched(body, (sent) => this.end(request, sent, sent && left));
    // Whoever gets it may drop it unread.
    finalizers.register(instead, () => this.end(request, false));
    return new Response(instead, response);
  }

  /** Does what a mask names, once, behind the current turn. */
  actOn(due: number): void {
    this.#gates.actOn(due);
  }
}
