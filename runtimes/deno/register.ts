/**
 * `deno run --preload <this> app.ts`: monitoring and the dashboard for any server of `Deno.serve` or `node:http`,
 * without a change to the program.
 *
 * @module
 */
import { subscribe } from "node:diagnostics_channel";
import type { IncomingMessage, ServerResponse } from "node:http";
import "./index.ts";
import { attach } from "../attach.ts";

type Handler = (request: Request, info: object) => Response | Promise<Response>;
interface Options {
  handler?: Handler;
}

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(...given: (Options | Handler | object)[]): { addr: { port: number }; unref(): void };
};

const serve = Deno.serve;

await attach({
  watch({ begin, fetch }) {
    subscribe("http.server.request.start", (message) => {
      const { request, response } = message as { request: IncomingMessage; response: ServerResponse };
      begin(request, response);
    });
    Deno.serve = function serveWatched(this: unknown, ...given) {
      const watched = given.map((part) => {
        if (typeof part === "function") return fetch(part);
        const { handler } = part as Options;
        return typeof handler === "function" ? { ...part, handler: fetch(handler) } : part;
      });
      return serve.apply(this, watched);
    };
  },
  async listen(fetch, port) {
    const server = serve({ hostname: "127.0.0.1", port, onListen() {} }, fetch);
    server.unref();
    return server.addr.port;
  },
});
