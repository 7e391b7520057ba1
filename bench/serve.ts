import type { Server } from "node:http";
import { here } from "./runtimes.ts";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number } };
};

const hostname = "127.0.0.1";
/** Longer than any silence that is measured. */
const IDLE_S = 120;

/** Serves on a free port of the loopback address, as an app is served on the runtime at hand; the port. */
export async function listen(
  fetch: (request: Request, environment: object) => Response | Promise<Response>,
): Promise<number> {
  if (here === "bun") return Bun.serve({ fetch, hostname, port: 0, idleTimeout: IDLE_S }).port ?? 0;
  if (here === "deno") return Deno.serve({ hostname, port: 0, onListen: () => {} }, fetch).addr.port;
  const { createAdaptorServer } = await import("@hono/node-server");
  const server = createAdaptorServer({ fetch }) as Server;
  server.keepAliveTimeout = IDLE_S * 1000;
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return (server.address() as { port: number }).port;
}
