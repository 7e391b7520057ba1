import { HTTPException } from "hono/http-exception";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { gcTuning, memoryGovernance, memoryMonitoring, memoryOptimization } from "../../src/index.ts";
import { inFlight, open, recorder, send } from "../support/app.ts";
import { make } from "../support/middlewares.ts";
import { turn } from "../support/reachable.ts";

const MIDDLEWARES = { gcTuning, memoryOptimization, memoryMonitoring, memoryGovernance };

for (const [name, middleware] of Object.entries(MIDDLEWARES)) {
  test(`${name}: enables its optimizer, has its own name, counts start and end`, async () => {
    const { app, port, optimizer } = make();
    const handler = middleware({ optimizer });
    assert.is(optimizer.enabled, true);
    assert.is(handler.name, name, "traces name it");
    app.use(handler);
    app.get("/", (c) => {
      assert.is(inFlight(optimizer), 1);
      port.nowMs += 40;
      return c.text("ok");
    });
    for (let i = 1; i <= 3; i++) {
      const response = await app.request("/");
      assert.is(await response.text(), "ok");
      const { inFlight, started, finished } = optimizer.getMemoryStats().requests;
      assert.equal([inFlight, started, finished], [0, i, i]);
    }
    assert.ok(Math.abs(optimizer.getMemoryStats().requests.maxMs! - 40) < 1);
  });
}

test("the three, and the one beside them, count a request once", async () => {
  const { app, optimizer, logger } = make();
  app.use(gcTuning({ optimizer }), memoryOptimization({ optimizer }), memoryMonitoring({ optimizer }));
  app.get("/", (c) => c.text(String(inFlight(optimizer))));
  assert.is(await (await app.request("/")).text(), "1");
  assert.is(optimizer.getMemoryStats().requests.started, 1);
  assert.is(optimizer.getMemoryStats().requests.finished, 1);
  assert.equal(logger.told, []);
});

test("every way a request can end: not found, thrown, answered by an error", async () => {
  const { app, optimizer } = make();
  app.use(memoryGovernance({ optimizer }));
  app.get("/throws", () => {
    throw new Error("handler");
  });
  app.get("/forbidden", () => {
    throw new HTTPException(403, { message: "no" });
  });
  app.get("/rejects", () => Promise.reject(new Error("later")));
  app.get("/primitive", () => {
    throw "no error object";
  });
  app.get("/nothing", (c) => c.body(null, 204));
  app.onError((error, c) => c.text(error.message, error instanceof HTTPException ? error.status : 500));
  const cases: [string, number][] = [
    ["/missing", 404],
    ["/throws", 500],
    ["/forbidden", 403],
    ["/rejects", 500],
    ["/nothing", 204],
  ];
  for (const [i, [path, status]] of cases.entries()) {
    const response = await app.request(path);
    assert.is(response.status, status, path);
    await response.text();
    const { inFlight, finished, unmatchedEnds } = optimizer.getMemoryStats().requests;
    assert.equal([inFlight, finished, unmatchedEnds], [0, i + 1, 0], path);
  }
  try {
    await app.request("/primitive");
    assert.unreachable();
  } catch (error) {
    assert.is(error, "no error object");
  }
  assert.is(inFlight(optimizer), 0);
});

test("a hook of the server ends the request, not the handler", async () => {
  const { app, optimizer } = make();
  app.use(memoryGovernance({ optimizer }));
  app.get("/", (c) => c.text("ok"));
  const one = await open(app);
  const two = await open(app);
  assert.is(inFlight(optimizer), 2);
  one.end();
  one.end();
  assert.is(inFlight(optimizer), 1);
  two.end();
  assert.is(inFlight(optimizer), 0);
  assert.is(optimizer.getMemoryStats().requests.unmatchedEnds, 0);
});

test("logInterval: statistics behind every so many responses, to its own logger or the optimizer's", async () => {
  const { app, port, optimizer, logger } = make();
  const own = recorder();
  app.use("/own", memoryMonitoring({ optimizer, logInterval: 2, logger: own }));
  app.use("/shared", memoryMonitoring({ optimizer, logInterval: 3 }));
  app.get("/*", (c) => c.text("ok"));
  await app.request("/own");
  await app.request("/own");
  assert.equal(own.told, [], "not before the response");
  port.runDeferred();
  assert.is(own.told.length, 1);
  const { level, fields, message } = own.told[0]!;
  assert.is(level, "info");
  assert.is(message, "memory statistics");
  const stats = fields.stats as ReturnType<typeof optimizer.getMemoryStats>;
  assert.is(stats.requests.finished, 2);
  assert.is(stats.systemMemory.rssMb, 100);
  assert.equal([fields.rssMb, fields.pressure, fields.inFlight], [100, "normal", 0]);
  await send(app, port, 7, "/shared");
  assert.is(logger.told.length, 2);
  assert.is(own.told.length, 1);
});

test("without a logInterval every 1000 requests, but at most once a minute", async () => {
  const { app, port, logger, optimizer } = make();
  app.use(memoryMonitoring({ optimizer }));
  app.get("/", (c) => c.text("ok"));
  const lines = () => logger.told.filter(({ message }) => message === "memory statistics").length;
  await send(app, port, 999);
  assert.is(lines(), 0);
  await send(app, port, 1);
  assert.is(lines(), 1);
  await send(app, port, 1000);
  assert.is(lines(), 1, "the same minute");
  port.advance(60_000);
  await send(app, port, 1000);
  assert.is(lines(), 2);
});

test("a logger that throws harms nobody", async () => {
  const { app, port, optimizer, logger } = make();
  const broken = {
    info() {
      throw new Error("disk full");
    },
  };
  app.use(memoryMonitoring({ optimizer, logInterval: 1, logger: broken }));
  app.get("/", (c) => c.text("ok"));
  await send(app, port, 2);
  assert.equal(
    logger.told.map(({ level }) => level),
    ["error", "error"],
  );
});

test("a disabled optimizer: requests pass uncounted, and handlers find their context as ever", async () => {
  const { app, port, optimizer } = make(false);
  app.use(gcTuning({ optimizer, generation0Interval: 1 }), memoryOptimization({ optimizer }));
  app.use(memoryMonitoring({ optimizer, logInterval: 1 }));
  const ended: number[] = [];
  app.get("/", (c) => {
    const { context } = c.get("velithon");
    context.defer(() => ended.push(ended.length));
    assert.equal(context.closed, false);
    return c.text("ok");
  });
  for (let i = 0; i < 3; i++) assert.is(await (await app.request("/")).text(), "ok");
  await turn();
  assert.equal(ended, [0, 1, 2]);
  assert.is(optimizer.getMemoryStats().requests.started, 0);
  assert.equal([port.deferredTasks, port.openTimers, port.openObservers], [0, 0, 0]);
});

test("disabled while a request is in flight: it ends all the same", async () => {
  const { app, optimizer } = make();
  app.use(memoryGovernance({ optimizer }));
  app.get("/", (c) => c.text("ok"));
  const one = await open(app);
  optimizer.disable();
  one.end();
  assert.is(inFlight(optimizer), 0);
});

test.run();
