import { type Context, Hono } from "hono";
import { stream, streamSSE } from "hono/streaming";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type MemoryOptimizer,
  memoryGovernance,
  type RuntimePort,
} from "../../src/index.ts";
import { inFlight } from "../support/app.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { aliveAfterCollection, turn } from "../support/reachable.ts";
import { rejection } from "../support/throws.ts";

const STREAMED = { "transfer-encoding": "chunked", "x-kept": "yes" };
const encoder = new TextEncoder();

interface Source {
  body: ReadableStream<Uint8Array>;
  enqueue(text: string): void;
  close(): void;
  fail(error: Error): void;
  cancelled: unknown[];
}

/** A stream that the test feeds. */
function source(): Source {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const cancelled: unknown[] = [];
  const body = new ReadableStream<Uint8Array>({
    start(c) {
      controller = c;
    },
    cancel(reason) {
      cancelled.push(reason);
    },
  });
  return {
    body,
    enqueue: (text) => controller.enqueue(encoder.encode(text)),
    close: () => controller.close(),
    fail: (error) => controller.error(error),
    cancelled,
  };
}

function make(
  handler: (c: Context) => Response | Promise<Response>,
  port: RuntimePort = fakePort(),
): { app: Hono; optimizer: MemoryOptimizer } {
  const optimizer = createMemoryOptimizer({ port });
  const app = new Hono();
  app.use(memoryGovernance({ optimizer }));
  app.get("/", handler);
  return { app, optimizer };
}

test("in flight until the body is read to its end; bytes, status and headers stay", async () => {
  const s = source();
  const { app, optimizer } = make((c) => c.body(s.body, 201, STREAMED));
  const response = await app.request("/");
  assert.is(response.status, 201);
  assert.is(response.headers.get("x-kept"), "yes");
  assert.is(inFlight(optimizer), 1);
  const reader = response.body!.getReader();
  for (const text of ["one", "two"]) {
    s.enqueue(text);
    assert.is(new TextDecoder().decode((await reader.read()).value), text);
    assert.is(inFlight(optimizer), 1);
  }
  s.close();
  assert.is((await reader.read()).done, true);
  assert.is(inFlight(optimizer), 0);
  assert.is(optimizer.getMemoryStats().requests.finished, 1);
});

test("a body that fails ends it, and its reader hears the error", async () => {
  const s = source();
  const { app, optimizer } = make((c) => c.body(s.body, 200, STREAMED));
  const response = await app.request("/");
  s.enqueue("one");
  const reader = response.body!.getReader();
  await reader.read();
  assert.is(inFlight(optimizer), 1);
  s.fail(new Error("disk"));
  assert.match(String(await rejection(reader.read())), "disk");
  assert.is(inFlight(optimizer), 0);
});

test("a body that somebody else reads is handed on as it is, and ends it", async () => {
  const taken = new Response(source().body, { headers: STREAMED });
  taken.body!.getReader();
  const { app, optimizer } = make(() => taken);
  assert.is(await app.request("/"), taken);
  assert.is(inFlight(optimizer), 0);
});

test("a body that is given up ends it, and its source hears of it", async () => {
  for (const reading of [false, true]) {
    const s = source();
    const { app, optimizer } = make((c) => c.body(s.body, 200, STREAMED));
    const response = await app.request("/");
    const reader = response.body!.getReader();
    const pending = reading ? reader.read() : undefined;
    await turn();
    assert.is(inFlight(optimizer), 1);
    await reader.cancel("gone away");
    await pending;
    assert.equal(s.cancelled, ["gone away"]);
    assert.is(inFlight(optimizer), 0);
    assert.is(optimizer.getMemoryStats().requests.unmatchedEnds, 0);
  }
});

test("nothing is read ahead of the client", async () => {
  let pulled = 0;
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled += 1;
        controller.enqueue(encoder.encode("x".repeat(1000)));
      },
    },
    { highWaterMark: 0 },
  );
  const { app } = make((c) => c.body(body, 200, STREAMED));
  const response = await app.request("/");
  await turn();
  assert.is(pulled, 0);
  const reader = response.body!.getReader();
  await reader.read();
  await turn();
  assert.ok(pulled <= 1, `${pulled} chunks for one read`);
  await reader.cancel();
});

