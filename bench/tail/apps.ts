import { Hono } from "hono";
import { stream } from "hono/streaming";
import mimeDb from "mime-db";
import { random } from "../../runtimes/cli/load/random.ts";

interface Row {
  readonly name: string;
  readonly source: string;
  readonly extensions: readonly string[];
}

const HELD_ARRAYS = 250;
const HOLD_MS = 200;
const ROWS = 1500;
const DATABASE_MS = 100;
const LIVE_ROWS = 400_000;
const CACHE_ENTRIES = 50_000;
/** Some 4 MB. */
const LIBRARY_OBJECTS = 4000;
/** Parsed data of the latest answers, 0.4 MB each, that the bursts' app keeps: garbage of the old generation later. */
const KEPT_ANSWERS = 150;

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** About 1 KB of objects each. */
function objects(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    i,
    numbers: Array.from({ length: 100 }, (_, k) => k + i),
  }));
}

/** What another service answers: text, as `fetch` has it before it is parsed. */
function rowsAsText(count: number): string {
  return JSON.stringify(
    Array.from({ length: count }, (_, i) => ({
      id: i,
      name: `a thing ${i}`,
      price: i * 1.25,
      at: new Date(1.7e12 + i * 1e6),
      tags: [i % 7, i % 11],
    })),
  );
}

/** About 150 MB that stays. */
function live(): Row[] {
  const names = Object.keys(mimeDb);
  return Array.from({ length: LIVE_ROWS }, (_, i) => ({
    name: `${names[i % names.length]}#${i}`,
    source: i % 3 === 0 ? "iana" : "apache",
    extensions: [`x${i}`, `y${i % 100}`],
  }));
}

/** The routes of all workloads. What is kept alive is made when the workload asks for it. */
export function createWorkloads(workload: string): Hono {
  const app = new Hono();
  const text = JSON.stringify(mimeDb);
  const answer = rowsAsText(ROWS);
  const next = random(7);
  const rows = ["heavy", "on-off", "stop", "mix"].includes(workload) ? live() : [];
  const cache = new Map<number, object>();
  if (workload === "churn") for (let i = 0; i < CACHE_ENTRIES; i++) cache.set(i, objects(1));

  // As much as a server's libraries take: V8 gives heaps of this size little room beside buffers.
  const libraries = workload === "uploads" ? objects(LIBRARY_OBJECTS) : [];
  const kept: object[] = [];
  let answers = 0;

  const light = (id: string) => ({ id, name: "a thing", price: 12.5, tags: ["a", "b"], inStock: true });
  const heavy = () => {
    const at = Math.floor(next() * Math.max(1, rows.length - 2000));
    const found = rows.slice(at, at + 200 + Math.floor(next() * 800));
    const parsed = JSON.parse(text) as Record<string, { source?: string }>;
    if (workload === "on-off") kept[answers++ % KEPT_ANSWERS] = parsed;
    const iana = Object.entries(parsed).filter(([, type]) => type.source === "iana").length;
    return { iana, found: found.map(({ name, extensions }) => ({ name, extensions })) };
  };
  const hold = async () => {
    const held = objects(HELD_ARRAYS);
    await sleep(HOLD_MS);
    return { held: held.length };
  };
  const rowsHeld = async () => {
    const found = JSON.parse(answer) as { price: number; tags: number[] }[];
    await sleep(DATABASE_MS);
    const total = found.reduce((sum, { price, tags }) => sum + price * tags[0]!, 0);
    return { rows: found.length, total };
  };
  const parts = (c: Parameters<typeof stream>[0]) =>
    stream(c, async (out) => {
      for (let i = 0; i < 10; i++) {
        await out.writeln(JSON.stringify(objects(4)));
        await out.sleep(2);
      }
    });

  app.get("/light/:id", (c) => c.json(light(c.req.param("id"))));
  app.get("/heavy", (c) => c.json(heavy()));
  app.get("/hold", async (c) => c.json(await hold()));
  app.get("/rows", async (c) => c.json(await rowsHeld()));
  app.post("/upload", async (c) => {
    const bytes = new Uint8Array(await c.req.arrayBuffer());
    let sum = 0;
    for (let i = 0; i < bytes.length; i += 64) sum += bytes[i]!;
    return c.json({ bytes: bytes.length, sum, libraries: libraries.length });
  });
  app.get("/churn", (c) => {
    for (let i = 0; i < 20; i++) cache.set(Math.floor(next() * CACHE_ENTRIES), objects(1));
    return c.json({ entries: cache.size });
  });
  app.get("/stream", parts);
  let turn = 0;
  app.get("/mix", async (c) => {
    turn = (turn + 1) % 8;
    if (turn === 0) return c.json(heavy());
    if (turn === 1) return c.json(await hold());
    if (turn === 2) return parts(c);
    return c.json(light("7"));
  });
  return app;
}
