import { once } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import { connect, type Socket } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { discardBody, type Incoming } from "../../runtimes/node/discard-body.ts";
import { nodePort } from "../../runtimes/node/port.ts";
import { createMemoryOptimizer, loadShedding, shedFetch } from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { fakePort } from "../support/port.ts";

const MB = 1024 * 1024;
const HEAD = "POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-length: 8\r\n\r\n";

type Fetch = (request: Request, environment: object) => Response | Promise<Response>;

/** Two ways to refuse all: one request is held in flight, and memory is full. Bodies are read as Node reads them. */
function critical() {
  const port = Object.assign(fakePort(), {
    discardBody: (environment: unknown) => nodePort.discardBody?.(environment),
  });
  const optimizer = createMemoryOptimizer({ port, logger: recorder(), limitBytes: 1000 * MB });
  const shed: Fetch = shedFetch(() => new Promise<Response>(() => {}), { optimizer });
  const app = new Hono();
  app.use(loadShedding({ optimizer }));
  port.memory.rssBytes = 400 * MB;
  port.advance(1100);
  shed(new Request("http://localhost/held"), {});
  port.memory.rssBytes = 990 * MB;
  port.advance(1100);
  const ways: Record<string, Fetch> = {
    shed,
    hono: (request, environment) => app.fetch(request, environment),
  };
  return { port, ways: Object.entries(ways) };
}

interface Refusal {
  readonly status: number;
  /** Whether the request's body had come whole by the time of the answer. */
  readonly bodyEnded: boolean;
}

/** Sends half of a body, has `meanwhile` run when the request is at the handler, and tells what it answered. */
async function refusalOf(fetch: Fetch, meanwhile: (client: Socket) => void): Promise<Refusal> {
  let told: (refusal: Refusal) => void;
  const refusal = new Promise<Refusal>((resolve) => {
    told = resolve;
  });
  let client: Socket;
  const server = createAdaptorServer({
    fetch: async (request: Request, environment: { incoming: IncomingMessage }) => {
      const answer = fetch(request, environment);
      meanwhile(client);
      const response = await answer;
      told({ status: response.status, bodyEnded: environment.incoming.readableEnded });
      return response;
    },
  } as Parameters<typeof createAdaptorServer>[0]) as Server;
  await once(server.listen(0, "127.0.0.1"), "listening");
  client = connect((server.address() as { port: number }).port, "127.0.0.1");
  client.on("error", () => {});
  client.write(`${HEAD}half`);
  try {
    return await refusal;
  } finally {
    client.destroy();
    server.closeAllConnections();
    server.close();
  }
}

test("a refusal waits for the body: the server would close the connection behind it, and the next request be lost", async () => {
  const { ways } = critical();
  for (const [way, fetch] of ways) {
    const refusal = await refusalOf(fetch, (client) => client.write("half"));
    assert.equal(refusal, { status: 503, bodyEnded: true }, way);
  }
});

test("it waits for 5 s at most, and no longer than the client is there", async () => {
  const { port, ways } = critical();
  for (const [way, fetch] of ways) {
    const slow = await refusalOf(fetch, () => port.advance(5000));
    assert.equal(slow, { status: 503, bodyEnded: false }, `${way}, slow`);
    const gone = await refusalOf(fetch, (client) => client.destroy());
    assert.equal(gone, { status: 503, bodyEnded: false }, `${way}, gone`);
  }
});

test("where no body is to come, or another reads it, nothing is waited for", () => {
  const post = { method: "POST", readableDidRead: false, readableEnded: false, destroyed: false };
  const request = (parts: object): Incoming => ({ ...post, once() {}, resume() {}, ...parts });
  assert.ok(discardBody(request({})));
  for (const parts of [
    { method: "GET" },
    { method: "HEAD" },
    { httpVersionMajor: 2 },
    { readableDidRead: true },
    { readableEnded: true },
    { destroyed: true },
  ]) {
    assert.is(discardBody(request(parts)), undefined, JSON.stringify(parts));
  }
  assert.is(discardBody(undefined), undefined);
});

test.run();
