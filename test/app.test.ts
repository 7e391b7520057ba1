import type { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AppOptions, createApp, isLoopback } from "../src/app.ts";
import { createMemoryOptimizer, type MemoryOptimizer, type VelithonVariables } from "../src/index.ts";
import { type FakePort, type FakeSettings, fakePort } from "./support/port.ts";
import { turn } from "./support/reachable.ts";
import { throwsCode } from "./support/throws.ts";

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
  const routes = ["/health", "/health/live", "/stats", "/metrics"];
  assert.equal(await (await make().get("/")).json(), { name: "velithon", routes });
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

test("/stats: all statistics and the capabilities with their reasons", async () => {
  const { get, optimizer } = make({}, { lacks: ["objectCount"] });
  optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  const stats = (await (await get("/stats")).json()) as Record<string, Record<string, unknown>>;
  assert.is(stats.systemMemory?.rssMb, 100);
  assert.is(stats.gcStats?.gcEnabled, true);
  assert.is(stats.requests?.inFlight, 1);
  assert.equal(Object.keys(stats.objectPools!), ["p"]);
  assert.equal(stats.capabilities?.rss, { available: true });
  assert.equal(stats.capabilities?.objectCount, {
    available: false,
    reason: "this fake lacks objectCount",
  });
});

/** A request that may see details answers 200 on both; any other gets this status and no figure. */
async function checkAccess(
  options: Partial<AppOptions>,
  headers: Record<string, string>,
  status: number,
): Promise<void> {
  const { get } = make(options);
  const what = `${JSON.stringify(options)} ${JSON.stringify(headers)}`;
  for (const path of ["/stats", "/metrics"]) {
    const response = await get(path, headers);
    assert.is(response.status, status, `${path} ${what}`);
    const text = await response.text();
    if (status !== 200) assert.not.match(text, /rss|memory/i, what);
  }
  const body = await (await get("/health", headers)).text();
  assert.is(body.includes("memoryMb"), status === 200, what);
}

test("details without a token: bound to loopback, called by a loopback name, past no proxy", async () => {
  for (const host of ["localhost", "localhost:3000", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:3000"]) {
    await checkAccess({}, { host }, 200);
    await checkAccess({ loopback: false }, { host }, 403);
  }
  const others = [
    "example.com",
    "localhost.example.com",
    "127.0.0.1.nip.io",
    "10.0.0.1",
    "[::2]",
    "localhost@x",
  ];
  for (const host of others) await checkAccess({}, { host }, 403);
  await checkAccess({}, {}, 403);
  for (const name of [
    "forwarded",
    "x-forwarded-for",
    "X-Forwarded-Host",
    "x-forwarded-proto",
    "x-real-ip",
    "via",
  ]) {
    await checkAccess({}, { ...LOCAL, [name]: "1" }, 403);
  }
});

test("details with a token: the right one opens from anywhere, a wrong one nowhere", async () => {
  const token = "s3cret";
  const right = { authorization: `Bearer ${token}` };
  for (const loopback of [true, false]) {
    await checkAccess({ loopback, token }, { host: "example.com", ...right }, 200);
    await checkAccess({ loopback, token }, { host: "example.com", via: "proxy", ...right }, 200);
    for (const authorization of ["Bearer s3cret2", "Bearer s3cre", "Bearer ", "s3cret", "Basic s3cret"]) {
      await checkAccess({ loopback, token }, { ...LOCAL, authorization }, 401);
    }
    await checkAccess({ loopback, token }, { host: "example.com" }, 401);
  }
  await checkAccess({ token }, LOCAL, 200);
  await checkAccess({}, { ...right, host: "example.com" }, 403);
});

test("isLoopback: addresses that are reachable from this machine alone", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])
    assert.ok(isLoopback(host), host);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com", "", "1::1", "127.0.0.1.example.com"]) {
    assert.not(isLoopback(host), host);
  }
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
