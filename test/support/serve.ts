import type { Server } from "node:http";
import type { Hono } from "hono";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: () => void; onError: (error: unknown) => Response },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
};

export interface Served {
  readonly origin: string;
  close(): Promise<void>;
}

const hostname = "127.0.0.1";
const failed = (): Response => new Response("failed", { status: 500 });

/** Serves on a free port of the loopback address, as an app is served on the runtime at hand. */
// biome-ignore lint/suspicious/noExplicitAny: any app may be served
export async function serve(app: Pick<Hono<any>, "fetch">): Promise<Served> {
  if ("Deno" in globalThis) {
    const server = Deno.serve({ hostname, port: 0, onListen() {}, onError: failed }, (request, info) =>
      app.fetch(request, info),
    );
    return { origin: `http://${hostname}:${server.addr.port}`, close: () => server.shutdown() };
  }
  if ("Bun" in globalThis) {
    const server = Bun.serve({ fetch: app.fetch, hostname, port: 0, error: failed, idleTimeout: 0 });
    return { origin: `http://${hostname}:${server.port}`, close: () => server.stop(true) };
  }
  const { createAdaptorServer } = await import("@hono/node-server");
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  const address = server.address() as { port: number };
  return {
    origin: `http://${hostname}:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
