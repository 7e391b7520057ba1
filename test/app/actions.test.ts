import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type AppOptions, isLoopback, makeToken, memoryDashboard } from "../../src/app.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { ACTIONS, FAR, type Headers, LOCAL, make, RIGHT, TOKEN } from "../support/access.ts";
import { fakePort } from "../support/port.ts";

test("actions: never without a token, not even on loopback", async () => {
  const { post, port } = make();
  for (const path of ACTIONS) {
    const response = await post(path);
    assert.is(response.status, 403);
    assert.match(await response.text(), "VELITHON_ADMIN_TOKEN");
  }
  const closed = make({ token: TOKEN });
  for (const path of ACTIONS) {
    assert.is((await closed.post(path)).status, 401, path);
    assert.is((await closed.post(path, { ...LOCAL, authorization: "Bearer wrong-wrong-wrong" })).status, 401);
    assert.is((await closed.get(path, { ...LOCAL, ...RIGHT })).status, 404, "GET acts on nothing");
  }
  assert.equal([port.collections, closed.port.collections], [[], []]);
});

test("actions with the token: done, and reported", async () => {
  const { post, port } = make({ loopback: false, token: TOKEN });
  const cleanup = (await (await post("/memory/cleanup", { ...FAR, ...RIGHT })).json()) as {
    cleanupTimeMs: number;
  };
  assert.is(cleanup.cleanupTimeMs, 10);
  const collect = await post("/memory/collect?generation=0", { ...FAR, ...RIGHT });
  assert.is(((await collect.json()) as { generation: number }).generation, 0);
  assert.equal(port.collections, ["major", "minor"]);
  for (const generation of ["1", "3", "", "00", "0x0", "two"]) {
    const response = await post(`/memory/collect?generation=${generation}`, { ...FAR, ...RIGHT });
    assert.ok(response.status === 400 || response.status === 429, `${generation}: ${response.status}`);
  }
  assert.is(port.collections.length, 2);
});

test("actions asked for by a page of another origin are refused, the right token or not", async () => {
  const { post, port } = make({ token: TOKEN });
  const foreign: Headers[] = [
    { origin: "https://evil.example" },
    { origin: "http://127.0.0.1:3001" },
    { origin: "http://127.0.0.1:3000.evil.example" },
    { origin: "null" },
    { origin: "" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site", origin: "http://127.0.0.1:3000" },
    { "sec-fetch-site": "none" },
  ];
  for (const headers of foreign) {
    for (const path of ACTIONS) {
      const response = await post(path, { ...LOCAL, ...RIGHT, ...headers });
      assert.is(response.status, 403, JSON.stringify(headers));
      assert.is(response.headers.get("access-control-allow-origin"), null);
    }
  }
  assert.equal(port.collections, []);
  assert.is(
    (await post("/memory/collect", { ...LOCAL, ...RIGHT, origin: "http://127.0.0.1:3000" })).status,
    200,
  );
  assert.is(
    (await post("/memory/collect", { ...LOCAL, ...RIGHT, "sec-fetch-site": "same-origin" })).status,
    200,
  );
});

test("actions are limited: three at once, then one each ten seconds; refused ones take none", async () => {
  const { post, port } = make({ token: TOKEN });
  const act = async (headers: Headers = RIGHT): Promise<Response> =>
    post("/memory/collect", { ...LOCAL, ...headers });
  for (let i = 0; i < 20; i++) assert.is((await act({})).status, 401);
  for (let i = 0; i < 3; i++) assert.is((await act()).status, 200);
  const tooMany = await act();
  assert.is(tooMany.status, 429);
  assert.is(tooMany.headers.get("retry-after"), "10");
  assert.is(port.collections.length, 3);
  port.advance(10_000);
  assert.equal([(await act()).status, (await act()).status], [200, 429]);
});

test("a function decides on everything without the right token, local or not; what it throws is a no", async () => {
  const seen: string[] = [];
  const authorize: AppOptions["authorize"] = (request, permission) => {
    seen.push(permission);
    if (request.headers.get("x-user") === "broken") throw new Error("secret of the function");
    return (
      request.headers.get("x-user") === "admin" || (permission === "read" && request.headers.has("x-user"))
    );
  };
  const { get, post, port } = make({ authorize });
  const status = async (user: string | undefined): Promise<number[]> => {
    const headers = user === undefined ? LOCAL : { ...LOCAL, "x-user": user };
    return [(await get("/stats", headers)).status, (await post("/memory/collect", headers)).status];
  };
  assert.equal(await status("admin"), [200, 200]);
  assert.equal(await status("guest"), [200, 403]);
  assert.equal(await status(undefined), [403, 403]);
  assert.equal(await status("broken"), [403, 403]);
  assert.not.match(await (await get("/stats", { ...LOCAL, "x-user": "broken" })).text(), "secret");
  assert.equal([...new Set(seen)].sort(), ["act", "read"]);
  assert.is(port.collections.length, 1);
  const truthy = make({ authorize: (() => "yes") as never });
  assert.is((await truthy.get("/stats")).status, 403, "true, not something like it");
  const later = make({ authorize: async () => true });
  assert.is((await later.get("/stats", FAR)).status, 200);
  const both = make({ authorize: () => false, token: TOKEN });
  assert.is((await both.get("/stats", { ...FAR, ...RIGHT })).status, 200);
});

test("memoryDashboard has the same doors in an app of one's own", async () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const app = new Hono().route("/ops/memory", memoryDashboard({ optimizer, token: TOKEN }));
  const get = async (path: string, headers: Headers): Promise<Response> => app.request(path, { headers });
  assert.is((await get("/ops/memory", FAR)).status, 200);
  assert.is((await get("/ops/memory/state", LOCAL)).status, 401, "loopback is off where nobody says so");
  assert.is((await get("/ops/memory/state", { ...FAR, ...RIGHT })).status, 200);
  const closed = new Hono().route("/m", memoryDashboard({ optimizer }));
  assert.is((await closed.request("/m/state", { headers: LOCAL })).status, 403);
});

test("makeToken: 192 bits, fit for a header, never the same", () => {
  const tokens = new Set(Array.from({ length: 1000 }, makeToken));
  assert.is(tokens.size, 1000);
  for (const token of tokens) assert.match(token, /^[\w-]{32}$/);
});

test("isLoopback: addresses that are reachable from this machine alone", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]"])
    assert.ok(isLoopback(host), host);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com", "", "1::1", "127.0.0.1.example.com"]) {
    assert.not(isLoopback(host), host);
  }
});

test.run();