test("an answer to HEAD is never read: it ends with its handler", async () => {
  const s = source();
  const { app, optimizer } = make((c) => c.body(s.body, 200, STREAMED));
  const response = await app.request("/", { method: "HEAD" });
  assert.is(response.headers.get("x-kept"), "yes");
  assert.is(response.body, null);
  assert.is(inFlight(optimizer), 0);
});

test("long-lived streams are counted apart, and end as well", async () => {
  const port = fakePort();
  const s = source();
  const { app, optimizer } = make((c) => c.body(s.body, 200, STREAMED), port);
  const response = await app.request("/");
  port.advance(10_001);
  const { inFlight: young, longLived } = optimizer.getMemoryStats().requests;
  assert.equal([young, longLived], [0, 1]);
  s.close();
  await response.text();
  assert.is(optimizer.getMemoryStats().requests.longLived, 0);
  assert.is(optimizer.getMemoryStats().requests.maxMs, undefined, "its duration is none of a request");
});

test("a body that an outer middleware drops unread: its request ends when the body is collected", async () => {
  const refs: WeakRef<object>[] = [];
  const port = await loadPort();
  const optimizer = createMemoryOptimizer({ port });
  const app = new Hono();
  app.use(async (c, next) => {
    await next();
    refs.push(new WeakRef(c.res.body!));
    c.res = new Response(null, { status: 304 });
  });
  app.use(memoryGovernance({ optimizer }));
  app.get("/", (c) =>
    stream(c, async (out) => {
      await out.write("never read");
    }),
  );
  for (let i = 0; i < 40; i++) assert.is((await app.request("/")).status, 304);
  assert.is(inFlight(optimizer), 40);
  await aliveAfterCollection(port, refs, 4);
  for (let i = 0; i < 20 && inFlight(optimizer) > 4; i++) await turn();
  assert.ok(inFlight(optimizer) <= 4, `${inFlight(optimizer)} of 40 are in flight`);
  optimizer.disable();
});

test("a disabled optimizer hands the very same response on", async () => {
  const optimizer = createMemoryOptimizer({ port: fakePort(), enabled: false });
  const app = new Hono();
  app.use(memoryGovernance({ optimizer }));
  const original = new Response(source().body, { headers: STREAMED });
  app.get("/", () => original);
  assert.is(await app.request("/"), original);
});

const real = await loadPort();

test(`hono's own streams on ${real.name}, outside a server: ended by their last byte`, async () => {
  const handlers: ((c: Context) => Response | Promise<Response>)[] = [
    (c) =>
      stream(c, async (out) => {
        for (const text of ["a", "b", "c"]) await out.write(text);
      }),
    (c) =>
      streamSSE(c, async (out) => {
        await out.writeSSE({ data: "abc" });
      }),
    (c) => c.body(new Response("abc").body as ReadableStream),
  ];
  for (const handler of handlers) {
    const { app, optimizer } = make(handler, real);
    const response = await app.request("/");
    assert.is(inFlight(optimizer), 1);
    assert.match(await response.text(), "c");
    await turn();
    assert.is(inFlight(optimizer), 0);
    optimizer.disable();
  }
});

test(`whole bodies on ${real.name}, outside a server: ended at the latest by their last byte`, async () => {
  const handlers: ((c: Context) => Response)[] = [
    (c) => c.text("text"),
    (c) => c.json({ a: 1 }),
    (c) => c.html("<p>"),
    (c) => c.body("body"),
    (c) => c.body(null),
    (c) => c.body(new Uint8Array([1, 2, 3])),
    (c) => c.redirect("/elsewhere"),
    () => new Response("plain", { headers: { "content-length": "5" } }),
    () => new Response(new Blob(["blob"])),
  ];
  for (const handler of handlers) {
    const { app, optimizer } = make(handler, real);
    const response = await app.request("/");
    await response.arrayBuffer();
    await turn();
    assert.is(inFlight(optimizer), 0, String(handler));
    optimizer.disable();
  }
});

test.run();
