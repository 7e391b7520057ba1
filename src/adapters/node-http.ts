/**
 * Governance for servers of the `node:http` kind: plain ones, Express, Fastify, and whatever else listens to
 * `request`.
 *
 * @module
 */
import { type Passage, pass } from "../middleware/govern.ts";
import { governancePassage } from "../middleware/memory-governance.ts";
import { type GovernedRequest, governedAround } from "../requests/governed.ts";
import { patternOf } from "../requests/routes.ts";
import { onceClosed } from "../shared/closing.ts";
import { requireFunction, show, VelithonError } from "../shared/errors.ts";
import { callable, optional } from "../shared/options.ts";
import type { GovernOptions } from "./fetch.ts";

/** The parts of a request and of a response of `node:http` that are used here. */
export interface IncomingLike {
  /** The HTTP method. */
  readonly method?: string | undefined;
  /** Path and query, as in the request line. */
  readonly url?: string | undefined;
}
/** The parts of a response of `node:http` that are used here. */
export interface OutgoingLike {
  /** True once the whole response was handed to the operating system. */
  readonly writableFinished: boolean;
  /** Registers the listener that hears of the response's end. */
  on(event: "close" | "finish", listener: () => void): unknown;
}
/** The parts of a server of `node:http` that are used here. */
export interface ServerLike {
  // biome-ignore lint/suspicious/noExplicitAny: listeners of any kind
  prependListener(event: "request", listener: (...given: any[]) => void): unknown;
  // biome-ignore lint/suspicious/noExplicitAny: events of any kind
  emit(event: any, ...given: any[]): boolean;
}

/** Options of the three middlewares, and which requests pass uncounted. */
export interface GovernServerOptions extends Omit<GovernOptions, "skip"> {
  /** Returns true for requests that pass uncounted, such as probes. Called for each request. Default: all are counted. */
  skip?: ((request: IncomingLike) => boolean) | undefined;
}

/** @internal */
export function requireServer(where: string, server: unknown): void {
  if (typeof (server as ServerLike | null)?.prependListener === "function") return;
  throw new VelithonError(
    "INVALID_OPTION",
    `${where}: server is ${show(server)}; accepted: a server of node:http, such as app.listen() returns`,
  );
}

/**
 * Express leaves the route that matched on the request, and its routers cut the address, so the one is read at the end
 * and the other at the start.
 */
function routeOf(request: IncomingLike): () => string {
  const { method, url = "/" } = request;
  return () => {
    const { route, baseUrl } = request as { route?: { path?: unknown }; baseUrl?: unknown };
    const template = typeof route?.path === "string" ? `${baseUrl ?? ""}${route.path}` : patternOf(url);
    return `${method} ${template}`;
  };
}

const skipping = optional(callable<(request: IncomingLike) => boolean>());

/** Starts a request, and sees it end; `undefined` for one that passes uncounted. */
export type Begin = (request: IncomingLike, response: OutgoingLike) => GovernedRequest | undefined;

function beginner(where: string, given: GovernServerOptions | undefined): { begin: Begin; ambient: boolean } {
  const passage = governancePassage(where, given, { skip: skipping });
  return { ambient: passage.ambient === true, begin: beginWith(passage, given?.skip) };
}

/** @internal As `governServer` does it, with a passage of the caller's own. */
export function beginWith(passage: Passage, skip?: GovernServerOptions["skip"]): Begin {
  const { optimizer } = passage;
  const { requests } = optimizer;
  return (request, response) => {
    if (skip?.(request) === true) return undefined;
    const around = governedAround(request, requests);
    if (around !== undefined) {
      pass(around, passage);
      return around;
    }
    const { enabled } = optimizer;
    const current = enabled ? requests.start() : requests.startUncounted();
    if (enabled && requests.sampling) requests.measure(current, routeOf(request));
    pass(current, passage);
    current.carriedBy(request, undefined);
    current.announced = true;
    onceClosed(request, response, () => requests.end(current, response.writableFinished));
    return current;
  };
}

/**
 * Wraps a request listener for `createServer(listener)`, such as an Express app. A handler gets its context from
 * `governedRequest(request).context`.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * createServer(governListener(expressApp)).listen(3000);
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: a listener may take any subclass of request and response
export function governListener<L extends (request: any, response: any, ...rest: any[]) => unknown>(
  listener: L,
  given?: GovernServerOptions,
): L {
  requireFunction("governListener: listener", listener, "a function, such as an Express app");
  const { begin, ambient } = beginner("governListener", given);
  function governed(this: unknown, request: IncomingLike, response: OutgoingLike, next: unknown): unknown {
    const current = begin(request, response);
    return current !== undefined && ambient
      ? current.context.runOpen(() => listener.call(this, request, response, next))
      : listener.call(this, request, response, next);
  }
  return governed as unknown as L;
}

/**
 * Governs an existing server of `node:http`: the result of Express's `app.listen()`, Fastify's `server`, or the result of
 * `serve` of `@hono/node-server`. Returns the same server.
 *
 * @throws `INVALID_OPTION`, `TOO_MANY_GATES`
 * @example
 * ```ts
 * governServer(fastify.server);
 * await fastify.listen({ port: 3000 });
 * ```
 */
export function governServer<S extends ServerLike>(server: S, given?: GovernServerOptions): S {
  requireServer("governServer", server);
  const { begin, ambient } = beginner("governServer", given);
  if (!ambient) {
    server.prependListener("request", begin as (request: IncomingLike, response: OutgoingLike) => void);
    return server;
  }
  // Only from around all listeners a context can be made ambient in each of them.
  const emit = server.emit;
  server.emit = function emitGoverned(this: unknown, event: unknown, ...args: unknown[]): boolean {
    const current = event === "request" ? begin(args[0] as IncomingLike, args[1] as OutgoingLike) : undefined;
    return current === undefined
      ? emit.call(this, event, ...args)
      : current.context.runOpen(() => emit.call(this, event, ...args));
  };
  return server;
}
