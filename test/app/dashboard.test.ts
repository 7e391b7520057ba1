import { test } from "uvu";
import * as assert from "uvu/assert";
import { createApp, type DashboardState, memoryDashboard } from "../../src/app.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { LOCAL, make } from "../support/dashboard.ts";
import { fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;

test("the page: one document, nothing fetched from elsewhere, a policy that lets its own script alone run", async () => {
  const response = await make().get("/memory");
  assert.is(response.status, 200);
  const page = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  assert.match(policy, /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+';/);
  assert.not.match(policy, /unsafe|\*|https?:/);
  assert.match(policy, "connect-src 'self'");
  assert.match(policy, "frame-ancestors 'none'");
  for (const [kind, directive] of [
    ["script", "script-src"],
    ["style", "style-src"],
  ] as const) {
    const own = [...page.matchAll(new RegExp(`<${kind}>(.*?)</${kind}>`, "gs"))];
    assert.is(own.length, 1, kind);
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(own[0]![1]));
    const hash = btoa(String.fromCharCode(...new Uint8Array(digest)));
    assert.match(policy, `${directive} 'sha256-${hash}'`);
  }
  assert.not.match(page, /<(?:script|link|img|iframe)[^>]+(?:src|href)=["'](?!data:|#)/);
  assert.not.match(page, /\bon(?:click|load|error)=|style="/);
  assert.is(response.headers.get("x-content-type-options"), "nosniff");
  assert.is(response.headers.get("cache-control"), "no-store");
  assert.ok(page.length < 100_000, `${page.length} bytes`);
});

test("the page is the same for everybody: it holds no figure", async () => {
  const { port, get } = make();
  const first = await (await get("/memory")).text();
  port.memory.rssBytes = 777 * MB;
  port.advance(5000);
  assert.is(await (await get("/memory")).text(), first);
});

test("/memory/state: what the page shows, kept by no cache", async () => {
  const { get, optimizer } = make({ limitBytes: 1000 * MB });
  optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  const response = await get("/memory/state");
  assert.is(response.headers.get("cache-control"), "no-store");
  const state = (await response.json()) as DashboardState;
  assert.equal(state.runtime, { name: "fake", version: "1.0.0" });
  assert.equal([state.ready, state.actions], [true, false]);
  assert.is(state.stats.systemMemory.rssMb, 100);
  assert.equal(Object.keys(state.stats.objectPools), ["p"]);
  assert.ok(Math.abs(state.atMs - Date.now()) < 10_000);
});

test("onlookers are no governed requests", async () => {
  const { get, optimizer } = make();
  const response = await get("/memory/events");
  await (await get("/memory")).text();
  await (await get("/memory/state")).text();
  const { started, inFlight } = optimizer.getMemoryStats().requests;
  assert.equal([started, inFlight], [0, 0]);
  await response.body!.cancel();
});

test("a program that makes ten thousand pools and caches floods neither page nor metrics", async () => {
  const { get, optimizer } = make();
  for (let i = 0; i < 10_000; i++) {
    optimizer.createBufferPool({ name: `b${i}` }).close();
    if (i < 300) {
      optimizer.createObjectPool({ name: `p${i}`, factory: () => ({}), maxSize: 1 });
      optimizer.createWeakCache({ name: `c${i}`, maxSize: 1 });
    }
  }
  const { stats } = (await (await get("/memory/state")).json()) as DashboardState;
  for (const part of [stats.objectPools, stats.weakCaches]) assert.is(Object.keys(part).length, 100);
  const metrics = await (await get("/metrics")).text();
  assert.is(metrics.match(/^velithon_pool_objects\{.*state="idle"/gm)?.length, 100);
  assert.is(metrics.match(/^velithon_cache_entries/gm)?.length, 100);
});

test("routes, budget shares and advice: bounded, none of what a visitor typed but once, and for readers alone", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, budgetBytes: 1000 * MB });
  const app = createApp({ optimizer, loopback: true });
  for (let i = 0; i < 300; i++)
    optimizer.createObjectPool({ name: `p${i}`, factory: () => ({}), maxSize: 1 });
  const visit = (route: string, bytes: number) => {
    const request = optimizer.requests.start();
    optimizer.requests.measure(request, route);
    port.heapUsedBytes += bytes;
    optimizer.requests.end(request);
  };
  for (let i = 0; i < 20; i++) {
    for (let sample = 0; sample < 8; sample++) visit(`GET /route-${i}/${"long".repeat(100)}`, 1000);
  }
  visit("GET /typed-once", 1e9);
  const state = (await (await app.request("/memory/state", { headers: LOCAL })).json()) as DashboardState;
  assert.is(state.topRoutes?.length, 10);
  assert.ok(state.topRoutes!.every(({ route }) => route.length <= 120 && !route.includes("typed")));
  assert.is(Object.keys(state.stats.budget!.shares).length, 100);
  assert.equal(state.advice, []);
  const refused = await app.request("/memory/state", { headers: { ...LOCAL, host: "elsewhere.example" } });
  assert.is(refused.status, 403);
  assert.not.match(await refused.text(), /route-|budget/);
});

test("the budget's shares: whoever gave most way comes first", async () => {
  const optimizer = createMemoryOptimizer({ port: fakePort(), budgetBytes: 10_000 });
  const app = createApp({ optimizer, loopback: true });
  for (const [name, entries] of [
    ["a", 1],
    ["b", 3],
    ["c", 2],
  ] as const) {
    const cache = optimizer.createWeakCache<number, { size: number }>({
      name,
      tier: "strong+weak",
      maxBytes: 100_000,
      sizeOf: ({ size }) => size,
      finalizers: false,
    });
    for (let i = 0; i < entries; i++) cache.put(i, { size: 1000 });
  }
  optimizer.budget.shrinkTo(500);
  const state = (await (await app.request("/memory/state", { headers: LOCAL })).json()) as DashboardState;
  const gave = Object.values(state.stats.budget!.shares).map(({ gaveBytes }) => gaveBytes);
  assert.ok(gave[0]! > 0);
  assert.equal(
    gave,
    [...gave].sort((x, y) => y - x),
  );
  assert.is(Object.keys(state.stats.budget!.shares)[0], "cache b");
});

test("options that do not fit are named", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const refused = (given: object, ...parts: string[]) =>
    throwsCode(() => memoryDashboard(given as never), "INVALID_OPTION", "memoryDashboard", ...parts);
  refused({}, "optimizer is missing");
  refused({ optimizer: {} }, "optimizer is an object", "a MemoryOptimizer");
  refused({ optimizer, stopping: true }, "stopping is true", "an AbortSignal");
  refused({ optimizer, loopback: "yes" }, 'loopback is "yes"', "true or false");
  refused({ optimizer, authorize: "me" }, 'authorize is "me"', "a function");
  refused({ optimizer, tokens: [] }, "no option tokens", "token");
  const app = (given: object, ...parts: string[]) =>
    throwsCode(() => createApp({ optimizer, ...given } as never), "INVALID_OPTION", "createApp", ...parts);
  app({ dashboard: 1 }, "dashboard is 1", "true or false");
  app({ stopping: {} }, "stopping is an object", "an AbortSignal");
  app({ authorize: 1 }, "authorize is 1", "a function");
});

test.run();
