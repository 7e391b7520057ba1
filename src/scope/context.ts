import { requireFunction } from "../shared/errors.ts";
import type { RuntimePort } from "../shared/port.ts";
import { requirePort, runtime } from "../shared/runtime.ts";
import { Failures } from "../shared/suppressed.ts";
import { isThenable } from "../shared/thenable.ts";
import { ambientContext, contextClosed } from "./ambient.ts";
import {
  CheckedContextOptions,
  parseContextOptions,
  type RequestMemoryContextOptions,
  requirePool,
} from "./options.ts";
import { ContextSignal, type Departing } from "./signal.ts";

/** What a context can lease from: every pool of this library, or anything of the same shape. */
export interface Leasable<T extends object> {
  acquire(): T;
  release(object: T): void;
  /** Ends a lease whose object may still be in use: it is not handed out again. */
  discard?(object: T): void;
}

export interface ContextReport {
  readonly durationMs: number;
  /**
   * Heap growth from start to end: what other requests allocated meanwhile included, less what was
   * collected meanwhile; `undefined` where the runtime cannot tell.
   */
  readonly heapGrowthBytes: number | undefined;
}

/**
 * What one request holds: clean-ups that run when it ends, last in first out, and leases that go back by
 * themselves. Ends once: by `using`, `await using`, `.run(fn)`, or `close()`.
 *
 * @example
 * ```ts
 * using context = new RequestMemoryContext();
 * const buffer = context.acquire(buffers); // returned at the end of the block
 * context.defer(() => file.close());
 * ```
 */
export class RequestMemoryContext {
  readonly #port: RuntimePort;
  readonly #startedAtMs: number | undefined;
  readonly #startHeapBytes: number | undefined;
  readonly #monitored: boolean;
  readonly #deadlineMs: number | undefined;
  #client: Departing | undefined;
  #deferred: (() => unknown)[] | undefined = [];
  #abandoned = false;
  #signal: ContextSignal | undefined;
  #report: ContextReport | undefined;

