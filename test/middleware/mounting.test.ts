import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { gcTuning, memoryGovernance, memoryMonitoring, memoryOptimization } from "../../src/index.ts";
import { send } from "../support/app.ts";
import { make } from "../support/middlewares.ts";
import { throwsCode } from "../support/throws.ts";

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

test("28 gates are there; one more is refused, and takes none", () => {
  const { optimizer } = make();
  for (let i = 1; i <= 26; i++) memoryMonitoring({ optimizer, logInterval: i });
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
  throwsCode(() => memoryMonitoring({ optimizer, logInterval: 27 }), "TOO_MANY_GATES");
  throwsCode(() => memoryOptimization({ optimizer }), "TOO_MANY_GATES");
  memoryOptimization({ optimizer, cleanupThreshold: 0 });
});

test("any number of apps alike share their counters, and a request counts once in each", async () => {
  const { optimizer, port, logger } = make();
  const counts = { generation0Interval: 2, generation2Interval: 0 };
  const apps = Array.from({ length: 100 }, () => {
    const app = new Hono();
    app.use(memoryGovernance({ optimizer, gcTuning: counts, memoryMonitoring: { logInterval: 2 } }));
    app.use("/twice", gcTuning({ optimizer, ...counts }), memoryMonitoring({ optimizer, logInterval: 2 }));
    app.get("/*", (c) => c.text("ok"));
    return app;
  });
  await send(apps[0]!, port, 1, "/twice");
  assert.equal([port.collections.length, logger.told.length], [0, 0]);
  await send(apps[99]!, port, 1, "/");
  assert.equal(port.collections, ["minor"]);
  assert.is(logger.told.length, 1);
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
