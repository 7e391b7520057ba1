import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Ended, type RunningServer, runToEnd, runtimeNames, startServer } from "../server.ts";

const json = async (response: Response): Promise<Record<string, unknown>> =>
  (await response.json()) as Record<string, unknown>;

const lines = (text: string): string[] => text.split("\n").filter((line) => line.trim() !== "");

/** A start that was refused: not 0, and one line on stderr that holds every part. */
function checkRefused({ code, signal, stderr }: Ended, ...parts: (string | RegExp)[]): void {
  assert.is(signal, null);
  assert.ok(code !== 0 && code !== null, `exit code ${code}`);
  assert.is(lines(stderr).length, 1, `one line on stderr, not:\n${stderr}`);
  for (const part of parts) assert.match(stderr, part);
}

/** Reads a stream that has begun, with a signal sent after its first chunk. */
async function readAcross(
  server: RunningServer,
  signal: NodeJS.Signals,
): Promise<{ text: string; after: number }> {
  const response = await fetch(`${server.origin}/demo/stream`);
  assert.is(response.status, 200);
  const decoder = new TextDecoder();
  let text = "";
  let chunks = 0;
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk, { stream: true });
    if (chunks++ === 0) server.kill(signal);
  }
  return { text, after: chunks - 1 };
}

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
      assert.is(response.status, 403, header);
      assert.not.match(await response.text(), /gcStats/);
    }
    const open = await get("/health/live", { headers: { "x-forwarded-for": "127.0.0.1" } });
    assert.is(open.status, 200);
    await open.text();
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
    const threshold = await runToEnd(name, { PORT: "0", VELITHON_MEMORY_THRESHOLD: "lots" });
    checkRefused(threshold, "VELITHON_MEMORY_THRESHOLD", "lots");
  });

  test("ends by SIGTERM when idle, connections kept open or not", async () => {
    server.kill("SIGTERM");
    const { code, signal, stdout, stderr } = await server.end();
    assert.is(signal, null);
    assert.is(code, 0, stderr);
    assert.match(stdout + stderr, /clean-?up/i);
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
