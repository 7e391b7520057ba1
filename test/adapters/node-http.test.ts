import http, { type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import express from "express";
import fastify from "fastify";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import {
  createMemoryOptimizer,
  type GovernServerOptions,
  getMemoryContext,
  governedRequest,
  governListener,
  governServer,
  type MemoryOptimizer,
  type RequestMemoryContext,
  type RequestStats,
} from "../../src/index.ts";
import { useRuntime } from "../../src/shared/runtime.ts";
import { flightOf } from "../support/flight.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const port = await loadPort();
useRuntime(port);
const silent = { info() {}, warn() {}, error() {} };

/** What each server answers: the same five routes, in the way of its framework. */
interface Routes {
  held: Promise<void>;
  release(): void;
  contexts: RequestMemoryContext[];
}

function routes(): Routes {
  let release = (): void => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { held, release, contexts: [] };
}

type Make = (shared: Routes, options: GovernServerOptions) => Promise<Server>;

async function answer(request: IncomingMessage, response: ServerResponse, shared: Routes): Promise<void> {
  const path = request.url;
  if (path === "/text") return void response.end("text");
  if (path === "/context") {
    shared.contexts.push(governedRequest(request)!.context);
    return void response.end("context");
  }
  if (path === "/ambient") {
    await wait(1);
    return void response.end(String(getMemoryContext() === governedRequest(request)!.context));
  }
  if (path === "/held") {
    shared.contexts.push(governedRequest(request)!.context);
    shared.contexts.at(-1)?.signal;
    response.write("first");
    await shared.held;
    return void response.end("last");
  }
  response.statusCode = 404;
  response.end();
}

async function listening(server: Server): Promise<Server> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}

const makers: Record<string, Make> = {
  "node:http, its listener": (shared, options) =>
    listening(
      http.createServer(
        governListener((request: IncomingMessage, response: ServerResponse) => {
          void answer(request, response, shared);
        }, options),
      ),
    ),
  "node:http, its server": (shared, options) =>
    listening(
      governServer(
        http.createServer((request, response) => void answer(request, response, shared)),
        options,
      ),
    ),
  "express, as a listener": (shared, options) => {
    const app = express();
    app.use((request, response) => void answer(request, response, shared));
    return listening(http.createServer(governListener(app, options)));
  },
  "express, its server": async (shared, options) => {
    const app = express();
    app.use((request, response) => void answer(request, response, shared));
    const server = app.listen(0, "127.0.0.1");
    governServer(server, options);
    if (!server.listening) await new Promise((resolve) => server.once("listening", resolve));
    return server;
  },
  fastify: async (shared, options) => {
    const app = fastify();
    app.all("/*", (request, reply) => {
      reply.hijack();
      void answer(request.raw, reply.raw, shared);
    });
    governServer(app.server, options);
    await app.listen({ port: 0, host: "127.0.0.1" });
    return app.server;
  },
};

for (const [name, make] of Object.entries(makers)) {
  for (const ambientContext of [false, true]) {
    test(`${name}${ambientContext ? ", ambient" : ""}: counted once, until the response has left`, async () => {
      const optimizer: MemoryOptimizer = createMemoryOptimizer({ port, logger: silent });
      const stats = (): RequestStats => optimizer.getMemoryStats().requests;
      const { until, idle } = flightOf(stats);
      const shared = routes();
      const server = await make(shared, {
        optimizer,
        memoryOptimization: { ambientContext },
        skip: ({ url }) => url === "/skipped",
      });
      const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      try {
        for (const [path, status, text] of [
          ["/text", 200, "text"],
          ["/context", 200, "context"],
          ["/missing", 404, ""],
          ...(ambientContext ? ([["/ambient", 200, "true"]] as const) : []),
        ] as const) {
          const before = stats().started;
          const response = await fetch(origin + path);
          assert.equal([response.status, await response.text()], [status, text], path);
          await idle(path);
          assert.is(stats().started, before + 1, path);
        }
        assert.is(shared.contexts[0]!.closed, true);
        const before = stats().started;
        await (await fetch(`${origin}/skipped`)).text();
        assert.is(stats().started, before, "skipped");

        const gone = http.get(`${origin}/held`, { agent: false });
        gone.on("error", () => {});
        gone.on("response", (response) => response.on("error", () => {}).resume());
        await until("the handler runs", () => shared.contexts.length === 2);
        const { signal } = shared.contexts[1]!;
        await wait(20);
        assert.is(stats().inFlight, 1);
        gone.destroy();
        await idle("a client that went away");
        assert.is(signal.aborted, true);

        const response = await fetch(`${origin}/held`);
        await wait(20);
        assert.is(stats().inFlight, 1);
        const quiet = shared.contexts[2]!.signal;
        shared.release();
        assert.is(await response.text(), "firstlast");
        await idle("/held");
        assert.is(quiet.aborted, false);
        assert.is(stats().unmatchedEnds, 0);
      } finally {
        shared.release();
        server.closeAllConnections?.();
        await new Promise((resolve) => server.close(resolve));
        optimizer.disable();
      }
    });
  }
}

test("what is no listener, no server, and options that do not fit, are refused", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  for (const wrong of [undefined, null, 5, "x", {}]) {
    throwsCode(() => governListener(wrong as never), "INVALID_OPTION", "governListener", "a function");
    throwsCode(() => governServer(wrong as never), "INVALID_OPTION", "governServer", "node:http");
  }
  for (const options of [{ optimizer: 5 }, { optimizer, skip: 5 }, { optimizer, other: 1 }]) {
    throwsCode(() => governListener(() => {}, options as never), "INVALID_OPTION", "governListener: ");
    throwsCode(() => governServer(http.createServer(), options as never), "INVALID_OPTION", "governServer: ");
  }
});

test("a route of Express is named by its template, also within a router, and what no route takes by its path", async () => {
  const fake = fakePort();
  fake.freedBytes = { minor: 0, major: 0 };
  const optimizer = createMemoryOptimizer({ port: fake, logger: silent }).enable();
  const app = express();
  const router = express.Router();
  router.get("/users/:name", (_request, response) => {
    fake.heapUsedBytes += 5000;
    response.end("user");
  });
  app.use("/api", router);
  const server = governServer(app.listen(0, "127.0.0.1"), { optimizer });
  await new Promise((resolve) => server.once("listening", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Every request is measured while somebody watches.
  const end = optimizer.requests.watchSurvivors(createGovernorCore());
  for (const path of ["/api/users/ann", "/api/users/bob", "/nowhere/123"]) {
    for (let i = 0; i < 40; i++) {
      await (await fetch(origin + path)).text();
      await flightOf(() => optimizer.getMemoryStats().requests).idle(path);
      fake.advance(1000);
    }
  }
  const { routes } = end();
  assert.equal(
    routes?.map(({ route, requests }) => [route, requests]),
    [["GET /api/users/:name", 80]],
  );
  optimizer.disable();
  server.close();
  server.closeAllConnections();
});

test.run();
