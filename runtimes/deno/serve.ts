import "./index.ts";
import { serveApp } from "../server.ts";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; signal: AbortSignal; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
};

await serveApp(async (fetch, { host, port }) => {
  const abort = new AbortController();
  const server = Deno.serve({ hostname: host, port, signal: abort.signal, onListen: () => {} }, fetch);
  return { port: server.addr.port, drain: () => server.shutdown(), abort: () => abort.abort() };
});
