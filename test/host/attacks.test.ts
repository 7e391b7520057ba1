import { Agent, get as httpGet, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type RunningServer, runtimeNames, startServer } from "../server.ts";

const TOKEN = "a-token-of-the-tests";
/** In no answer, whatever happens. */
const SECRETS = [
  "marker-of-a-header",
  "marker-of-a-query",
  "marker-of-a-path",
  "marker-of-a-body",
  "marker-of-the-environment",
];
const STREAMS = 1000;
const MAX_VIEWERS = 32;

/** What comes back for bytes as they are; empty where the server hangs up, or says nothing for a second. */
function sendRaw(port: number, bytes: string | Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(1000, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

for (const name of runtimeNames) {
  const test = suite(`attacks on ${name}`);
  let server: RunningServer;
  const authorization = `Bearer ${TOKEN}`;
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(server.origin + path, { headers });
  const text = async (path: string): Promise<string> => await (await get(path, { authorization })).text();
  const rssMb = async (): Promise<number> =>
    (JSON.parse(await text("/stats")) as { systemMemory: { rssMb: number } }).systemMemory.rssMb;

  /** Answers as before, promptly. */
  async function isWell(after: string): Promise<void> {
    const began = performance.now();
    const response = await get("/health/live");
    assert.is(response.status, 200, after);
    assert.is(await response.text(), "ok", after);
    assert.ok(performance.now() - began < 3000, `${after}: ${performance.now() - began} ms`);
  }

  test("starts", async () => {
    server = await startServer(name, { VELITHON_ADMIN_TOKEN: TOKEN, SECRET_OF_THE_OWNER: SECRETS[4]! });
    await isWell("the start");
  });

  test("malformed requests are refused or hung up on", async () => {
    const head = "Host: 127.0.0.1\r\n";
    const malformed: (string | Uint8Array)[] = [
      "GARBAGE\r\n\r\n",
      new Uint8Array(2048).map((_, i) => (i * 151) % 256),
      `GET /stats HTTP/9.9\r\n${head}\r\n`,
      `GET /memory/state HTTP/1.1\r\n${head}Host: evil.example\r\n\r\n`,
      "GET /memory/state HTTP/1.1\r\n\r\n",
      `GET /memory/state HTTP/1.1\r\nHost: \u0000\r\n\r\n`,
      `POST /memory/cleanup HTTP/1.1\r\n${head}Content-Length: -1\r\n\r\n`,
      `POST /memory/cleanup HTTP/1.1\r\n${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `POST /memory/cleanup HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\nZZ\r\n`,
      `GET /memory/state HTTP/1.1\r\n${head}X: ${"a".repeat(300_000)}\r\n\r\n`,
      `GET /${"a".repeat(300_000)} HTTP/1.1\r\n${head}\r\n`,
    ];
    for (const bytes of malformed) {
      const answer = await sendRaw(server.port, bytes);
      assert.not.match(answer, /rssMb|cleanupTimeMs/, `${bytes.slice(0, 60)}`);
      await isWell(`${bytes.slice(0, 60)}`);
    }
    for (const path of [
      "/%",
      "/%E0%A4%A",
      "/memory/%00",
      "/memory//state",
      "/memory/../stats",
      "/memory/state/..%2f",
    ]) {
      const answer = await sendRaw(server.port, `GET ${path} HTTP/1.1\r\nHost: evil.example\r\n\r\n`);
      assert.not.match(answer, "rssMb", path);
      await isWell(path);
    }
  });

  test("a body of 32 MB changes nothing, and stays nowhere", async () => {
    const before = await rssMb();
    const body = new Uint8Array(32 * 1024 * 1024);
    for (const path of ["/memory/cleanup", "/memory/collect", "/memory/state", "/nowhere"]) {
      // A server may answer before it has read all, and hang up then.
      const response = await fetch(server.origin + path, { method: "POST", body }).catch(() => undefined);
      assert.ok(
        response === undefined || response.status === 401 || response.status === 404,
        `${path} ${response?.status}`,
      );
      await response?.text().catch(() => {});
      await isWell(path);
    }
    // With the token: the body is not looked at.
    const cleanup = await fetch(`${server.origin}/memory/cleanup`, {
      method: "POST",
      headers: { authorization },
      body: "x".repeat(100_000),
    });
    assert.is(cleanup.status, 200);
    await cleanup.text();
    const after = await rssMb();
    assert.ok(after - before < 120, `${before} MB before, ${after} MB after`);
  });

  test(`${STREAMS} streams asked for at once: ${MAX_VIEWERS} open, the server answers on, and the places get free`, async () => {
    const agent = new Agent({ keepAlive: false, maxSockets: STREAMS });
    const before = await rssMb();
    const answers = await Promise.all(
      Array.from(
        { length: STREAMS },
        () =>
          new Promise<IncomingMessage>((resolve, reject) => {
            httpGet(`${server.origin}/memory/events`, { agent, headers: { authorization } }, resolve).on(
              "error",
              reject,
            );
          }),
      ),
    );
    const open = answers.filter(({ statusCode }) => statusCode === 200);
    assert.is(open.length, MAX_VIEWERS);
    assert.is(answers.filter(({ statusCode }) => statusCode === 503).length, STREAMS - MAX_VIEWERS);
    for (let i = 0; i < 10; i++) await isWell("with streams open");
    const during = await rssMb();
    assert.ok(during - before < 150, `${before} MB before, ${during} MB with them`);
    for (const answer of answers) answer.destroy();
    agent.destroy();
    let status = 503;
    for (let i = 0; i < 40 && status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      const response = await get("/memory/events", { authorization });
      status = response.status;
      await response.body?.cancel();
    }
    assert.is(status, 200, "no place got free");
  });

  test("ten thousand names of routes, and names that look like samples, add no label and no line", async () => {
    const shape = (page: string) =>
      page
        .split("\n")
        // A kind of collection, one of three, has its lines from the first of it on.
        .filter((line) => line !== "" && !line.startsWith("nodejs_gc_duration_seconds"))
        .map((line) => line.replace(/ \S+$/, ""));
    const before = shape(await text("/metrics"));
    const stats = (await text("/stats")).length;
    for (let batch = 0; batch < 100; batch++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, i) => {
          const path = `/flood-${batch}-${i}/${encodeURIComponent('"} 1\nevil_metric{a="')}`;
          await (await get(path, { "x-evil": 'a="b"} 1' })).text();
        }),
      );
    }
    const after = await text("/metrics");
    assert.not.match(after, /flood|evil/);
    // A line may come for what is known from now on, such as a first latency.
    assert.ok(
      shape(after).length - before.length < 5,
      shape(after)
        .filter((line) => !before.includes(line))
        .join("\n"),
    );
    assert.not.match(await text("/stats"), /flood|evil/);
    assert.ok(Math.abs((await text("/stats")).length - stats) < 2000);
  });

  test("no output holds what a request carried, a header, or the environment", async () => {
    const [header, query, path, body] = SECRETS;
    await (await get(`/demo/types?search=${query}`, { "x-secret": header!, cookie: `id=${header}` })).text();
    await (await get(`/${path}`, { authorization: `Bearer ${header}` })).text();
    await (await fetch(`${server.origin}/memory/cleanup`, { method: "POST", body: body! })).text();
    await (await get(`/memory/collect?generation=${query}`, { authorization })).text();
    const outputs = ["/", "/health", "/stats", "/metrics", "/memory", "/memory/state", "/memory/history"];
    const told = await Promise.all(outputs.map(text));
    for (const refused of [
      `/demo/types?limit=${query}`,
      "/stats",
      "/memory/state",
      `/${path}`,
      `/memory/history?span=${query}`,
    ]) {
      told.push(await (await get(refused, { authorization: `Bearer ${header}`, via: header! })).text());
    }
    told.push(server.output());
    for (const secret of [...SECRETS, TOKEN]) {
      for (const output of told) assert.not.match(output, secret);
    }
  });

  test.after(() => server?.kill("SIGKILL"));
  test.run();
}
