import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type GovernedRequest,
  type GovernOptions,
  gcTuning,
  getMemoryContext,
  governedRequest,
  governFetch,
  type MemoryOptimizer,
  memoryOptimization,
  type VelithonVariables,
} from "../../src/index.ts";
import { inFlight, recorder } from "../support/app.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";
import { rejection, throwsCode } from "../support/throws.ts";

type Handler = (request: Request, environment?: unknown) => Response | Promise<Response>;

interface Made {
  port: FakePort;
  optimizer: MemoryOptimizer;
  logger: ReturnType<typeof recorder>;
  fetch: Handler;
  /** A request whose end the server announces. */
  open(path?: string): { answer: Response | Promise<Response>; end(sent?: boolean): void };
}

function make(handler: Handler, options: Omit<GovernOptions, "optimizer"> = {}, enabled = true): Made {
  const port = fakePort();
  const logger = recorder();
  const optimizer = createMemoryOptimizer({ port, logger, enabled });
  const fetch = governFetch(handler, { optimizer, ...options });
  return {
    port,
    optimizer,
    logger,
    fetch,
    open(path = "/") {
      const ended: ((sent: boolean) => void)[] = [];
      const answer = fetch(new Request(`http://host${path}`), { ended });
      return { answer, end: (sent = true) => ended.forEach((done) => void done(sent)) };
    },
  };
}

const request = (path = "/", init?: RequestInit): Request => new Request(`http://host${path}`, init);

test("the very answer of the handler, where the server announces the end: sync, async, thrown, rejected", async () => {
  const response = new Response("ok");
  const promise = Promise.resolve(response);
  for (const answer of [response, promise]) {
    const { open, optimizer } = make(() => answer);
    const one = open();
    assert.is(one.answer, answer, "no wrapping");
    assert.is(inFlight(optimizer), 1);
    await one.answer;
    assert.is(inFlight(optimizer), 1, "the response has not left");
    one.end();
    one.end();
    const { inFlight: left, finished, unmatchedEnds } = optimizer.getMemoryStats().requests;
    assert.equal([left, finished, unmatchedEnds], [0, 1, 0]);
  }
  const thrower = make(() => {
    throw new Error("handler");
  });
  assert.throws(() => thrower.open(), /handler/);
  const rejected = Promise.reject(new Error("handler"));
  rejected.catch(() => {});
  assert.is(make(() => rejected).open().answer, rejected);
});

test("where nobody announces the end: when the handler has answered, or the stream was read", async () => {
  const cases: [Handler, string | undefined][] = [
    [() => new Response("ok"), "ok"],
    [async () => new Response("ok"), "ok"],
    [() => Promise.reject(new Error("later")), undefined],
  ];
  for (const [handler, text] of cases) {
    const { fetch, optimizer } = make(handler);
    const answer = Promise.resolve(fetch(request()));
    if (text === undefined) assert.match(String(await rejection(answer)), "later");
    else assert.is(await (await answer).text(), text);
    assert.is(inFlight(optimizer), 0);
    assert.is(optimizer.getMemoryStats().requests.finished, 1);
  }
  const thrower = make(() => {
    throw new Error("handler");
  });
  assert.throws(() => thrower.fetch(request()), /handler/);
  assert.is(inFlight(thrower.optimizer), 0);

  const streamed = (): Response =>
    new Response(new Response("bytes").body, { status: 201, headers: { "transfer-encoding": "chunked" } });
  for (const handler of [streamed, async () => streamed()]) {
    const { fetch, optimizer } = make(handler);
    const response = await fetch(request());
    assert.is(response.status, 201);
    assert.is(inFlight(optimizer), 1);
    assert.is(await response.text(), "bytes");
    assert.is(inFlight(optimizer), 0);
  }
  const { fetch, optimizer } = make(streamed);
  await fetch(request("/", { method: "HEAD" }));
  assert.is(inFlight(optimizer), 0, "nobody reads the body of an answer to HEAD");
});

test("this, environment and execution context pass through", () => {
  const seen: unknown[] = [];
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const server = {
    name: "server",
    fetch: governFetch(
      function (this: { name: string }, given: Request, ...rest: unknown[]) {
        seen.push(this.name, given, ...rest);
        return new Response("ok");
      },
      { optimizer },
    ),
  };
  const given = request();
  server.fetch(given, "environment", "execution");
  assert.equal(seen, ["server", given, "environment", "execution"]);
});

test("the context: by the request, ambient where that is asked for, ended when the response has left", async () => {
  let current: GovernedRequest | undefined;
  const order: string[] = [];
  const handler: Handler = (given) => {
    current = governedRequest(given);
    current!.context.defer(() => order.push("clean-up"));
    order.push("handler");
    return new Response("ok");
  };
  const { open } = make(handler);
  const one = open();
  assert.equal(order, ["handler"]);
  one.end();
  await turn();
  assert.equal(order, ["handler", "clean-up"]);
  assert.is(governedRequest(request()), undefined);

  const ambient = make(
    async (given) => {
      await turn();
      return new Response(String(getMemoryContext(ambient.port) === governedRequest(given)!.context));
    },
    { memoryOptimization: { ambientContext: true } },
  );
  assert.is(await (await ambient.open().answer).text(), "true");
  assert.is(await (await ambient.fetch(request())).text(), "true");
});

