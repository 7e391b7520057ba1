import { Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  gcTuning,
  type MemoryOptimizer,
  memoryGovernance,
  memoryMonitoring,
  memoryOptimization,
  type VelithonVariables,
} from "../../src/index.ts";
import { inFlight, open, recorder, send } from "../support/app.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

type App = Hono<{ Variables: VelithonVariables }>;

interface Made {
  app: App;
  port: FakePort;
  optimizer: MemoryOptimizer;
  logger: ReturnType<typeof recorder>;
}

function make(enabled = true): Made {
  const port = fakePort();
  const logger = recorder();
  const optimizer = createMemoryOptimizer({ port, logger, enabled });
  return { app: new Hono(), port, optimizer, logger };
}

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

test("a wrong order warns once, with a stable code; the right ones never", async () => {
  const right = [
    [gcTuning, memoryOptimization, memoryMonitoring],
    [gcTuning, memoryMonitoring],
    [memoryOptimization],
    [memoryGovernance],
    [gcTuning, gcTuning, memoryOptimization],
    [memoryGovernance, gcTuning],
  ];
  const wrong = [
    [memoryOptimization, gcTuning, memoryMonitoring],
    [memoryMonitoring, memoryOptimization],
    [gcTuning, memoryMonitoring, memoryOptimization],
  ];
  for (const [orders, warnings] of [
    [right, 0],
    [wrong, 1],
  ] as const) {
    for (const order of orders) {
      const { app, port, optimizer, logger } = make();
      for (const middleware of order) app.use(middleware({ optimizer }));
      app.get("/", (c) => c.text("ok"));
      assert.equal(logger.told, []);
      await send(app, port, 3);
      const names = order.map((middleware) => middleware.name).join(", ");
      assert.is(logger.told.length, warnings, names);
      for (const { level, fields } of logger.told) {
        assert.is(level, "warn");
        assert.is(fields.code, "MIDDLEWARE_ORDER");
      }
      assert.is(optimizer.getMemoryStats().requests.finished, 3, "it works all the same");
    }
  }
});

test("gcTuning on single routes: only what passes it counts there", async () => {
  const { app, port, optimizer, logger } = make();
  app.use(memoryGovernance({ optimizer, gcTuning: { generation0Interval: 0, generation2Interval: 0 } }));
  app.use("/heavy/*", gcTuning({ optimizer, generation0Interval: 0, generation2Interval: 2 }));
  app.get("/", (c) => c.text("ok"));
  app.get("/heavy/report", (c) => c.text("ok"));
  await send(app, port, 10);
  assert.equal(port.collections, []);
  await send(app, port, 1, "/heavy/report");
  assert.equal(port.collections, []);
  await send(app, port, 1, "/heavy/report");
  assert.equal(port.collections, ["major"]);
  assert.equal(logger.told, [], "advised, so no warning");
});

test("the three apart, gcTuning on single routes behind them: advised as well, so no warning", async () => {
  const { app, port, optimizer, logger } = make();
  app.use(memoryOptimization({ optimizer }), memoryMonitoring({ optimizer }));
  app.use("/heavy/*", gcTuning({ optimizer, generation0Interval: 0, generation2Interval: 2 }));
  app.get("/heavy/report", (c) => c.text("ok"));
  app.get("/one", gcTuning({ optimizer }), (c) => c.text("ok"));
  for (const path of ["/heavy/report", "/heavy/report", "/one"]) await send(app, port, 1, path);
  assert.equal(port.collections, ["major"]);
  assert.equal(logger.told, []);
  const same = make();
  same.app.use("/a/*", memoryMonitoring({ optimizer: same.optimizer }));
  same.app.use("/a/*", gcTuning({ optimizer: same.optimizer }));
  same.app.get("/a/b", (c) => c.text("ok"));
  await send(same.app, same.port, 2, "/a/b");
  assert.is(same.logger.told.length, 1, "on the same routes the order is wrong");
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
  await send(app, port, 7, "/shared");
  assert.is(logger.told.length, 2);
  assert.is(own.told.length, 1);
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

test("a disabled optimizer: requests pass untouched", async () => {
  const { app, port, optimizer } = make(false);
  app.use(gcTuning({ optimizer, generation0Interval: 1 }), memoryOptimization({ optimizer }));
  app.use(memoryMonitoring({ optimizer, logInterval: 1 }));
  app.get("/", (c) => c.json({ seen: c.get("velithon") !== undefined }));
  for (let i = 0; i < 3; i++) assert.equal(await (await app.request("/")).json(), { seen: false });
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

test("28 gates are there; one more is refused, and takes none", () => {
  const { optimizer } = make();
  for (let i = 0; i < 26; i++) memoryMonitoring({ optimizer });
  throwsCode(
    () => memoryGovernance({ optimizer, gcTuning: { generation0Interval: 9 } }),
    "TOO_MANY_GATES",
    "28",
  );
  throwsCode(
    () => memoryGovernance({ optimizer, gcTuning: { generation0Interval: 0, generation2Interval: 9 } }),
    "TOO_MANY_GATES",
  );
  gcTuning({ optimizer });
  throwsCode(() => memoryMonitoring({ optimizer }), "TOO_MANY_GATES");
  throwsCode(() => memoryOptimization({ optimizer }), "TOO_MANY_GATES");
  memoryOptimization({ optimizer, cleanupThreshold: 0 });
});

test("two optimizers in one app: each counts its own", async () => {
  const { app, optimizer } = make();
  const other = make();
  app.use(memoryGovernance({ optimizer }));
  app.use("/inner/*", memoryGovernance({ optimizer: other.optimizer }));
  app.get("/*", (c) => c.text("ok"));
  await (await app.request("/inner/x")).text();
  await (await app.request("/")).text();
  assert.is(optimizer.getMemoryStats().requests.finished, 2);
  assert.is(other.optimizer.getMemoryStats().requests.finished, 1);
  assert.equal(other.logger.told, []);
});

test.run();
