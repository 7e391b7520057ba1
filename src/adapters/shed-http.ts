/**
 * Load shedding for servers of the `node:http` kind: plain ones, Express, Fastify.
 *
 * @module
 */
import { type LoadSheddingOptions, loadShedder } from "../middleware/load-shedding.ts";
import { declaredBytes, SHED } from "../pressure/shedding.ts";
import { onceClosed } from "../shared/closing.ts";
import { requireFunction } from "../shared/errors.ts";
import { requireServer, type ServerLike } from "./node-http.ts";
import { pathOf } from "./path.ts";

/** The parts of a request and of a response of `node:http` that are used here. */
interface Incoming {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  resume?(): unknown;
}
interface Outgoing {
  writeHead(status: number, ...rest: unknown[]): unknown;
  end(text: string): unknown;
  on(event: "close", listener: () => void): unknown;
}

/** True if the request was refused, and is answered by that. */
type Refuse = (request: Incoming, response: Outgoing) => boolean;

function refuser(where: string, given: LoadSheddingOptions | undefined): Refuse {
  const { optimizer, shedder } = loadShedder(where, given);
  return (request, response) => {
    if (!optimizer.enabled) return false;
    const { method = "GET", url = "/", headers } = request;
    const bytes = declaredBytes(method, headers["content-length"] as string | undefined);
    const entered = shedder.enter(pathOf(url), bytes);
    if (entered === SHED) {
      const { status, headers, text } = shedder.refused();
      response.writeHead(status, headers);
      response.end(text);
      // Not every runtime reads on by itself, and a client that still sends would wait.
      request.resume?.();
      return true;
    }
    if (entered >= 0) leaveOnceAnswered(request, response, () => shedder.leave(entered));
    return false;
  };
}

/** With its head, as `shedFetch` does with a `Response`: a stream may stay open for hours. Or when it closes without one. */
function leaveOnceAnswered(request: Incoming, response: Outgoing, leave: () => void): void {
  let left = false;
  const once = (): void => {
    if (!left) leave();
    left = true;
  };
  const { writeHead } = response;
  response.writeHead = function answered(this: Outgoing, ...head): unknown {
    once();
    return writeHead.apply(this, head);
  };
  onceClosed(request, response, once);
}

/**
 * Puts a request listener of `node:http`, such as an Express app, behind `loadShedding`. Use it as the outermost
 * wrapper, so that a refused request costs nothing else.
 *
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * createServer(shedListener(governListener(expressApp))).listen(3000);
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: a listener may take any subclass of request and response
export function shedListener<L extends (request: any, response: any, ...rest: any[]) => unknown>(
  listener: L,
  given?: LoadSheddingOptions,
): L {
  requireFunction("shedListener: listener", listener, "a function, such as an Express app");
  const refuse = refuser("shedListener", given);
  function shedding(this: unknown, request: Incoming, response: Outgoing, ...rest: unknown[]): unknown {
    return refuse(request, response) ? undefined : listener.call(this, request, response, ...rest);
  }
  return shedding as unknown as L;
}

/**
 * Puts all request listeners of an existing server of `node:http` behind `loadShedding`: the result of Express's
 * `app.listen()`, or Fastify's `server`. Returns the same server.
 *
 * @throws `INVALID_OPTION`
 * @example
 * ```ts
 * const app = fastify();
 * shedServer(governServer(app.server));
 * await app.listen({ port: 3000 });
 * ```
 */
export function shedServer<S extends ServerLike>(server: S, given?: LoadSheddingOptions): S {
  requireServer("shedServer", server);
  const refuse = refuser("shedServer", given);
  // Only from around all listeners a request can be kept from each of them.
  const emit = server.emit;
  server.emit = function emitAdmitted(this: unknown, event: unknown, ...args: unknown[]): boolean {
    if (event === "request" && refuse(args[0] as Incoming, args[1] as Outgoing)) return true;
    return emit.call(this, event, ...args);
  };
  return server;
}
