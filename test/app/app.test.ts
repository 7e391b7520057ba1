import type { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AppOptions, createApp } from "../../src/app.ts";
import { createMemoryOptimizer, type MemoryOptimizer, type VelithonVariables } from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;
const LOCAL = { host: "127.0.0.1:3000" };
const DEMO = {
  "application/json": { source: "iana", extensions: ["json", "map"], compressible: true },
  "application/xml": { source: "iana", extensions: ["xml"] },
  "text/html": { source: "iana", extensions: ["html", "htm"], charset: "UTF-8" },
  "text/x-own": { source: "nginx" },
};

interface Made {
  app: Hono<{ Variables: VelithonVariables }>;
  port: FakePort;
  optimizer: MemoryOptimizer;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
}

function make(options: Partial<AppOptions> = {}, settings: FakeSettings = {}): Made {
  const port = fakePort(settings);
  const optimizer = createMemoryOptimizer({ port });
  const app = createApp({ optimizer, loopback: true, ...options });
  const get = async (path: string, headers: Record<string, string> = LOCAL): Promise<Response> =>
    app.request(path, { headers });
  return { app, port, optimizer, get };
}

test("/ lists what there is, demo routes only with data", async () => {
  const routes = ["/health", "/health/live", "/health/ready", "/stats", "/metrics"];
  assert.equal(await (await make().get("/")).json(), { name: "velithon", routes: [...routes, "/memory"] });
  const without = make({ dashboard: false });
  assert.equal(await (await without.get("/")).json(), { name: "velithon", routes });
  assert.is((await without.get("/memory")).status, 404);
  const body = (await (await make({ demo: DEMO }).get("/")).json()) as { routes: string[] };
  assert.is(body.routes.filter((route) => route.startsWith("/demo/")).length, 3);
  assert.is((await make().get("/demo/summary")).status, 404);
  assert.is((await make().get("/nowhere")).status, 404);
});

test("/health: 200 below the limit, 503 from it on; the guide's body for those who may see it", async () => {
  const { port, get } = make({ healthyBelowMb: 300 });
  const health = async (headers?: Record<string, string>): Promise<[number, unknown]> => {
    port.advance(1000);
    const response = await get("/health", headers);
    return [response.status, await response.json()];
  };
  assert.equal(await health(), [200, { status: "healthy", memoryMb: 100, gcEnabled: true }]);
  port.memory.rssBytes = 299.9 * MB;
  assert.is((await health())[0], 200);
  port.memory.rssBytes = 300 * MB;
  assert.equal(await health(), [503, { status: "unhealthy", memoryMb: 300, gcEnabled: true }]);
  assert.equal(await health({ host: "example.com" }), [503, { status: "unhealthy" }]);
  port.memory.rssBytes = 100 * MB;
  assert.equal(await health({ host: "example.com" }), [200, { status: "healthy" }]);
  port.memory.rssBytes = undefined;
  assert.equal(await health(), [200, { status: "healthy", gcEnabled: true }]);
});

test("/health: the guide's 500 MB where nothing is said", async () => {
  const { port, get } = make();
  port.memory.rssBytes = 499 * MB;
  assert.is((await get("/health")).status, 200);
  port.memory.rssBytes = 500 * MB;
  port.advance(1000);
  assert.is((await get("/health")).status, 503);
});

test("/health/live answers whatever the memory, to everybody, and is no governed request", async () => {
  const { port, get, optimizer } = make({ loopback: false, healthyBelowMb: 1 });
  port.memory.rssBytes = 100_000 * MB;
  const response = await get("/health/live", { host: "example.com" });
  assert.is(response.status, 200);
  assert.is(await response.text(), "ok");
  assert.is(optimizer.getMemoryStats().requests.started, 0);
});

