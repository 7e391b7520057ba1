/**
 * A server whose memory the test moves: `POST /hold?mb=` keeps memory, `POST /release` lets go of it. Two
 * dashboards: one for local callers, one for those with the token.
 */
import { Hono } from "hono";
import { isLoopback, memoryDashboard } from "../../src/app.ts";
import { createMemoryOptimizer, memoryGovernance } from "../../src/index.ts";
import { loadPort } from "./port.ts";
import { serve } from "./serve.ts";

const MB = 1024 * 1024;
/** So large that every allocator gives it back to the system once it is free. */
const PIECE_MB = 36;
/** Room above what the process needs at rest. */
const ROOM_MB = 240;

const port = await loadPort();
const token = port.environmentVariable("VELITHON_ADMIN_TOKEN");
const atRest = port.readMemory().rssBytes ?? 0;
const optimizer = createMemoryOptimizer({ port, limitBytes: atRest + ROOM_MB * MB }).enable();
optimizer.createObjectPool({ name: "orders", factory: () => new Map() });
optimizer.createWeakCache({ name: "sessions" });

let held: Uint8Array[] = [];
const app = new Hono();
app.route("/memory", memoryDashboard({ optimizer, loopback: isLoopback("127.0.0.1"), token }));
app.route("/private", memoryDashboard({ optimizer, token }));
app.use(memoryGovernance({ optimizer }));
app.get("/work", (c) => c.json(Array.from({ length: 200 }, (_, i) => ({ i, text: `item ${i}` }))));
app.post("/hold", (c) => {
  const pieces = Number(c.req.query("mb")) / PIECE_MB;
  for (let i = 0; i < pieces; i++) held.push(new Uint8Array(PIECE_MB * MB).fill(1));
  return c.text(String(held.length));
});
app.post("/release", (c) => {
  held = [];
  return c.text("released");
});

const { origin } = await serve(app);
console.log(`velithon on ${port.name} ${port.version} listening on ${origin}`);
