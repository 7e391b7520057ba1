/**
 * The server that is burst upon, bare or governed, with the same routes. Prints its port.
 *
 * @module
 */
import type { Server } from "node:http";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { here, library } from "../runtimes.ts";

export type Variant = "bare" | "governed";

/** The part of Deno's server that is used here. */
declare const Deno: {
  serve(
    options: { hostname: string; port: number; onListen: () => void },
    handler: (request: Request, info: object) => Response | Promise<Response>,
  ): { addr: { port: number } };
};

/** What an order waits for: a database, a payment. It holds its data meanwhile. */
const WAIT_MS = 100;

interface Line {
  readonly price: number;
  readonly quantity: number;
}

async function createApp(variant: Variant): Promise<Hono> {
  const app = new Hono();
  app.get("/health/live", (c) => c.text("ok"));
  if (variant === "governed") {
    const v = await library();
    const quiet = { info: () => {}, warn: () => {}, error: console.error };
    const optimizer = v.createMemoryOptimizer({ logger: quiet });
    app.use(v.loadShedding({ optimizer }));
    app.use(v.memoryGovernance({ optimizer }));
    // Below /health: exempt from shedding.
    app.get("/health/pressure", (c) => {
      const { pressure, systemMemory } = optimizer.getMemoryStats();
      return c.json({ ...pressure, rssMb: systemMemory.rssMb });
    });
  }
  app.post("/orders", async (c) => {
    const lines = await c.req.json<Line[]>();
    await sleep(WAIT_MS);
    const total = lines.reduce((sum, line) => sum + line.price * line.quantity, 0);
    return c.json({ lines: lines.length, total });
  });
  return app;
}

const hostname = "127.0.0.1";

async function listen(app: Hono): Promise<number> {
  if (here === "bun") return Bun.serve({ fetch: app.fetch, hostname, port: 0 }).port ?? 0;
  if (here === "deno") {
    return Deno.serve({ hostname, port: 0, onListen: () => {} }, (request, info) => app.fetch(request, info))
      .addr.port;
  }
  const { createAdaptorServer } = await import("@hono/node-server");
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, hostname, resolve));
  return (server.address() as { port: number }).port;
}

console.log(await listen(await createApp(process.argv[2] as Variant)));
