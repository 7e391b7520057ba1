import http from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { Hono } from "hono";
import { stream, streamSSE } from "hono/streaming";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  gcTuning,
  memoryMonitoring,
  memoryOptimization,
  type RequestMemoryContext,
  type RequestStats,
  type VelithonVariables,
} from "../../src/index.ts";
import { flightOf } from "../support/flight.ts";
import { loadPort } from "../support/port.ts";
import { type Served, serve } from "../support/serve.ts";

const port = await loadPort();
const silent = { info() {}, warn() {}, error() {} };
const optimizer = createMemoryOptimizer({ port, longLivedAfterMs: 300, logger: silent });
const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });

/** What a test holds back, so that a response is certainly not over yet. */
let release = (): void => {};
let held: Promise<void> = Promise.resolve();
function hold(): void {
  held = new Promise((resolve) => {
    release = resolve;
  });
}

let lastContext: RequestMemoryContext | undefined;
let aborted = 0;

const app = new Hono<{ Variables: VelithonVariables }>();
app.use(gcTuning({ optimizer }), memoryOptimization({ optimizer }), memoryMonitoring({ optimizer }));
app.onError((error, c) => c.text(error.message, 500));
app.get("/text", (c) => c.text("text"));
app.get("/json", (c) => c.json({ list: new Array(1000).fill("entry") }));
app.get("/empty", (c) => c.body(null, 204));
app.get("/bytes", (c) => c.body(new Uint8Array(500_000)));
app.get("/throws", () => {
  throw new Error("handler");
});
app.get("/lease", (c) => {
  lastContext = c.var.velithon.context;
  lastContext.acquire(pool);
  return stream(c, async (out) => {
    await out.write("first\n");
    await held;
    await out.write("last\n");
  });
});
app.get("/stream", (c) => {
  c.header("x-many-headers", "v".repeat(500));
  return stream(c, async (out) => {
    out.onAbort(() => {
      aborted += 1;
    });
    await out.write("first\n");
    await held;
    await out.write("last\n");
  });
});
app.get("/endless", (c) =>
  stream(c, async (out) => {
    out.onAbort(() => {
      aborted += 1;
    });
    while (!out.aborted) {
      await out.write("x".repeat(1000));
      await out.sleep(5);
    }
  }),
);
app.get("/events", (c) =>
  streamSSE(c, async (out) => {
    await out.writeSSE({ data: "first" });
    await held;
    await out.writeSSE({ data: "last" });
  }),
);
app.get("/breaks", () => {
  let sent = false;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) controller.error(new Error("disk"));
      else controller.enqueue(new TextEncoder().encode("first"));
      sent = true;
    },
  });
  return new Response(body);
});

let server: Served;
test.before(async () => {
  server = await serve(app);
});
test.after(async () => {
  release();
  await server.close();
  optimizer.disable();
});

const stats = (): RequestStats => optimizer.getMemoryStats().requests;

const { until, idle } = flightOf(stats);

async function readFirst(response: Response): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const reader = response.body!.getReader() as ReadableStreamDefaultReader<Uint8Array>;
  const { value } = await reader.read();
  assert.match(new TextDecoder().decode(value), "first");
  return reader;
}

test("whole responses end: found, empty, large, missing, throwing", async () => {
  const cases: [string, number][] = [
    ["/text", 200],
    ["/json", 200],
    ["/empty", 204],
    ["/bytes", 200],
    ["/missing", 404],
    ["/throws", 500],
  ];
  for (const [path, status] of cases) {
    const before = stats().started;
    const response = await fetch(server.origin + path);
    assert.is(response.status, status, path);
    await response.arrayBuffer();
    await idle(path);
    assert.is(stats().started, before + 1, path);
  }
  assert.is(stats().unmatchedEnds, 0);
});

for (const path of ["/stream", "/events", "/lease"]) {
  test(`${path}: in flight until its last byte was sent`, async () => {
    hold();
    const before = stats().finished;
    const reader = await readFirst(await fetch(server.origin + path));
    await wait(20);
    assert.is(stats().inFlight, 1);
    assert.is(stats().finished, before);
    release();
    for (let done = false; !done; ) ({ done } = await reader.read());
    await idle(path);
    assert.is(stats().finished, before + 1);
  });
}

test("the request's context ends with its streamed response, not with its handler", async () => {
  hold();
  const reader = await readFirst(await fetch(`${server.origin}/lease`));
  assert.is(lastContext?.closed, false);
  assert.is(pool.getStats().inUse, 1);
  release();
  for (let done = false; !done; ) ({ done } = await reader.read());
  await until("the lease is back", () => pool.getStats().inUse === 0);
  assert.is(lastContext?.closed, true);
});

test("a body that breaks off ends its request", async () => {
  await fetch(`${server.origin}/breaks`)
    .then((response) => response.text())
    .catch(() => {});
  await idle("/breaks");
});

for (const path of ["/endless", "/stream"]) {
  test(`${path}: a client that goes away midway ends it`, async () => {
    hold();
    const before = aborted;
    const finished = stats().finished;
    await new Promise<void>((resolve, reject) => {
      const request = http.get(server.origin + path, { agent: false }, (response) => {
        response.on("error", () => {});
        response.once("data", () => {
          request.destroy();
          resolve();
        });
      });
      request.on("error", reject);
    });
    if (path === "/endless") await until("the handler hears of it", () => aborted === before + 1);
    await until(`${path} is over`, () => stats().finished === finished + 1);
    await idle(path);
    release();
    await wait(20);
    assert.is(stats().finished, stats().started, "once only");
    assert.is(stats().unmatchedEnds, 0);
  });
}

test("HEAD ends, also of a stream that nobody reads", async () => {
  hold();
  for (const path of ["/text", "/stream", "/empty", "/missing"]) {
    const response = await fetch(server.origin + path, { method: "HEAD" });
    assert.is(await response.text(), "");
    await idle(`HEAD ${path}`);
  }
  release();
});

test("many at a time, some given up: all end", async () => {
  hold();
  const before = stats().finished;
  const requests = Array.from({ length: 60 }, async (_, i) => {
    const path = ["/text", "/json", "/bytes", "/throws", "/stream", "/missing"][i % 6];
    const abort = new AbortController();
    const response = await fetch(server.origin + path, { signal: abort.signal });
    if (path !== "/stream") return void (await response.arrayBuffer());
    const reader = await readFirst(response);
    if (i % 4 === 0) return abort.abort();
    await held;
    for (let done = false; !done; ) ({ done } = await reader.read());
  });
  await wait(50);
  release();
  await Promise.all(requests);
  await idle("60 requests");
  assert.is(stats().finished, before + 60);
  assert.is(stats().unmatchedEnds, 0);
});

test("a long-lived one is counted apart, and ends", async () => {
  hold();
  const reader = await readFirst(await fetch(`${server.origin}/events`));
  assert.is(stats().inFlight, 1);
  await wait(350);
  await (await fetch(`${server.origin}/text`)).text();
  await until("it is long-lived", () => stats().longLived === 1 && stats().inFlight === 0);
  release();
  for (let done = false; !done; ) ({ done } = await reader.read());
  await idle("/events");
});

test.run();
