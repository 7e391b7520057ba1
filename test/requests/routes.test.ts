import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, governFetch, memoryGovernance } from "../../src/index.ts";
import { patternOf, RouteTable } from "../../src/requests/routes.ts";
import { SAMPLE_EVERY } from "../../src/requests/tracker.ts";
import { fakePort } from "../support/port.ts";
import { Random } from "../support/random.ts";

test("patterns: what names one thing becomes :id, what names a kind stays", () => {
  const cases: [string, string][] = [
    ["/", "/"],
    ["/users", "/users"],
    ["/users/42?full=1", "/users/:id"],
    ["/users/42/posts/7", "/users/:id/posts/:id"],
    ["/v2/users", "/v2/users"],
    ["/files/0f8fad5b-d9cb-469f-a165-70867728950e", "/files/:id"],
    ["/commits/deadbeef", "/commits/:id"],
    ["/blog/2024-05-01", "/blog/:id"],
    ["/a/some-slug", "/a/some-slug"],
    [`/t/${"x".repeat(40)}`, "/t/:id"],
    ["/static/app.js", "/static/app.js"],
  ];
  for (const [path, pattern] of cases) assert.is(patternOf(path), pattern, path);
});

test("the heaviest first, with means and estimates", () => {
  const table = new RouteTable();
  for (const [route, bytes, ms] of [
    ["GET /light", 10, 1],
    ["GET /heavy", 1000, 3],
    ["GET /heavy", 3000, 5],
  ] as const) {
    table.add(route, bytes, ms);
  }
  assert.equal(table.top(10, 64), [
    {
      route: "GET /heavy",
      samples: 2,
      heapSamples: 2,
      meanBytes: 2000,
      totalBytes: 256_000,
      meanMs: 4,
      totalMs: 512,
    },
    {
      route: "GET /light",
      samples: 1,
      heapSamples: 1,
      meanBytes: 10,
      totalBytes: 640,
      meanMs: 1,
      totalMs: 64,
    },
  ]);
  assert.is(table.top(1, 64).length, 1);
});

test("a request that tells its time alone counts as one of its route's when bytes are estimated", () => {
  const table = new RouteTable();
  table.add("GET /", 1000, 2);
  for (let i = 0; i < 3; i++) table.add("GET /", undefined, 6);
  table.add("GET /slow", undefined, 50);
  assert.equal(table.top(10, 64), [
    {
      route: "GET /",
      samples: 4,
      heapSamples: 1,
      meanBytes: 1000,
      totalBytes: 256_000,
      meanMs: 5,
      totalMs: 1280,
    },
    {
      route: "GET /slow",
      samples: 1,
      heapSamples: 0,
      meanBytes: undefined,
      totalBytes: undefined,
      meanMs: 50,
      totalMs: 3200,
    },
  ]);
});

test("by time, where nobody tells bytes: the slow ones are kept, however many others come", () => {
  const table = new RouteTable("ms");
  for (let i = 0; i < 5000; i++) {
    table.add(`GET /once-${i}`, undefined, 1);
    if (i % 50 === 0) table.add("GET /slow", undefined, 300);
  }
  const all = table.top(1000, 1);
  assert.is(all.length, 64);
  assert.is(all[0]!.route, "GET /slow");
});

test("bounded: 10,000 routes, and the heavy ones are still found", () => {
  const random = new Random(7);
  const table = new RouteTable();
  const heavy = Array.from({ length: 10 }, (_, i) => `GET /heavy-${i}`);
  for (let i = 0; i < 20_000; i++) {
    if (i % 4 === 0) table.add(heavy[random.int(0, 9)]!, 10_000 + random.int(0, 100), 1);
    else table.add(`GET /once-${i % 10_000}`, random.int(0, 100), 1);
  }
  const all = table.top(1000, 1);
  assert.is(all.length, 64);
  assert.equal(new Set(all.slice(0, 10).map(({ route }) => route)), new Set(heavy));
});

test("one request in 64, alone in flight: by the router's pattern, or by the path", async () => {
  for (const wrapped of [false, true]) {
    const port = fakePort();
    const optimizer = createMemoryOptimizer({ port });
    const app = new Hono();
    if (!wrapped) app.use(memoryGovernance({ optimizer }));
    app.get("/items/:name", (c) => {
      port.heapUsedBytes += 5000;
      port.nowMs += 2;
      return c.text("ok");
    });
    const fetch = wrapped ? governFetch(app.fetch, { optimizer }) : app.fetch;
    for (let i = 0; i < SAMPLE_EVERY * 3; i++) await fetch(new Request(`http://host/items/${i}`));
    const [top, ...rest] = optimizer.requests.topRoutes();
    assert.equal(rest, []);
    assert.equal(top, {
      route: wrapped ? "GET /items/:id" : "GET /items/:name",
      samples: 3,
      heapSamples: 3,
      meanBytes: 5000,
      totalBytes: 3 * 5000 * SAMPLE_EVERY,
      meanMs: 2,
      totalMs: 3 * 2 * SAMPLE_EVERY,
    });
  }
});

test("a sample every 50 ms at most, and the total stands for all requests all the same", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const fetch = governFetch(
    (_: Request) => {
      port.heapUsedBytes += 1000;
      port.nowMs += 0.25;
      return new Response("ok");
    },
    { optimizer },
  );
  for (let i = 0; i < SAMPLE_EVERY * 12; i++) fetch(new Request("http://host/"));
  const [top] = optimizer.requests.topRoutes();
  assert.is(top?.samples, 3, "16 ms apart when each 64th was taken");
  assert.is(top?.totalBytes, 1000 * SAMPLE_EVERY * 12);
});

test("its time alone: others started or ended meanwhile, more was freed than made, or the heap cannot be read", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const sampled = (meanwhile: () => void, { requests } = optimizer): number => {
    const before = requests.topRoutes()[0];
    const request = requests.start();
    requests.measure(request, "GET /");
    meanwhile();
    port.nowMs += 3;
    requests.end(request);
    const [after] = requests.topRoutes();
    assert.is(after!.samples, (before?.samples ?? 0) + 1);
    assert.is(after!.meanMs, 3);
    return after!.heapSamples;
  };
  const { requests } = optimizer;
  const other = requests.start();
  assert.is(
    sampled(() => void requests.start()),
    0,
  );
  assert.is(
    sampled(() => requests.end(other)),
    0,
  );
  assert.is(
    sampled(() => {
      port.heapUsedBytes -= 1;
    }),
    0,
  );
  assert.is(
    sampled(() => {}),
    1,
    "an open one that rests does not matter",
  );
  const blind = createMemoryOptimizer({
    port: Object.assign(fakePort({ lacks: ["heapUsed"] }), { now: () => port.nowMs }),
  });
  assert.is(
    sampled(() => {}, blind),
    0,
  );
});

test("a route that took the place of another stays before one that is lighter than what it took over", () => {
  const table = new RouteTable();
  for (let i = 0; i < 64; i++) table.add(`GET /${i}`, i === 0 ? 10 : i === 1 ? 10.5 : 100, 1);
  table.add("GET /late", 1, 1);
  table.add("GET /later", 1, 1);
  const routes = table.top(64, 1).map(({ route }) => route);
  assert.ok(routes.includes("GET /late") && routes.includes("GET /later"));
  assert.not.ok(routes.includes("GET /0") || routes.includes("GET /1"));
});

test.run();
