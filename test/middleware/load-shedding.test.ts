import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type LoadSheddingOptions,
  loadShedding,
  memoryGovernance,
  shedFetch,
} from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;

function make(options: Omit<LoadSheddingOptions, "optimizer"> = {}) {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, logger: recorder(), limitBytes: 1000 * MB });
  port.memory.rssBytes = 400 * MB;
  const app = new Hono();
  app.use(loadShedding({ optimizer, ...options }));
  app.use(memoryGovernance({ optimizer }));
  let release: (() => void)[] = [];
  app.all("/hold", async (c) => {
    await new Promise<void>((resolve) => release.push(resolve));
    return c.text("held");
  });
  app.all("*", (c) => c.text("ok"));
  port.advance(1100);
  const letGo = () => {
    for (const each of release) each();
    release = [];
  };
  return { port, optimizer, app, letGo };
}

const post = (bytes: number) => ({ method: "POST", headers: { "content-length": String(bytes) } });

test("at critical all are turned away but those that are exempt", async () => {
  const { port, optimizer, app, letGo } = make({ routes: { "/probe": "exempt" } });
  const held = app.request("/hold");
  port.memory.rssBytes = 990 * MB;
  port.advance(1100);
  for (const path of ["/", "/orders", "/healthy", "/metrics/more"]) {
    const response = await app.request(path);
    assert.is(response.status, 503, path);
    assert.match(response.headers.get("retry-after") ?? "", /^([5-9])$/);
    assert.is(response.headers.get("cache-control"), "no-store");
  }
  for (const path of ["/health", "/health/live", "/metrics", "/memory", "/memory/events", "/probe"]) {
    assert.is((await app.request(path)).status, 200, path);
  }
  const { shedding } = optimizer.getMemoryStats().pressure;
  assert.equal(shedding.shed, { low: 0, normal: 4, high: 0 });
  assert.is(shedding.inFlight, 1);
  letGo();
  assert.is((await held).status, 200);
  assert.is(optimizer.getMemoryStats().pressure.shedding.inFlight, 0);
});

test("what is turned away is no request of the other middlewares", async () => {
  const { port, optimizer, app, letGo } = make();
  await app.request("/");
  const held = app.request("/hold");
  port.memory.rssBytes = 990 * MB;
  port.advance(1100);
  const before = optimizer.getMemoryStats().requests.started;
  await app.request("/");
  assert.is(optimizer.getMemoryStats().requests.started, before);
  letGo();
  await held;
});

test("priorities by route: the first that fits, then the default", async () => {
  const { port, app, letGo } = make({
    routes: { "/reports/now": "high", "/reports/*": "low" },
    retryAfterSeconds: 1,
  });
  const held = app.request("/hold");
  port.memory.rssBytes = 745 * MB;
  port.advance(10_000);
  const shed = async (path: string): Promise<number> => {
    let count = 0;
    for (let i = 0; i < 200; i++) if ((await app.request(path)).status === 503) count += 1;
    return count;
  };
  // Strain 1.45: low at 0.45, normal and high not yet.
  const low = await shed("/reports/monthly");
  assert.ok(low > 50 && low < 130, `${low} of 200`);
  assert.is(await shed("/reports/now"), 0);
  assert.is(await shed("/orders"), 0);
  assert.is(await shed("/reportsmore"), 0, "not below /reports/");
  letGo();
  await held;
});

test("Retry-After is spread from its value to its double", async () => {
  const { port, app, letGo } = make({ retryAfterSeconds: 10 });
  const held = app.request("/hold");
  port.memory.rssBytes = 990 * MB;
  port.advance(1100);
  const drawn: [number, string][] = [
    [0, "10"],
    [0.49, "14"],
    [0.5, "15"],
    [0.999, "19"],
  ];
  for (const [random, seconds] of drawn) {
    port.random = () => random;
    assert.is((await app.request("/")).headers.get("retry-after"), seconds);
  }
  letGo();
  await held;
});

test("bodies are let in as far as there is room, and leave it when they end", async () => {
  const { optimizer, app, letGo } = make();
  // (0.8 * 900 - 400) / 32 = 10 MB.
  const first = app.request("/hold", post(8.5 * MB));
  assert.is((await app.request("/", post(2 * MB))).status, 503);
  assert.is((await app.request("/", post(MB))).status, 200);
  assert.is((await app.request("/")).status, 200, "no body");
  assert.is(optimizer.getMemoryStats().pressure.shedding.shedForRoom, 1);
  letGo();
  assert.is((await first).status, 200);
  assert.is((await app.request("/", post(14 * MB))).status, 200);
  assert.is(optimizer.getMemoryStats().pressure.shedding.bookedBytes, 0);
});