test("the signal fires when the client goes away first, or the deadline passes", () => {
  const signals: AbortSignal[] = [];
  const handler: Handler = (given) => {
    signals.push(governedRequest(given)!.context.signal);
    return new Response("ok");
  };
  const { open, fetch, port } = make(handler, { memoryOptimization: { deadlineMs: 50 } });
  const [sent, gone, late] = [open(), open(), open()];
  sent.end();
  gone.end(false);
  const client = new AbortController();
  fetch(request("/", { signal: client.signal }));
  port.advance(51);
  late.end();
  client.abort();
  assert.equal(
    signals.map((signal) => (signal.reason as Error | undefined)?.name),
    [undefined, "AbortError", "TimeoutError", undefined],
    "the last had answered by then",
  );
});

test("the counts: gates of the wrapper, and of middlewares on single routes within it", async () => {
  const { port, optimizer, logger } = make(() => new Response("ok"));
  const app = new Hono<{ Variables: VelithonVariables }>();
  app.get("/", (c) => c.text(String(c.get("velithon") === undefined)));
  app.get("/heavy", gcTuning({ optimizer, generation0Interval: 0, generation2Interval: 2 }), (c) =>
    c.text(String(c.var.velithon === governedRequest(c.req.raw))),
  );
  app.get("/memory", memoryOptimization({ optimizer }), (c) => c.text("ok"));
  const fetch = governFetch(app.fetch, {
    optimizer,
    gcTuning: { generation0Interval: 3, generation2Interval: 0 },
  });
  for (let i = 0; i < 3; i++) await fetch(request());
  port.runDeferred();
  assert.equal(port.collections, ["minor"]);
  port.nowMs += 5000; // within the time budget
  for (const path of ["/heavy", "/heavy"]) assert.is(await (await fetch(request(path))).text(), "true");
  port.runDeferred();
  assert.equal(port.collections, ["minor", "major"]);
  await fetch(request("/memory"));
  assert.is(optimizer.getMemoryStats().requests.started, 6, "each once");
  assert.is(optimizer.getMemoryStats().requests.finished, 6);
  assert.equal(logger.told, [], "no order is wrong within it");
});

test("a request object that is sent twice is two requests", async () => {
  const { optimizer } = make(() => new Response("ok"));
  const app = new Hono();
  app.use(memoryOptimization({ optimizer }));
  app.get("/", (c) => c.text("ok"));
  const again = request();
  for (let i = 0; i < 2; i++) await app.fetch(again);
  assert.is(optimizer.getMemoryStats().requests.started, 2);
});

test("skip: what it answers true for passes uncounted", async () => {
  const { fetch, optimizer } = make((given) => new Response(String(governedRequest(given) !== undefined)), {
    skip: ({ url }) => url.endsWith("/health"),
  });
  assert.is(await (await fetch(request("/health"))).text(), "false");
  assert.is(optimizer.getMemoryStats().requests.started, 0);
  assert.is(await (await fetch(request("/"))).text(), "true");
  assert.is(optimizer.getMemoryStats().requests.started, 1);
});

test("a disabled optimizer: the handler's answer, untouched and uncounted", () => {
  const answer = new Response("ok");
  const { fetch, optimizer } = make(() => answer, {}, false);
  assert.is(fetch(request()), answer);
  assert.is(optimizer.getMemoryStats().requests.started, 0);
});

test("a disabled optimizer: a handler has its context, which ends with the answer", async () => {
  const said: string[] = [];
  const { fetch, optimizer } = make(
    (given) => {
      governedRequest(given)!.context.defer(() => said.push("over"));
      return new Response(new ReadableStream({ pull: (to) => to.close() }), {
        headers: { "transfer-encoding": "chunked" },
      });
    },
    {},
    false,
  );
  const response = await fetch(request());
  assert.equal(said, []);
  await response.text();
  await turn();
  assert.equal(said, ["over"]);
  assert.is(optimizer.getMemoryStats().requests.started, 0);
});

test("what is no handler, and options that do not fit, are refused", () => {
  for (const wrong of [undefined, null, 5, "x", {}]) {
    throwsCode(
      () => governFetch(wrong as never),
      "INVALID_OPTION",
      "governFetch",
      "a function, such as app.fetch",
    );
  }
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const handler = (): Response => new Response("ok");
  const wrong: [object, string][] = [
    [{ optimizer: 5 }, "governFetch: optimizer"],
    [{ optimizer, gcTuning: 5 }, "governFetch: gcTuning"],
    [{ optimizer, skip: true }, "governFetch: skip is true; accepted: a function"],
    [{ optimizer, other: 1 }, "governFetch: there is no option other"],
    [{ optimizer, memoryOptimization: { deadlineMs: 0 } }, "governFetch: memoryOptimization: deadlineMs"],
  ];
  for (const [options, message] of wrong) {
    throwsCode(() => governFetch(handler, options), "INVALID_OPTION", message);
  }
});

test.run();
