/**
 * A server whose memory the test moves: `POST /hold?mb=` keeps memory, `POST /release` lets go of it, `POST /leak` leaks. Two
 * dashboards: one for local callers, one for those with the token.
 */
import { Hono } from "hono";
import { isLoopback, memoryDashboard } from "../../src/app.ts";
import { createMemoryOptimizer, memoryGovernance, type RuntimePort } from "../../src/index.ts";
import { loadPort } from "./port.ts";
import { serve } from "./serve.ts";

const MB = 1024 * 1024;
/** So large that every allocator gives it back to the system once it is free. */
const PIECE_MB = 36;
/** Room above what the process needs at rest. */
const ROOM_MB = 240;

const PAGE_BYTES = 10_000;

/** Steps of the planted leak: each a sample, a major collection, and so much time by the clock of the library. */
const LEAK_STEPS = 75;
const LEAK_STEP_MS = 2500;

let skewMs = 0;
let skewing = false;
const real = await loadPort();
const port: RuntimePort = {
  ...real,
  now: () => real.now() + skewMs,
  // The clock jumps meanwhile: a tick would take it for a late event loop.
  every: (ms, tick) => real.every(ms, () => skewing || tick()),
};
const token = port.environmentVariable("VELITHON_ADMIN_TOKEN");
const atRest = port.readMemory().rssBytes ?? 0;
const optimizer = createMemoryOptimizer({
  port,
  limitBytes: atRest + ROOM_MB * MB,
  budgetBytes: 20 * PAGE_BYTES,
  // The test asks for it, where it can wait for the answer.
  culprit: false,
}).enable();
optimizer.monitor.sample();
optimizer.createObjectPool({ name: "orders", factory: () => new Map() });
const pages = optimizer.createWeakCache<string, Uint8Array>({
  name: "pages",
  tier: "strong+weak",
  maxBytes: 100 * PAGE_BYTES,
  sizeOf: ({ byteLength }) => byteLength,
});
for (let i = 0; i < 50; i++) pages.put(`page ${i}`, new Uint8Array(PAGE_BYTES));
optimizer.budget.shrinkTo(4 * PAGE_BYTES);
optimizer.budget.restore();

function leakMore(i: number): void {
  leaked.push(Array.from({ length: 16_000 }, (_, j) => ({ i, j, text: `${i} ${j}` })));
}

let held: Uint8Array[] = [];
const leaked: unknown[] = [];
const app = new Hono();
app.route("/memory", memoryDashboard({ optimizer, loopback: isLoopback("127.0.0.1"), token }));
app.route("/private", memoryDashboard({ optimizer, token }));
app.get("/capabilities", (c) => c.json(optimizer.capabilities));
app.use(memoryGovernance({ optimizer }));
app.get("/work", (c) => c.json(Array.from({ length: 200 }, (_, i) => ({ i, text: `item ${i}` }))));
app.post("/hold", (c) => {
  const pieces = Number(c.req.query("mb")) / PIECE_MB;
  for (let i = 0; i < pieces; i++) held.push(new Uint8Array(PIECE_MB * MB).fill(1));
  return c.text(String(held.length));
});
/** What a leak of some minutes does, in a moment: memory is really kept and really collected, the clock is moved. */
app.post("/leak", async (c) => {
  skewing = true;
  for (let i = 0; i < LEAK_STEPS; i++) {
    leakMore(i);
    leaked.push(new Uint8Array(64 * 1024).fill(1));
    skewMs += LEAK_STEP_MS;
    optimizer.gcOptimizer.manualCollection();
    // What the engine reports of it comes a turn later.
    await new Promise((resolve) => setTimeout(resolve, 10));
    optimizer.monitor.sample();
    optimizer.getVerdict();
  }
  skewing = false;
  const search = optimizer.findCulprit({ seconds: 1 });
  const timer = setInterval(() => leakMore(0), 50);
  await search;
  clearInterval(timer);
  optimizer.monitor.sample();
  return c.json(optimizer.getMemoryStats().verdict);
});
app.post("/release", (c) => {
  held = [];
  return c.text("released");
});

const { origin } = await serve(app);
console.log(`velithon on ${port.name} ${port.version} listening on ${origin}`);
