/**
 * The server that is burst upon, bare or governed, with the same routes. Prints its port, and a second one for those
 * who ask for its health: Node takes one connection a turn on each, and the queue of the first is the burst's.
 *
 * @module
 */
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { library } from "../runtimes.ts";
import { listen } from "../serve.ts";

export type Variant = "bare" | "governed";

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

const app = await createApp(process.argv[2] as Variant);
const serve = () => listen((request, environment) => app.fetch(request, environment));
console.log(await serve(), await serve());
