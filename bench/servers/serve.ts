/**
 * Serves all variants on this runtime, one at a time, as `runtimes/<name>/serve.ts` serves the shared app, and
 * prints its port. `GET /use/<name>` takes another one: in one process all have the same luck with memory and caches.
 *
 * @module
 */
import type { Server } from "node:http";
import { here } from "../runtimes.ts";
import { type Fetch, type Prepared, prepare, type Variant, variants } from "./apps.ts";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number } };
};

const hostname = "127.0.0.1";
const USE = "/use/";
const prepared = new Map<string, Prepared>();
for (const variant of variants) {
  const made = await prepare(variant);
  made.optimizer?.disable();
  prepared.set(variant, made);
}
let current = prepared.get("bare")!;

function use(url: string): Response {
  const next = prepared.get(decodeURIComponent(url.slice(url.indexOf(USE) + USE.length)) as Variant);
  if (!next) return new Response("no such variant", { status: 404 });
  current.optimizer?.disable();
  current = next;
  current.optimizer?.enable();
  return new Response("ok");
}

const fetch: Fetch = (request, ...rest) =>
  request.url.includes(USE) ? use(request.url) : current.fetch(request, ...rest);

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
