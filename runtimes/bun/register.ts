/**
 * `bun --preload velithon/register app.ts`: monitoring and the dashboard for any server of `Bun.serve` or
 * `node:http`, without a change to the program.
 *
 * @module
 */
import { Server as HttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import "./index.ts";
import { attach, type Watch } from "../attach.ts";

/** The parts of a server's options that hold handlers. */
interface Options {
  fetch?: unknown;
  routes?: Record<string, unknown>;
}
interface Serving {
  readonly port?: number;
  reload(options: Options): unknown;
  unref(): void;
}
type Serve = (options: Options) => Serving;

const host = Bun as unknown as { serve: Serve };
const serve = host.serve;

function watchOptions(options: Options, { fetch }: Watch): Options {
  if (typeof options !== "object" || options === null) return options;
  // A route is a handler, one for each method, or a whole response, which Bun sends without asking anybody.
  const route = (given: unknown): unknown =>
    Object.getPrototypeOf(given ?? 0) === Object.prototype
      ? Object.fromEntries(Object.entries(given as object).map(([name, part]) => [name, fetch(part)]))
      : fetch(given);
  // A prototype may carry the handlers: an instance of a class is an option object as well.
  const watched: Options = Object.create(options);
  const set = (name: keyof Options, value: unknown) =>
    Object.defineProperty(watched, name, { value, enumerable: true, writable: true, configurable: true });
  for (const [name, value] of Object.entries(options)) set(name as keyof Options, value);
  if (options.fetch !== undefined) set("fetch", fetch(options.fetch));
  if (options.routes !== undefined) {
    set(
      "routes",
      Object.fromEntries(Object.entries(options.routes).map(([path, part]) => [path, route(part)])),
    );
  }
  return watched;
}

await attach({
  watch(watch) {
    const emit = HttpServer.prototype.emit;
    HttpServer.prototype.emit = function emitWatched(event: string, ...given: unknown[]) {
      if (event === "request") watch.begin(given[0] as IncomingMessage, given[1] as ServerResponse);
      return emit.apply(this, [event, ...given] as never);
    };
    host.serve = function serveWatched(options) {
      const server = serve.call(host, watchOptions(options, watch));
      const reload = server.reload;
      server.reload = (next) => reload.call(server, watchOptions(next, watch));
      return server;
    };
  },
  async listen(fetch, port) {
    const server = serve.call(host, { hostname: "127.0.0.1", port, fetch } as Options);
    server.unref();
    return server.port ?? port;
  },
});