test("lengths that are none book nothing", async () => {
  const { optimizer, app } = make();
  for (const length of ["", "-5", "abc", "1e400", "NaN"]) {
    assert.is(
      (await app.request("/", { method: "POST", headers: { "content-length": length } })).status,
      200,
      length,
    );
  }
  assert.is((await app.request("/", { headers: { "content-length": "1e12" } })).status, 200, "GET");
  assert.is(optimizer.getMemoryStats().pressure.shedding.bookedBytes, 0);
});

test("a handler that throws leaves too", async () => {
  const { optimizer, app } = make();
  const failing = new Hono();
  failing.use(loadShedding({ optimizer }));
  failing.get("/", () => {
    throw new Error("no");
  });
  failing.onError((_, c) => c.text("failed", 500));
  assert.is((await failing.request("/")).status, 500);
  assert.is((await app.request("/")).status, 200);
  assert.is(optimizer.getMemoryStats().pressure.shedding.inFlight, 0);
});

test("fails open where memory cannot be read, and where the optimizer is off", async () => {
  const { port, optimizer, app, letGo } = make();
  const held = app.request("/hold");
  port.memory.rssBytes = undefined;
  port.advance(10_000);
  assert.is((await app.request("/", post(1e12))).status, 200);
  port.memory.rssBytes = 990 * MB;
  port.advance(1100);
  assert.is((await app.request("/")).status, 503);
  optimizer.disable();
  assert.is((await app.request("/")).status, 200);
  letGo();
  await held;
});

test("around a plain fetch handler", async () => {
  const { port, optimizer, app, letGo } = make();
  const held = app.request("/hold");
  port.memory.rssBytes = 990 * MB;
  port.advance(1100);
  const fetch = shedFetch((request: Request) => new Response(new URL(request.url).pathname), { optimizer });
  assert.is((await fetch(new Request("http://a.example/x?health"))).status, 503);
  assert.is((await fetch(new Request("http://a.example"))).status, 503);
  assert.is((await fetch(new Request("http://a.example/health?x"))).status, 200);
  letGo();
  await held;
  port.memory.rssBytes = 300 * MB;
  port.advance(30_000);
  const waiting = shedFetch(async (_: Request) => new Response("later"), { optimizer });
  const answers = [waiting(new Request("http://a.example/")), waiting(new Request("http://a.example/"))];
  assert.is(optimizer.getMemoryStats().pressure.shedding.inFlight, 2);
  await Promise.all(answers);
  const broken = shedFetch(
    (_: Request): Response => {
      throw new Error("no");
    },
    { optimizer },
  );
  assert.throws(() => broken(new Request("http://a.example/")), /no/);
  assert.is(optimizer.getMemoryStats().pressure.shedding.inFlight, 0);
  const rejecting = shedFetch((_: Request): Promise<Response> => Promise.reject(new Error("later")), {
    optimizer,
  });
  const failed = rejecting(new Request("http://a.example/"));
  assert.is(optimizer.getMemoryStats().pressure.shedding.inFlight, 1);
  assert.is(await failed.catch((error: Error) => error.message), "later");
  assert.is(optimizer.getMemoryStats().pressure.shedding.inFlight, 0, "a rejection ends it too");
});

test("options refused, one by one; nothing is mounted or started", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  for (const [option, value] of [
    ["routes", { "no-slash": "low" }],
    ["routes", { "/a": "urgent" }],
    ["routes", []],
    ["priority", "medium"],
    ["retryAfterSeconds", 0],
    ["retryAfterSeconds", 1.5],
    ["optimizer", {}],
    ["probability", 1],
  ] as const) {
    const bad = { optimizer, [option]: value } as never;
    throwsCode(() => loadShedding(bad), "INVALID_OPTION", "loadShedding", option, "accepted: ");
    throwsCode(
      () => shedFetch(() => new Response(), bad),
      "INVALID_OPTION",
      "shedFetch",
      option,
      "accepted: ",
    );
  }
  const routes = { "/fine": "low", "/a": "urgent", "no-slash": "low" } as never;
  throwsCode(() => loadShedding({ optimizer, routes }), "INVALID_OPTION", 'which "/a": "urgent" is not');
  throwsCode(() => shedFetch(1 as never), "INVALID_OPTION", "shedFetch", "accepted: a function");
  for (const bad of [[0.7, 0.8], [0.8, 0.7, 0.9], [0, 0.5, 0.9], [0.5, 0.7, 1], "high"]) {
    throwsCode(
      () => createMemoryOptimizer({ port, pressureRatios: bad as never }),
      "INVALID_OPTION",
      "pressureRatios",
    );
  }
  assert.is(port.openTimers, 0);
});

test.run();