test("/health/ready: 503 under high pressure and once the server stops, to everybody; unknown is no reason", async () => {
  const stopping = new AbortController();
  const { port, get, optimizer } = make(
    { loopback: false, stopping: stopping.signal },
    { limitBytes: 1000 * MB },
  );
  const ready = async (rssBytes: number | undefined): Promise<[number, string]> => {
    port.memory.rssBytes = rssBytes;
    port.advance(30_000);
    const response = await get("/health/ready", { host: "example.com" });
    return [response.status, await response.text()];
  };
  assert.equal(await ready(undefined), [200, "ready"]);
  assert.equal(await ready(750 * MB), [200, "ready"]);
  assert.equal(await ready(850 * MB), [503, "not ready"]);
  assert.equal(await ready(100 * MB), [200, "ready"]);
  assert.equal(await ready(950 * MB), [503, "not ready"]);
  optimizer.disable();
  assert.equal(await ready(950 * MB), [200, "ready"], "nobody watches any more");
  optimizer.enable();
  assert.equal(await ready(950 * MB), [503, "not ready"]);
  assert.is(optimizer.getMemoryStats().requests.started, 0);
  stopping.abort();
  assert.equal(await ready(100 * MB), [503, "not ready"]);
  assert.is((await get("/health/live")).status, 200);
});

test("/stats: all statistics and the capabilities with their reasons", async () => {
  const { get, optimizer } = make({}, { lacks: ["objectCount"] });
  optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  const stats = (await (await get("/stats")).json()) as Record<string, Record<string, unknown>>;
  assert.is(stats.systemMemory?.rssMb, 100);
  assert.is(stats.gcStats?.gcEnabled, true);
  assert.is(stats.requests?.inFlight, 1);
  assert.equal(Object.keys(stats.objectPools!), ["p"]);
  assert.equal(stats.topRoutes, [], "one request in 64 is measured");
  assert.equal(stats.capabilities?.rss, { available: true });
  assert.equal(stats.capabilities?.objectCount, {
    available: false,
    reason: "this fake lacks objectCount",
  });
});

test("an optimizer that is disabled: the app answers all the same", async () => {
  const optimizer = createMemoryOptimizer({ port: fakePort(), enabled: false });
  const app = createApp({ optimizer, loopback: true, demo: DEMO });
  for (const path of ["/", "/health", "/health/live", "/stats", "/metrics", "/demo/types"]) {
    assert.is((await app.request(path, { headers: LOCAL })).status, 200, path);
  }
});

test("/demo/types: parses, filters, limits, and says what it accepts", async () => {
  const { get } = make({ demo: DEMO });
  const types = async (query: string): Promise<{ found: number; types: { name: string }[] }> =>
    (await (await get(`/demo/types${query}`)).json()) as never;
  assert.is((await types("")).found, 4);
  assert.equal(
    (await types("?search=json")).types.map(({ name }) => name),
    ["application/json"],
  );
  assert.is((await types("?source=iana")).found, 3);
  assert.is((await types("?source=nginx&search=html")).found, 0);
  const limited = await types("?limit=2");
  assert.equal([limited.found, limited.types.length], [4, 2]);
  for (const limit of ["0", "-1", "1.5", "5001", "many", "NaN"]) {
    const response = await get(`/demo/types?limit=${limit}`);
    assert.is(response.status, 400);
    assert.match(await response.text(), "1 to 5000");
  }
});

test("/demo/summary: aggregates with a pool, a weak cache and the request's context", async () => {
  const { get, optimizer } = make({ demo: DEMO });
  for (let i = 0; i < 3; i++) {
    const response = await get("/demo/summary");
    assert.equal(await response.json(), {
      types: { application: 2, text: 2 },
      extensions: { application: 3, text: 2 },
      longestName: "application/json".length,
    });
    await turn();
  }
  const { objectPools, weakCaches } = optimizer.getMemoryStats();
  const { created, reused, inUse } = objectPools.demo_tallies!;
  assert.equal([created, reused, inUse], [1, 2, 0]);
  assert.is(weakCaches.demo_parsed!.hits + weakCaches.demo_parsed!.misses, 3);
});

test("a second app on the same optimizer: a demo's names are taken, without one it works", async () => {
  const { optimizer } = make({ demo: DEMO });
  for (let i = 0; i < 40; i++) throwsCode(() => createApp({ optimizer, demo: DEMO }), "NAME_TAKEN");
  const second = createApp({ optimizer, loopback: true });
  assert.is((await second.request("/health", { headers: LOCAL })).status, 200);
});

test.run();
