import "./index.ts";
import { serveApp } from "../server.ts";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
};

await serveApp(async (fetch, { host, port }) => {
  const server = Deno.serve({ hostname: host, port, onListen: () => {} }, fetch);
  return { port: server.addr.port, drain: () => server.shutdown() };
});
