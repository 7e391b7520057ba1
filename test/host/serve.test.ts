import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { MemoryStats } from "../../src/index.ts";
import { type RunningServer, runToEnd, runtimeNames, startServer } from "../server.ts";
import { find } from "../support/attached.ts";
import { checkRefused, json, lines, readAcross } from "../support/served.ts";

/** The guide's six, and what each accepts. */
const VARIABLES = [
  ["VELITHON_MEMORY_OPTIMIZATION", "true, false, 1, 0, yes, no, on or off"],
  ["VELITHON_MEMORY_THRESHOLD", "a number from 1 to 16777216"],
  ["VELITHON_GC_GEN0_INTERVAL", "a whole number from 0 to 1000000000"],
  ["VELITHON_GC_GEN2_INTERVAL", "a whole number from 0 to 1000000000"],
  ["VELITHON_POOL_MAX_SIZE", "a whole number from 0 to 1048576"],
  ["VELITHON_CACHE_MAX_SIZE", "a whole number from 1 to 1048576"],
] as const;

for (const name of runtimeNames) {
  const test = suite(`serve on ${name}`);
  let server: RunningServer;

  const get = (path: string, init?: RequestInit): Promise<Response> => fetch(server.origin + path, init);

  test("starts on a free port and says so", async () => {
    server = await startServer(name);
    assert.ok(server.port > 0);
    assert.match(server.version, /^v?\d+\.\d+/);
    assert.is(lines(server.output()).filter((line) => line.includes("listening")).length, 1);
  });

  test("answers / and every demo route that it lists", async () => {
    const response = await get("/");
    assert.is(response.status, 200);
    const routes = ((await json(response)).routes as string[]).filter((route) => route.startsWith("/demo/"));
    assert.ok(routes.includes("/demo/stream"), `routes: ${routes.join(", ")}`);
    for (const route of routes) {
      const answer = await get(route);
      assert.is(answer.status, 200, `${route}: ${answer.status}`);
      assert.ok((await answer.text()).length > 0, `${route} has an empty body`);
    }
  });

  test("answers the health routes", async () => {
    const response = await get("/health");
    assert.is(response.status, 200);
    const health = await json(response);
    assert.type(health.status, "string");
    assert.ok((health.memoryMb as number) > 1, `memoryMb ${health.memoryMb}`);
    assert.type(health.gcEnabled, "boolean");
    const live = await get("/health/live");
    assert.is(live.status, 200);
    await live.text();
  });

  test("answers /stats and /metrics", async () => {
    const response = await get("/stats");
    assert.is(response.status, 200);
    const stats = await json(response);
    for (const part of ["gcStats", "systemMemory", "objectPools", "weakCaches"]) {
      assert.type(stats[part], "object", part);
    }
    const metrics = await get("/metrics");
    assert.is(metrics.status, 200);
    assert.match(metrics.headers.get("content-type") ?? "", /^text\/plain/);
    const text = await metrics.text();
    const names = [
      "velithon_memory_usage_mb",
      "velithon_gc_collections_total",
      "process_resident_memory_bytes",
    ];
    for (const metric of names) assert.match(text, new RegExp(`^${metric}(\\{[^}]*\\})? [0-9.e+]+$`, "m"));
  });

  test("refuses the details to a request that came through a proxy", async () => {
    for (const header of ["x-forwarded-for", "forwarded", "x-real-ip", "via"]) {
      const value = header === "forwarded" ? "for=127.0.0.1" : "127.0.0.1";
      const response = await get("/stats", { headers: { [header]: value } });
      assert.is(response.status, 401, header);
      assert.not.match(await response.text(), /gcStats/);
    }
    const open = await get("/health/live", { headers: { "x-forwarded-for": "127.0.0.1" } });
    assert.is(open.status, 200);
    await open.text();
  });

  test("makes and prints a token where none is set; actions need it, and are for pages of this server", async () => {
    const token = /^admin token, until this process ends: (\S{32})$/m.exec(server.output())?.[1];
    assert.ok(token, server.output());
    const act = async (headers: Record<string, string>): Promise<number> => {
      const response = await get("/memory/cleanup", { method: "POST", headers });
      await response.text();
      return response.status;
    };
    assert.is(await act({}), 401);
    assert.is(await act({ authorization: "Bearer not-the-token-at-all" }), 401);
    assert.is(await act({ authorization: `Bearer ${token}`, origin: "https://evil.example" }), 403);
    assert.is(await act({ authorization: `Bearer ${token}`, origin: server.origin }), 200);
    const far = await get("/stats", {
      headers: { "x-forwarded-for": "1", authorization: `Bearer ${token}` },
    });
    assert.is(far.status, 200);
    await far.text();
  });

  test("streams the dashboard's states", async () => {
    const stop = new AbortController();
    const response = await get("/memory/events", { signal: stop.signal });
    assert.match(response.headers.get("content-type") ?? "", "text/event-stream");
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of response.body!) {
      text += decoder.decode(chunk, { stream: true });
      if (text.split("event: state").length > 2) break;
    }
    assert.match(text, /"rssMb":\d/);
    stop.abort();
  });

  test("answers 404 to a path that does not exist", async () => {
    const response = await get("/no/such/path");
    assert.is(response.status, 404);
    await response.text();
  });

  test("a second server on the port ends with one line", async () => {
    const ended = await runToEnd(name, { PORT: String(server.port) });
    checkRefused(ended, String(server.port));
    const response = await get("/health/live");
    assert.is(response.status, 200, "the first one goes on");
    await response.text();
  });

  test("a bad setting ends the start with one line", async () => {
    checkRefused(await runToEnd(name, { PORT: "abc" }), "PORT", "abc", /65535/);
    checkRefused(await runToEnd(name, { PORT: "70000" }), "PORT", "70000", /65535/);
    checkRefused(await runToEnd(name, { PORT: "0", HOST: "no.such.host.invalid" }), "no.such.host", "HOST");
    await Promise.all(
      VARIABLES.map(async ([variable, accepted]) => {
        const ended = await runToEnd(name, { PORT: "0", [variable]: "lots" });
        checkRefused(ended, `${variable} is "lots"; accepted: ${accepted}`);
        assert.is(ended.stdout, "", "it does not listen first");
      }),
    );
  });

  test("the six settings take effect", async () => {
    const set = await startServer(name, {
      VELITHON_MEMORY_THRESHOLD: "16000",
      VELITHON_GC_GEN0_INTERVAL: "5",
      VELITHON_GC_GEN2_INTERVAL: "10",
      VELITHON_POOL_MAX_SIZE: "6",
      VELITHON_CACHE_MAX_SIZE: "7",
      VELITHON_MEMORY_OPTIMIZATION: "yes",
    });
    for (let i = 0; i < 10; i++) await (await fetch(`${set.origin}/`)).text();
    const stats = (await (await fetch(`${set.origin}/stats`)).json()) as MemoryStats;
    const { memoryThreshold, gcStats, objectPools, weakCaches, requests } = stats;
    assert.is(memoryThreshold?.thresholdMb, 16_000);
    const { minor, major } = gcStats;
    assert.ok(minor.due >= 1 && major.due >= 1, `${minor.due} ${major.due}`);
    assert.is(objectPools.demo_tallies?.maxSize, 6);
    assert.is(weakCaches.demo_parsed?.maxSize, 7);
    assert.ok(requests.started >= 10);
    set.kill("SIGTERM");
    assert.is((await set.end()).code, 0);

    const off = await startServer(name, { VELITHON_MEMORY_OPTIMIZATION: "off" });
    await (await fetch(`${off.origin}/`)).text();
    const left = (await (await fetch(`${off.origin}/stats`)).json()) as MemoryStats;
    assert.is(left.requests.started, 0);
    off.kill("SIGTERM");
    assert.is((await off.end()).code, 0);
  });

  test("ends by SIGTERM when idle, connections kept open or not", async () => {
    server.kill("SIGTERM");
    const { code, signal, stdout, stderr } = await server.end();
    assert.is(signal, null);
    assert.is(code, 0, stderr);
    assert.match(stdout + stderr, /clean-?up/i);
  });

  test("bound to every address: the details need the token, also from here, and it is printed once", async () => {
    const open = await startServer(name, { HOST: "0.0.0.0" });
    try {
      const token = await find(/^admin token, until this process ends: (\S{32})$/m, open.output, open.output);
      const ask = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
        const response = await fetch(`http://127.0.0.1:${open.port}${path}`, { headers });
        await response.body?.cancel();
        return response.status;
      };
      for (const path of ["/stats", "/metrics", "/memory/state", "/memory/events", "/memory/history"]) {
        assert.is(await ask(path), 401, path);
        assert.is(await ask(path, { authorization: `Bearer ${token}` }), 200, path);
      }
      assert.is(await ask("/health/live"), 200);
      assert.is(open.output().split(token).length, 2);
    } finally {
      open.kill("SIGKILL");
    }
  });

  test("a dashboard that is open holds up no shutdown; a token of one's own is not printed", async () => {
    const own = await startServer(name, { VELITHON_ADMIN_TOKEN: "a-token-of-the-tests" });
    try {
      assert.not.match(own.output(), /token/);
      const response = await fetch(`${own.origin}/memory/events`);
      const reader = response.body!.getReader();
      await reader.read();
      const began = performance.now();
      own.kill("SIGTERM");
      const ended = await own.end();
      assert.is(ended.code, 0, ended.stderr);
      assert.not.match(ended.stdout, /cut off/);
      assert.ok(performance.now() - began < 8000);
      await reader.cancel().catch(() => {});
    } finally {
      own.kill("SIGKILL");
    }
  });

  test("a token that is none ends the start with one line that does not show it", async () => {
    const ended = await runToEnd(name, { PORT: "0", VELITHON_ADMIN_TOKEN: "tooshort" });
    checkRefused(ended, "VELITHON_ADMIN_TOKEN", /16 to 200/, /^(?!.*tooshort)/);
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal} lets a response that is under way complete`, async () => {
      const own = await startServer(name);
      try {
        const reference = await (await fetch(`${own.origin}/demo/stream`)).text();
        const { text, after } = await readAcross(own, signal);
        assert.ok(after > 0, "the stream was over before the signal: nothing was tested");
        assert.is(lines(text).length, lines(reference).length, "the response is cut off");
        const ended = await own.end();
        assert.is(ended.signal, null);
        assert.is(ended.code, 0, ended.stderr);
        assert.match(ended.stdout + ended.stderr, /clean-?up/i);
      } finally {
        own.kill("SIGKILL");
      }
    });
  }

  test.after(() => server?.kill("SIGKILL"));

  test.run();
}
