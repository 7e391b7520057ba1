import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import fastify from "fastify";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type LoadSheddingOptions,
  shedListener,
  shedServer,
} from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;
type Held = Map<string, ServerResponse>;

/** Holds `/hold` back, and `/stream` behind its head; `/open` is never answered. */
function answer(request: IncomingMessage, response: ServerResponse, held: Held): void {
  request.resume();
  const url = request.url ?? "";
  if (url === "/hold" || url === "/stream" || url === "/open") held.set(url, response);
  if (url === "/stream") response.write("first");
  if (!held.has(url)) response.end("ok");
}

async function listening(server: Server): Promise<Server> {
  if (!server.listening) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const makers: Record<string, (held: Held, given: LoadSheddingOptions) => Promise<Server>> = {
  "a listener": (held, given) =>
    listening(
      http.createServer(
        shedListener((request: IncomingMessage, response: ServerResponse) => {
          answer(request, response, held);
        }, given),
      ),
    ),
  "a server": (held, given) =>
    listening(
      shedServer(
        http.createServer((request, response) => answer(request, response, held)),
        given,
      ),
    ),
  "an express app": (held, given) => {
    const app = express();
    app.use((request, response) => answer(request, response, held));
    return listening(http.createServer(shedListener(app, given)));
  },
  fastify: async (held, given) => {
    const app = fastify();
    app.addContentTypeParser("*", (_request, _payload, done) => done(null));
    app.all("/*", (request, reply) => {
      reply.hijack();
      answer(request.raw, reply.raw, held);
    });
    shedServer(app.server, given);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

for (const [name, make] of Object.entries(makers)) {
  test(`${name}: refuses what does not fit, and lets the rest through`, async () => {
    const port = fakePort();
    const optimizer = createMemoryOptimizer({ port, logger: recorder(), limitBytes: 1000 * MB });
    port.memory.rssBytes = 400 * MB;
    const held: Held = new Map();
    const server = await make(held, { optimizer, routes: { "/open": "exempt" } });
    port.advance(1100);
    const { port: at } = server.address() as AddressInfo;
    const ask = (path: string, bytes?: number) =>
      fetch(`http://127.0.0.1:${at}${path}`, bytes === undefined ? {} : post(bytes));
    const status = async (path: string, bytes?: number) => {
      const response = await ask(path, bytes);
      await response.text();
      return response.status;
    };
    const shedding = () => optimizer.getMemoryStats().pressure.shedding;
    const inFlight = async (wanted: number) => {
      for (let i = 0; i < 500 && shedding().inFlight !== wanted; i++) await wait(2);
      assert.is(shedding().inFlight, wanted);
    };
    try {
      assert.is(await status("/x?y=1"), 200);
      await inFlight(0);

      // Room: (0.8 * 900 - 400) / 32 = 10 MB.
      const first = ask("/hold", 8 * MB);
      await inFlight(1);
      assert.is(shedding().bookedBytes, 8 * MB);
      assert.is(await status("/", 3 * MB), 503);
      assert.is(shedding().shedForRoom, 1);
      held.get("/hold")!.end("late");
      assert.is(await (await first).text(), "late");
      await inFlight(0);

      // Once its head is out it is answered, as with a `Response`: a stream stays open for hours.
      const stream = await ask("/stream");
      await inFlight(0);
      held.get("/stream")!.end("last");
      assert.is(await stream.text(), "firstlast");
      await inFlight(0);

      // Strain.
      held.clear();
      const again = ask("/hold");
      await inFlight(1);
      port.memory.rssBytes = 990 * MB;
      port.advance(1100);
      const refused = await ask("/orders", 10);
      assert.is(refused.status, 503);
      assert.match(refused.headers.get("retry-after") ?? "", /^([5-9])$/);
      assert.is(refused.headers.get("cache-control"), "no-store");
      assert.is(await refused.text(), "overloaded, try again later\n");
      assert.is(await status("/health?x"), 200);
      held.get("/hold")!.end();
      await (await again).text();
      await inFlight(0);

      // A client that goes away unanswered leaves too.
      port.memory.rssBytes = 300 * MB;
      port.advance(60_000);
      const away = new AbortController();
      held.clear();
      const gone = fetch(`http://127.0.0.1:${at}/hold`, { signal: away.signal }).catch(() => "gone");
      await inFlight(1);
      away.abort();
      assert.is(await gone, "gone");
      await inFlight(0);

      optimizer.disable();
      port.memory.rssBytes = 990 * MB;
      assert.is(await status("/"), 200);
    } finally {
      optimizer.disable();
      server.closeAllConnections?.();
      server.close();
    }
  });
}

function post(bytes: number): RequestInit {
  return { method: "POST", body: new Uint8Array(bytes), headers: { "content-type": "application/x" } };
}

test("options refused; a wrong server too", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  throwsCode(() => shedServer({} as never, { optimizer }), "INVALID_OPTION", "shedServer", "node:http");
  throwsCode(() => shedListener(1 as never, { optimizer }), "INVALID_OPTION", "shedListener", "a function");
  const bad = { optimizer, priority: "medium" } as never;
  throwsCode(() => shedListener(() => {}, bad), "INVALID_OPTION", "shedListener", "priority");
});

test.run();
