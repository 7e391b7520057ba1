/// <reference lib="esnext.disposable" preserve="true" />
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

/** Anything that a context can acquire objects from: every pool of this library, or an object with the same methods. */
export interface Leasable<T extends object> {
  /** Lends an object. */
  acquire(): T;
  /** Takes it back. */
  release(object: T): void;
  /** Takes back an object that may still be in use: it is not handed out again. */
  discard?(object: T): void;
}

/** What a context with `enableMonitoring` measured. */
export interface ContextReport {
  /** From its start to its end. */
  readonly durationMs: number;
  /**
   * Heap growth from start to end. It includes what other requests allocated, and lacks what was collected meanwhile.
   * `undefined` if the runtime cannot tell.
   */
  readonly heapGrowthBytes: number | undefined;
}

/**
 * Cleans up after one request: when it ends, deferred functions run in reverse order, and acquired objects go back to
 * their pools. It ends once: by `using`, `await using`, `.run(fn)`, or `close()`.
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

  /** Duration and heap growth; `undefined` before the end and without `enableMonitoring`. */
  get report(): ContextReport | undefined {
    return this.#report;
  }

  /**
   * Fires when the client disconnects (`AbortError`) or the deadline passes (`TimeoutError`), not when the request ends
   * normally. If it is first read after the end, it has fired with `CONTEXT_CLOSED`, so that work left over stops.
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

  /** Runs `fn` at the end, before functions that were deferred earlier. @throws `CONTEXT_CLOSED` */
  defer(fn: () => unknown): void {
    requireFunction("defer: fn", fn);
    this.#open().push(fn);
  }

  /**
   * Acquires an object until the end. If the handler may still be running then, because the client disconnected, or if the
   * server cannot tell when a stream has been sent, the object is discarded and not handed out again.
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
   * Ends the context: every deferred function runs, even if one throws. If one returns a promise, `close` does not wait
   * for it, and does not handle its rejection: for async work use `await using`.
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

  /** Like `close`, but waits for each deferred function before it calls the next. */
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
   * Runs `fn` with this context as the ambient one (`getMemoryContext()`), and ends the context when `fn` has returned or
   * thrown, or when the promise that it returned has settled.
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

  /** Like `run`, but does not end the context: the middleware does, when the response has been sent. */
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
