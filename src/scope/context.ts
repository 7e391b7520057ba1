import { VelithonError } from "../shared/errors.ts";
import { boolean, optional, options, parseOptions } from "../shared/options.ts";
import type { AsyncContext, RuntimePort } from "../shared/port.ts";
import { runtime } from "../shared/runtime.ts";

export interface RequestMemoryContextOptions {
  /** Measure time and heap growth between start and end. Default false. */
  enableMonitoring?: boolean | undefined;
}

/** What a context can lease from: every pool of this library, or anything of the same shape. */
export interface Leasable<T extends object> {
  acquire(): T;
  release(object: T): void;
}

export interface ContextReport {
  readonly durationMs: number;
  /**
   * Heap growth from start to end: what other requests allocated meanwhile included, less what was
   * collected meanwhile; `undefined` where the runtime cannot tell.
   */
  readonly heapGrowthBytes: number | undefined;
}

const schema = options({ enableMonitoring: optional(boolean(), false) });

const ambient = new WeakMap<RuntimePort, AsyncContext<RequestMemoryContext>>();

function ambientContext(port: RuntimePort): AsyncContext<RequestMemoryContext> {
  let context = ambient.get(port);
  if (!context) {
    context = port.createAsyncContext();
    ambient.set(port, context);
  }
  return context;
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
  #deferred: (() => unknown)[] | undefined = [];
  #report: ContextReport | undefined;

  /** @throws `INVALID_OPTION` */
  constructor(given?: RequestMemoryContextOptions, port: RuntimePort = runtime()) {
    const parsed = parseOptions("RequestMemoryContext", schema, given);
    this.#port = port;
    if (parsed.enableMonitoring) {
      this.#startedAtMs = port.now();
      this.#startHeapBytes = port.readHeapUsedBytes();
    }
  }

  /** Whether it has ended. */
  get closed(): boolean {
    return this.#deferred === undefined;
  }

  /** Time and heap growth; `undefined` before the end and without `enableMonitoring`. */
  get report(): ContextReport | undefined {
    return this.#report;
  }

  #open(): (() => unknown)[] {
    if (this.#deferred) return this.#deferred;
    throw new VelithonError(
      "CONTEXT_CLOSED",
      "the request's memory context has ended; accepted: use before the response has been sent",
    );
  }

  /** Runs `fn` at the end, before what was deferred earlier. @throws `CONTEXT_CLOSED` */
  defer(fn: () => unknown): void {
    if (typeof fn !== "function") {
      throw new VelithonError("INVALID_OPTION", `defer: fn is ${typeof fn}; accepted: a function`);
    }
    this.#open().push(fn);
  }

  /** Leases an object until the end. @throws `CONTEXT_CLOSED`, and what the pool throws */
  acquire<T extends object>(pool: Leasable<T>): T {
    const deferred = this.#open();
    const object = pool.acquire();
    deferred.push(() => pool.release(object));
    return object;
  }

  /** Takes what is deferred, so that nothing stays reachable from here, and the closing measurements. */
  #finish(): (() => unknown)[] {
    const deferred = this.#deferred ?? [];
    this.#deferred = undefined;
    return deferred;
  }

  #measure(): void {
    if (this.#startedAtMs === undefined || this.#report) return;
    const heap = this.#port.readHeapUsedBytes();
    this.#report = {
      durationMs: this.#port.now() - this.#startedAtMs,
      heapGrowthBytes:
        heap === undefined || this.#startHeapBytes === undefined ? undefined : heap - this.#startHeapBytes,
    };
  }

  /**
   * Ends it: every deferred function runs, even when one throws. A promise that one answers
   * with is not waited for, and its rejection is the program's own: defer async work with `await using`.
   *
   * @throws the one error, or an `AggregateError` of several
   */
  close(): void {
    const errors: unknown[] = [];
    const deferred = this.#finish();
    while (deferred.length > 0) {
      try {
        deferred.pop()!();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#measure();
    throwAll(errors);
  }

  /** As `close`, waiting for each deferred function before the next. */
  async closeAsync(): Promise<void> {
    const errors: unknown[] = [];
    const deferred = this.#finish();
    while (deferred.length > 0) {
      try {
        await deferred.pop()!();
      } catch (error) {
        errors.push(error);
      }
    }
    this.#measure();
    throwAll(errors);
  }

  /**
   * Runs `fn` with this context as the ambient one (`getMemoryContext()`), and ends it when `fn` has
   * returned, thrown, or its promise has settled. An error of `fn` comes before those of the end.
   */
  run<R>(fn: () => R): R {
    return this.#runThen(fn, true);
  }

  /** As `run`, but somebody else ends the context: the middleware, when the response has been sent. */
  runOpen<R>(fn: () => R): R {
    return this.#runThen(fn, false);
  }

  #runThen<R>(fn: () => R, end: boolean): R {
    this.#open();
    let result: R;
    try {
      result = ambientContext(this.#port).run(this, fn);
    } catch (error) {
      if (end) {
        try {
          this.close();
        } catch (also) {
          throw withCause(error, also);
        }
      }
      throw error;
    }
    if (!end) return result;
    if (result instanceof Promise) {
      return result.then(
        async (value) => {
          await this.closeAsync();
          return value;
        },
        async (error) => {
          await this.closeAsync().catch((also) => Promise.reject(withCause(error, also)));
          throw error;
        },
      ) as R;
    }
    this.close();
    return result;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.closeAsync();
  }
}

function throwAll(errors: unknown[]): void {
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${errors.length} clean-ups of a request failed`);
}

/** The first error stays the one that is thrown; what failed after it goes along as its cause, if that is free. */
function withCause(error: unknown, also: unknown): unknown {
  if (error instanceof Error && error.cause === undefined) error.cause = also;
  return error;
}

/** The context that the surrounding `.run()` made ambient. @throws `NO_CONTEXT`, `CONTEXT_CLOSED` */
export function getMemoryContext(port: RuntimePort = runtime()): RequestMemoryContext {
  const context = ambientContext(port).getStore();
  if (!context) {
    throw new VelithonError(
      "NO_CONTEXT",
      "there is no memory context here; accepted: a call from within context.run(fn) or withMemoryOptimization(fn)",
    );
  }
  if (context.closed) {
    throw new VelithonError(
      "CONTEXT_CLOSED",
      "the request's memory context has ended; accepted: use before the response has been sent",
    );
  }
  return context;
}

/** As `getMemoryContext`, `undefined` where there is none or it has ended. */
export function tryGetMemoryContext(port: RuntimePort = runtime()): RequestMemoryContext | undefined {
  const context = ambientContext(port).getStore();
  return context?.closed ? undefined : context;
}

/**
 * Runs each call of `fn` in a context of its own. For functions and methods, sync and async: types,
 * `this`, name and length stay. Also a method decorator.
 */
// biome-ignore lint/suspicious/noExplicitAny: any function may be wrapped
export function withMemoryOptimization<F extends (this: any, ...args: any[]) => any>(
  fn: F,
  _method?: unknown,
): F {
  if (typeof fn !== "function") {
    throw new VelithonError(
      "INVALID_OPTION",
      `withMemoryOptimization: fn is ${typeof fn}; accepted: a function or a method`,
    );
  }
  const wrapped = function (this: ThisParameterType<F>, ...args: Parameters<F>): ReturnType<F> {
    return new RequestMemoryContext().run(() => fn.apply(this, args));
  };
  Object.defineProperty(wrapped, "name", { value: fn.name });
  Object.defineProperty(wrapped, "length", { value: fn.length });
  return wrapped as unknown as F;
}
