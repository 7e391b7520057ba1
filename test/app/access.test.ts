import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type AppOptions,
  adminToken,
  createApp,
  isLoopback,
  makeToken,
  memoryDashboard,
} from "../../src/app.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const LOCAL = { host: "127.0.0.1:3000" };
const FAR = { host: "example.com" };
const TOKEN = "a-token-of-16-or-more";
const RIGHT = { authorization: `Bearer ${TOKEN}` };
const READS = ["/stats", "/metrics", "/memory/state", "/memory/events"];
const ACTIONS = ["/memory/cleanup", "/memory/collect", "/memory/collect?generation=0"];

type Headers = Record<string, string>;

interface Made {
  port: FakePort;
  get(path: string, headers?: Headers): Promise<Response>;
  post(path: string, headers?: Headers, body?: string): Promise<Response>;
}

function make(options: Partial<AppOptions> = {}, variables: Record<string, string> = {}): Made {
  const port = fakePort({ variables });
  const app = createApp({ optimizer: createMemoryOptimizer({ port }), loopback: true, ...options });
  return {
    port,
    get: async (path, headers = LOCAL) => app.request(path, { headers }),
    post: async (path, headers = LOCAL, body) =>
      app.request(path, { method: "POST", headers, ...(body === undefined ? {} : { body }) }),
  };
}

/** Answers 200 to those who may see details on each route; others get this status and no figure. */
async function checkReads(options: Partial<AppOptions>, headers: Headers, status: number): Promise<void> {
  const { get } = make(options);
  const what = `${JSON.stringify(options)} ${JSON.stringify(headers)}`;
  for (const path of READS) {
    const response = await get(path, headers);
    assert.is(response.status, status, `${path} ${what}`);
    if (path.endsWith("events") && status === 200) await response.body?.cancel();
    else {
      const text = await response.text();
      if (status !== 200) assert.not.match(text, /rss|memory/i, what);
    }
    if (status === 401) assert.match(response.headers.get("www-authenticate") ?? "", /^Bearer/, what);
  }
  const body = await (await get("/health", headers)).text();
  assert.is(body.includes("memoryMb"), status === 200, what);
}

test("details without a token: bound to loopback, called by a loopback name, past no proxy", async () => {
  for (const host of ["localhost", "localhost:3000", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:3000"]) {
    await checkReads({}, { host }, 200);
    await checkReads({ loopback: false }, { host }, 403);
  }
  const others = [
    "example.com",
    "localhost.example.com",
    "127.0.0.1.nip.io",
    "10.0.0.1",
    "[::2]",
    "localhost@x",
  ];
  for (const host of others) await checkReads({}, { host }, 403);
  await checkReads({}, {}, 403);
});

test("a forwarding header closes what loopback opens, whatever it claims", async () => {
  for (const name of [
    "forwarded",
    "x-forwarded-for",
    "X-Forwarded-Host",
    "x-forwarded-proto",
    "x-forwarded-server",
    "x-real-ip",
    "x-original-host",
    "via",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "cdn-loop",
  ]) {
    for (const value of ["127.0.0.1", "for=127.0.0.1;host=localhost", ""]) {
      await checkReads({}, { ...LOCAL, [name]: value }, 403);
    }
  }
});

test("a page of another site opens nothing that loopback opens; a neighbour on this machine may", async () => {
  await checkReads({}, { ...LOCAL, "sec-fetch-site": "cross-site" }, 403);
  for (const site of ["same-origin", "same-site", "none"]) {
    await checkReads({}, { ...LOCAL, "sec-fetch-site": site }, 200);
  }
});

test("details with a token: the right one opens from anywhere, a wrong one nowhere", async () => {
  for (const loopback of [true, false]) {
    await checkReads({ loopback, token: TOKEN }, { ...FAR, ...RIGHT }, 200);
    await checkReads({ loopback, token: TOKEN }, { ...FAR, via: "proxy", ...RIGHT }, 200);
    for (const wrong of [`${TOKEN}2`, TOKEN.slice(0, -1), TOKEN.toUpperCase(), "", " "]) {
      await checkReads({ loopback, token: TOKEN }, { ...LOCAL, authorization: `Bearer ${wrong}` }, 401);
    }
    for (const authorization of [TOKEN, `Basic ${TOKEN}`, `Bearer${TOKEN}`, `Bearer x ${TOKEN}`]) {
      await checkReads({ loopback, token: TOKEN }, { ...LOCAL, authorization }, 401);
    }
    await checkReads({ loopback, token: TOKEN }, FAR, 401);
  }
  await checkReads({ token: TOKEN }, LOCAL, 200);
  await checkReads({}, { ...RIGHT, ...FAR }, 403);
});

test("a token in the address opens nothing", async () => {
  const { get, post } = make({ loopback: false, token: TOKEN });
  for (const name of ["token", "access_token", "authorization"]) {
    assert.is((await get(`/stats?${name}=${TOKEN}`, FAR)).status, 401);
    assert.is((await post(`/memory/cleanup?${name}=${TOKEN}`, FAR)).status, 401);
  }
});

test("VELITHON_ADMIN_TOKEN is the token where no option is", async () => {
  const { get, post } = make({ loopback: false }, { VELITHON_ADMIN_TOKEN: ` ${TOKEN} ` });
  assert.is((await get("/stats", { ...FAR, ...RIGHT })).status, 200);
  assert.is((await post("/memory/collect", { ...FAR, ...RIGHT })).status, 200);
  assert.is((await get("/stats", FAR)).status, 401);
  const own = make({ loopback: false, token: "another-token-here" }, { VELITHON_ADMIN_TOKEN: TOKEN });
  assert.is((await own.get("/stats", { ...FAR, ...RIGHT })).status, 401);
});

test("a token that is none is refused at the start, and not shown", () => {
  for (const token of [
    "short",
    "x".repeat(15),
    "x".repeat(201),
    "with a space in it",
    "umlaut-ä-in-the-middle",
  ]) {
    for (const [code, start] of [
      ["INVALID_OPTION", () => make({ token })],
      ["INVALID_ENVIRONMENT", () => make({}, { VELITHON_ADMIN_TOKEN: token })],
    ] as const) {
      throwsCode(start, code, /16 to 200/, new RegExp(`^(?!.*${token})`));
    }
  }
  throwsCode(() => make({ token: 5 as never }), "INVALID_OPTION");
  throwsCode(() => make({ authorize: true as never }), "INVALID_OPTION");
  assert.is(adminToken(fakePort({ variables: { VELITHON_ADMIN_TOKEN: "  " } })), undefined);
});

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
  assert.ok(Number(tooMany.headers.get("retry-after")) <= 10);
  assert.is(port.collections.length, 3);
  port.advance(10_000);
  assert.equal([(await act()).status, (await act()).status], [200, 429]);
});

test("a function decides on everything without the right token, local or not; what it throws is a no", async () => {
  const seen: string[] = [];
  const authorize: AppOptions["authorize"] = (request, wish) => {
    seen.push(wish);
    if (request.headers.get("x-user") === "broken") throw new Error("secret of the function");
    return request.headers.get("x-user") === "admin" || (wish === "read" && request.headers.has("x-user"));
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
