/**
 * The governed server that is soaked: middlewares, pools, caches, load shedding, handlers, dashboards. Prints its port.
 * `GET /soak` answers, after a collection, what is held.
 *
 * @module
 */
import process from "node:process";
import { Hono } from "hono";
import { library } from "../runtimes.ts";
import { listen } from "../serve.ts";

/** What it is bound to; the budget may hold it to less for a while. */
const CACHE_SIZE = 500;
const quiet = { info: () => {}, warn: () => {}, error: console.error };
const v = await library();
const optimizer = v.createMemoryOptimizer({ logger: quiet });
const app = new Hono();
app.use(v.loadShedding({ optimizer }));
app.use(v.memoryGovernance({ optimizer }));

const rows = optimizer.createObjectPool({
  name: "rows",
  factory: () => ({ cells: new Array<number>(256).fill(0) }),
  maxSize: 32,
});
const buffers = optimizer.createBufferPool({ name: "buffers" });
const profiles = optimizer.createWeakCache<number, { id: number; text: string }>({
  name: "profiles",
  maxSize: CACHE_SIZE,
});

let i = 0;
app.get("/work/:id", (c) => {
  i += 1;
  const id = Number(c.req.param("id"));
  const row = rows.acquire();
  row.cells[id % 256] = id;
  const sum = row.cells.reduce((a, b) => a + b, 0);
  rows.release(row);
  profiles.getOrCreate(id, () => ({ id, text: `profile ${id} `.repeat(20) }));
  const buffer = buffers.acquire(1000 + (id % 5000));
  buffers.release(buffer);
  // A handler that comes and goes.
  optimizer.onPressure(() => {}).close();
  return c.json({ id, sum, i });
});

app.get("/soak", (c) => {
  optimizer.gcOptimizer.manualCollection({ generation: 2 });
  // The statistics have the reading of the last second, from before the collection.
  const { heapUsedBytes } = optimizer.port.readMemory();
  const stats = optimizer.getMemoryStats();
  const cache = stats.weakCaches.profiles!;
  return c.json({
    heapUsedMb: heapUsedBytes! / 1024 / 1024,
    rssMb: stats.systemMemory.rssMb,
    coreBytes: optimizer.coreBytes,
    poolSize: stats.objectPools.rows!.poolSize,
    cacheSize: cache.size,
    cacheMaxSize: CACHE_SIZE,
    bufferBytes: stats.bufferPools.buffers!.idleBytes,
    inFlight: stats.requests.inFlight,
    shedInFlight: stats.pressure.shedding.inFlight,
    finished: stats.requests.finished,
    statsBytes: JSON.stringify(stats).length,
    historyPoints: Object.values(optimizer.getHistory("hour").series)[0]!.length,
  });
});

console.log(await listen((request, environment) => app.fetch(request, environment)));
process.on("SIGTERM", () => process.exit(0));
