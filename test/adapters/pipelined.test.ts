import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  governedRequest,
  governFetch,
  governListener,
  shedListener,
} from "../../src/index.ts";
import { useRuntime } from "../../src/shared/runtime.ts";
import { flightOf } from "../support/flight.ts";
import { loadPort } from "../support/port.ts";
import { serve } from "../support/serve.ts";

const port = await loadPort();
useRuntime(port);
const silent = { info() {}, warn() {}, error() {} };

/** A connection over which requests for these paths come at once. */
function pipelined(to: number, paths: readonly string[]) {
  const socket = connect(to, "127.0.0.1");
  socket.on("error", () => {}).resume();
  socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
  return socket;
}

/** Serves while `use` runs; it gets the port. */
async function serving(server: Server, use: (port: number) => Promise<void>): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections?.();
    server.close();
  }
}

for (const answered of [false, true]) {
  test(`the client of a request that waits behind another goes away: both end${answered ? ", answered" : ""}`, async () => {
    const optimizer = createMemoryOptimizer({ port, logger: silent, limitBytes: 2 ** 40 });
    const stats = () => optimizer.getMemoryStats();
    const { until, idle } = flightOf(() => stats().requests);
    let deferred = 0;
    const listener = (request: IncomingMessage, response: ServerResponse): void => {
      governedRequest(request)!.context.defer(() => {
        deferred += 1;
      });
      if (request.url === "/behind" && answered) response.end("behind");
    };
    const server = http.createServer(shedListener(governListener(listener, { optimizer }), { optimizer }));
    await serving(server, async (at) => {
      const socket = pipelined(at, ["/first", "/behind", "/behind"]);
      await until("all three run", () => stats().requests.inFlight === 3);
      socket.destroy();
      await idle("their client is gone");
      await until("their contexts have ended", () => deferred === 3);
      await until("they hold no place", () => stats().pressure.shedding.inFlight === 0);
      assert.is(stats().requests.unmatchedEnds, 0);
    }).finally(() => optimizer.disable());
  });
}

test("many that wait behind one another are answered in turn, and each ends once", async () => {
  const optimizer = createMemoryOptimizer({ port, logger: silent });
  const stats = () => optimizer.getMemoryStats().requests;
  const { until, idle } = flightOf(stats);
  const held: ServerResponse[] = [];
  const server = http.createServer(
    governListener((_: IncomingMessage, response: ServerResponse) => void held.push(response), { optimizer }),
  );
  await serving(server, async (at) => {
    const socket = pipelined(at, new Array(20).fill("/"));
    await until("all run", () => held.length === 20);
    for (const [i, response] of held.entries()) {
      response.end("ok");
      await until(`${i + 1} are over`, () => stats().finished === i + 1);
    }
    socket.destroy();
    await idle("all");
    assert.is(stats().unmatchedEnds, 0);
  }).finally(() => optimizer.disable());
});

test("behind a fetch handler as well", async () => {
  const optimizer = createMemoryOptimizer({ port, logger: silent });
  const stats = () => optimizer.getMemoryStats().requests;
  const { until, idle } = flightOf(stats);
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const app = new Hono();
  app.get("/first", async (c) => {
    await held;
    return c.text("first");
  });
  app.get("/behind", (c) => c.text("behind"));
  const server = await serve({ fetch: governFetch(app.fetch, { optimizer }) });
  const socket = pipelined(Number(new URL(server.origin).port), ["/first", "/behind"]);
  // Bun and Deno read the second only when the first is answered.
  const begun = port.name === "node" ? 2 : 1;
  try {
    await until("the handlers run", () => stats().started === begun);
    socket.destroy();
    release();
    await idle("their client is gone");
  } finally {
    optimizer.disable();
    await server.close();
  }
});

test.run();
