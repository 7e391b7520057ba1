import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type ContextReport,
  createMemoryOptimizer,
  getMemoryContext,
  type MemoryOptimizationOptions,
  type MemoryOptimizer,
  memoryMonitoring,
  memoryOptimization,
  type ObjectPool,
  type RequestMemoryContext,
  tryGetMemoryContext,
  type VelithonVariables,
} from "../../src/index.ts";
import { open, recorder } from "../support/app.ts";
import { type FakePort, fakePort, loadPort } from "../support/port.ts";
import { aliveAfterCollection, turn } from "../support/reachable.ts";
import { throwsCode } from "../support/throws.ts";

interface Made {
  app: Hono<{ Variables: VelithonVariables }>;
  port: FakePort;
  optimizer: MemoryOptimizer;
  logger: ReturnType<typeof recorder>;
  pool: ObjectPool<object>;
}

function make(options: Omit<MemoryOptimizationOptions, "optimizer"> = {}): Made {
  const port = fakePort();
  const logger = recorder();
  const optimizer = createMemoryOptimizer({ port, logger });
  const app = new Hono<{ Variables: VelithonVariables }>();
  app.use(memoryOptimization({ optimizer, ...options }));
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  return { app, port, optimizer, logger, pool };
}

test("made at the first use, one a request, ended when the response has left", async () => {
  const { app, pool } = make();
  const contexts: RequestMemoryContext[] = [];
  const order: string[] = [];
  app.get("/", (c) => {
    const { context } = c.var.velithon;
    assert.is(c.var.velithon.context, context);
    contexts.push(context);
    context.acquire(pool);
    context.defer(() => order.push("clean-up"));
    order.push("handler");
    return c.text("ok");
  });
  const one = await open(app);
  const two = await open(app);
  assert.is.not(contexts[0], contexts[1]);
  assert.is(pool.getStats().inUse, 2, "the response has not left");
  assert.equal(order, ["handler", "handler"]);
  one.end();
  await turn();
  assert.is(pool.getStats().inUse, 1);
  assert.equal([contexts[0]!.closed, contexts[1]!.closed], [true, false]);
  two.end();
  await turn();
  assert.is(pool.getStats().inUse, 0);
  assert.equal(order, ["handler", "handler", "clean-up", "clean-up"]);
});

test("leases return also when the handler throws", async () => {
  const { app, pool } = make();
  app.onError((_error, c) => c.text("failed", 500));
  app.get("/", (c) => {
    c.var.velithon.context.acquire(pool);
    throw new Error("handler");
  });
  assert.is((await app.request("/")).status, 500);
  await turn();
  assert.is(pool.getStats().inUse, 0);
  assert.is(pool.getStats().poolSize, 1);
});

test("a clean-up that fails is logged, the response is not touched", async () => {
  const { app, logger, optimizer } = make();
  app.get("/", (c) => {
    c.var.velithon.context.defer(() => Promise.reject(new Error("clean-up")));
    return c.text("ok");
  });
  assert.is(await (await app.request("/")).text(), "ok");
  await turn();
  assert.is(logger.told.length, 1);
  assert.is(logger.told[0]!.level, "error");
  assert.is((logger.told[0]!.fields.err as Error).message, "clean-up");
  assert.is(optimizer.getMemoryStats().requests.inFlight, 0);
});

test("stray work after the end is refused, whether the request had a context or not", async () => {
  for (const used of [true, false]) {
    const { app, pool } = make();
    let later = (): unknown => undefined;
    app.get("/", (c) => {
      const { velithon } = c.var;
      if (used) velithon.context.defer(() => {});
      later = () => velithon.context.acquire(pool);
      return c.text("ok");
    });
    await app.request("/");
    await turn();
    throwsCode(later, "CONTEXT_CLOSED");
    assert.is(pool.getStats().inUse, 0);
  }
});

test("enableMonitoring: the context measures", async () => {
  for (const enableMonitoring of [true, false]) {
    const { app, port } = make({ enableMonitoring });
    let context: RequestMemoryContext | undefined;
    app.get("/", (c) => {
      context = c.var.velithon.context;
      port.nowMs += 30;
      port.heapUsedBytes += 1000;
      return c.text("ok");
    });
    await app.request("/");
    await turn();
    const expected: ContextReport = { durationMs: 30, heapGrowthBytes: 1000 };
    assert.equal(context?.report, enableMonitoring ? expected : undefined);
  }
});

test("ambientContext: getMemoryContext() finds the request's in every handler behind, else NO_CONTEXT", async () => {
  const { app, port, pool } = make({ ambientContext: true });
  const lease = async (): Promise<object> => {
    await Promise.resolve();
    return getMemoryContext(port).acquire(pool);
  };
  app.use(async (_c, next) => {
    assert.ok(tryGetMemoryContext(port));
    await next();
    assert.ok(tryGetMemoryContext(port));
  });
  app.get("/", async (c) => {
    await lease();
    assert.is(getMemoryContext(port), c.var.velithon.context);
    assert.is(pool.getStats().inUse, 1);
    return c.text("ok");
  });
  const request = await open(app);
  assert.is(request.response.status, 200);
  assert.is(tryGetMemoryContext(port), undefined, "nothing leaks out");
  assert.is(pool.getStats().inUse, 1);
  request.end();
  await turn();
  assert.is(pool.getStats().inUse, 0);

  const without = make();
  without.app.get("/", (c) => c.text(String(tryGetMemoryContext(without.port))));
  assert.is(await (await without.app.request("/")).text(), "undefined");
});

test("ambientContext within another middleware: the same context", async () => {
  const { port, optimizer } = make();
  const app = new Hono<{ Variables: VelithonVariables }>();
  app.use(memoryMonitoring({ optimizer }));
  app.use("/inner", memoryOptimization({ optimizer, ambientContext: true }));
  app.get("/inner", (c) => c.text(String(getMemoryContext(port) === c.var.velithon.context)));
  app.get("/", (c) => c.text(String(tryGetMemoryContext(port))));
  assert.is(await (await app.request("/inner")).text(), "true");
  assert.is(await (await app.request("/")).text(), "undefined");
});

test("nothing keeps a request's objects alive once its response has left", async () => {
  const { app, pool } = make({ ambientContext: true });
  const refs: WeakRef<object>[] = [];
  app.get("/", (c) => {
    const heavy = { rows: new Array(100).fill(0) };
    refs.push(new WeakRef(heavy));
    c.var.velithon.context.defer(() => heavy.rows.length);
    c.var.velithon.context.acquire(pool);
    return c.text("ok");
  });
  for (let i = 0; i < 200; i++) await (await app.request("/")).text();
  const alive = await aliveAfterCollection(await loadPort(), refs, 20);
  assert.ok(alive <= 20, `${alive} of 200 are alive`);
});

test.run();