  /** @throws `INVALID_OPTION` */
  constructor(given?: RequestMemoryContextOptions | CheckedContextOptions, port: RuntimePort = runtime()) {
    if (!(given instanceof CheckedContextOptions)) requirePort("RequestMemoryContext", port);
    const checked = given instanceof CheckedContextOptions ? given : parseContextOptions(given);
    this.#port = port;
    this.#monitored = checked.enableMonitoring;
    this.#deadlineMs = checked.deadlineMs;
    if (checked instanceof CheckedContextOptions) {
      this.#client = checked.client;
      this.#startedAtMs = checked.startedAtMs;
    } else if (checked.signal !== undefined) {
      const { signal } = checked;
      this.#client = { clientSignal: () => signal };
    }
    if (this.#monitored || this.#deadlineMs !== undefined) this.#startedAtMs ??= port.now();
    if (this.#monitored) this.#startHeapBytes = port.readHeapUsedBytes();
  }

  /** Whether it has ended. */
  get closed(): boolean {
    return this.#deferred === undefined;
  }

  /** Time and heap growth; `undefined` before the end and without `enableMonitoring`. */
  get report(): ContextReport | undefined {
    return this.#report;
  }

  /**
   * Fires when the client goes away (`AbortError`) or the deadline passes (`TimeoutError`), not when the request
   * ends as it should. Asked for after the end it has fired, with `CONTEXT_CLOSED`, so that stray work stops.
   */
  get signal(): AbortSignal {
    if (this.closed) return AbortSignal.abort(contextClosed());
    if (this.#signal === undefined) {
      const left =
        this.#deadlineMs === undefined
          ? undefined
          : this.#deadlineMs - (this.#port.now() - this.#startedAtMs!);
      this.#signal = new ContextSignal(this.#port, left, this.#client?.clientSignal());
    }
    return this.#signal.signal;
  }

  /** @internal The port saw the client go. */
  clientGone(): void {
    this.#signal?.clientGone();
  }

  /** @internal It ends while its holder may still be at work: what it leased is discarded, not given back. */
  abandon(): void {
    this.#abandoned = true;
  }

  #open(): (() => unknown)[] {
    if (this.#deferred) return this.#deferred;
    throw contextClosed();
  }

  /** Runs `fn` at the end, before what was deferred earlier. @throws `CONTEXT_CLOSED` */
  defer(fn: () => unknown): void {
    requireFunction("defer: fn", fn);
    this.#open().push(fn);
  }

  /**
   * Leases an object until the end. Where a request ends while its handler may still be at work, since the client went
   * away, or where nobody can tell when a stream has left, the object is discarded and not handed out again.
   *
   * @throws `CONTEXT_CLOSED`, `INVALID_OPTION`, and what the pool throws
   */
  acquire<T extends object>(pool: Leasable<T>): T {
    requirePool(pool);
    const deferred = this.#open();
    const object = pool.acquire();
    deferred.push(() => {
      if (this.#abandoned && pool.discard !== undefined) pool.discard(object);
      else pool.release(object);
    });
    return object;
  }

  /** Takes what is deferred, so that nothing stays reachable from here. */
  #finish(): (() => unknown)[] {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    this.#signal?.close();
    this.#signal = undefined;
    this.#client = undefined;
    return deferred;
  }

  #measure(): void {
    if (!this.#monitored || this.#report) return;
    const heap = this.#port.readHeapUsedBytes();
    this.#report = {
      durationMs: this.#port.now() - this.#startedAtMs!,
      heapGrowthBytes:
        heap === undefined || this.#startHeapBytes === undefined ? undefined : heap - this.#startHeapBytes,
    };
  }

  /**
   * Ends it: every deferred function runs, even when one throws. A promise that one answers
   * with is not waited for, and its rejection is the program's own: defer async work with `await using`.
   *
   * @throws the one error, or a `SuppressedError` of several: `error` is the last, `suppressed` what came before
   */
  close(): void {
    this.#close(new Failures());
  }

  #close(failures: Failures): void {
    const deferred = this.#finish();
    while (deferred.length > 0) {
      try {
        deferred.pop()!();
      } catch (error) {
        failures.add(error);
      }
    }
    this.#measure();
    failures.throwIfAny();
  }

  /** As `close`, waiting for each deferred function before the next. */
  closeAsync(): Promise<void> {
    return this.#closeAsync(new Failures());
  }

  async #closeAsync(failures: Failures): Promise<void> {
    const deferred = this.#finish();
    while (deferred.length > 0) {
      try {
        await deferred.pop()!();
      } catch (error) {
        failures.add(error);
      }
    }
    this.#measure();
    failures.throwIfAny();
  }

  /**
   * Runs `fn` with this context as the ambient one (`getMemoryContext()`), and ends it when `fn` has
   * returned, thrown, or what it answered with (a promise, or anything with a `then`) has settled.
   *
   * @throws what `fn` throws, what `close` throws, or a `SuppressedError` of both, as a `using` block does
   */
  run<R>(fn: () => R): R {
    requireFunction("run: fn", fn);
    let result: R;
    try {
      result = this.runOpen(fn);
    } catch (error) {
      if (!this.closed) this.#close(failed(error));
      throw error;
    }
    if (isThenable(result)) {
      return Promise.resolve(result).then(
        async (value) => {
          await this.closeAsync();
          return value;
        },
        (error) => this.#closeAsync(failed(error)),
      ) as R;
    }
    this.close();
    return result;
  }

  /** As `run`, but somebody else ends the context: the middleware, when the response has been sent. */
  runOpen<R>(fn: () => R): R {
    this.#open();
    return ambientContext(this.#port).run(this, fn);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.closeAsync();
  }
}

function failed(error: unknown): Failures {
  const failures = new Failures();
  failures.add(error);
  return failures;
}
