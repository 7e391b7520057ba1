/**
 * Serves one variant on this runtime, as `runtimes/<name>/serve.ts` serves the shared app, and prints its port.
 *
 * @module
 */
import type { Server } from "node:http";
import process from "node:process";
import { here } from "../runtimes.ts";
import { createVariant, type Variant } from "./apps.ts";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number } };
};

const hostname = "127.0.0.1";
const fetch = await createVariant(process.argv[2] as Variant);

async function listen(): Promise<number> {
  if (here === "bun") return Bun.serve({ fetch, hostname, port: 0 }).port ?? 0;
  if (here === "deno") {
    return Deno.serve({ hostname, port: 0, onListen: () => {} }, (request, info) => fetch(request, info)).addr
      .port;
  }
  const { createAdaptorServer } = await import("@hono/node-server");
  const server = createAdaptorServer({ fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return (server.address() as { port: number }).port;
}

console.log(await listen());
