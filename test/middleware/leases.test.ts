import http from "node:http";
import { setTimeout as wait } from "node:timers/promises";
import { Hono } from "hono";
import { stream } from "hono/streaming";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  governedRequest,
  governFetch,
  memoryOptimization,
  type VelithonVariables,
} from "../../src/index.ts";
import { open } from "../support/app.ts";
import { type FakePort, fakePort, loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";
import { serve } from "../support/serve.ts";

interface Piece {
  user: string | undefined;
}

const silent = { info() {}, warn() {}, error() {} };
const optimizer = createMemoryOptimizer({ port: await loadPort(), logger: silent });
const pieces = () =>
  optimizer.createObjectPool<Piece>({ name: `p${names++}`, factory: () => ({ user: undefined }) });
let names = 0;

test("a lease whose client went away is discarded and counted; one whose response has left goes back", async () => {
  const own = createMemoryOptimizer({ port: fakePort(), logger: silent });
  const pool = own.createObjectPool({ name: "p", factory: () => ({}) });
  const app = new Hono<{ Variables: VelithonVariables }>();
  app.use(memoryOptimization({ optimizer: own }));
  app.get("/", (c) => c.json(c.var.velithon.context.acquire(pool)));
  for (const sent of [true, false]) {
    const { end } = await open(app);
    end(sent);
    await turn();
  }
  const { poolSize, inUse, abandoned, created, discarded } = pool.getStats();
  assert.equal([poolSize, inUse, abandoned], [0, 0, 1], "the second one had what the first gave back");
  assert.is(created, discarded);
});

/** What a pool holds once its only lease went out as a stream that was read to the end. */
async function streamed(port: FakePort) {
  const own = createMemoryOptimizer({ port, logger: silent });
  const pool = own.createObjectPool({ name: "p", factory: () => new Uint8Array(8) });
  const body = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
  const fetch = governFetch(
    (request: Request) =>
      new Response(body(governedRequest(request)!.context.acquire(pool)), {
        headers: { "transfer-encoding": "chunked" },
      }),
    { optimizer: own },
  );
  assert.is((await (await fetch(new Request("http://host/"))).arrayBuffer()).byteLength, 8);
  await turn();
  const { inUse, poolSize, abandoned } = pool.getStats();
  return [inUse, poolSize, abandoned];
}

test("a lease behind a stream of which nobody tells when it has left is discarded", async () => {
  assert.equal(await streamed(fakePort({ lacks: ["responseEnd"] })), [0, 0, 1]);
});

test("outside a server, where servers tell: who has read the stream to its end has it", async () => {
  assert.equal(await streamed(fakePort()), [0, 1, 0]);
});

test("a pool of another kind gets back what it cannot discard", async () => {
  const own = createMemoryOptimizer({ port: fakePort(), logger: silent });
  let back = 0;
  const plain = { acquire: () => ({}), release: () => void back++ };
  const app = new Hono<{ Variables: VelithonVariables }>();
  app.use(memoryOptimization({ optimizer: own }));
  app.get("/", (c) => c.json(c.var.velithon.context.acquire(plain)));
  (await open(app)).end(false);
  await turn();
  assert.is(back, 1);
});

/** Asks, and leaves as soon as `ready` says so. */
async function leave(url: string, ready: () => boolean): Promise<void> {
  const request = http.get(url, { agent: false });
  request.on("error", () => {});
  request.on("response", (response) => response.on("error", () => {}).resume());
  for (let i = 0; i < 500 && !ready(); i++) await wait(5);
  request.destroy();
}

for (const [path, title] of [
  ["/late", "a handler that works on"],
  ["/stream", "a stream that is still written"],
] as const) {
  test(`${title} after its client has left shares its object with nobody`, async () => {
    const pool = pieces();
    let begun = false;
    let over = false;
    let mixed = 0;
    const work = async (piece: Piece): Promise<void> => {
      piece.user = "first";
      begun = true;
      for (let i = 0; i < 30; i++) {
        await wait(10);
        if (piece.user !== "first") mixed += 1;
      }
      over = true;
    };
    const app = new Hono<{ Variables: VelithonVariables }>();
    app.use(memoryOptimization({ optimizer }));
    app.get("/late", async (c) => {
      await work(c.var.velithon.context.acquire(pool));
      return c.text("late");
    });
    app.get("/stream", (c) => {
      const piece = c.var.velithon.context.acquire(pool);
      return stream(c, async (out) => {
        await out.write("begun\n");
        await work(piece);
      });
    });
    app.get("/other", (c) => {
      c.var.velithon.context.acquire(pool).user = "other";
      return c.text("other");
    });
    const server = await serve(app);
    await leave(server.origin + path, () => begun);
    while (!over) {
      await (await fetch(`${server.origin}/other`)).text();
      await wait(10);
    }
    for (let i = 0; i < 100 && pool.getStats().inUse > 0; i++) await wait(10);
    await server.close();
    assert.is(mixed, 0, `seen another's hand ${mixed} times`);
    assert.ok(pool.getStats().reused > 0, "those of whole responses are used again");
    const { inUse, poolSize, discarded, created } = pool.getStats();
    assert.is(inUse, 0);
    assert.is(created, poolSize + discarded);
  });
}

test.run();
