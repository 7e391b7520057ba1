import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { freePort } from "../support/free-port.ts";

const top = fileURLToPath(new URL("../..", import.meta.url));
const bin = (name: string): string => `${top}node_modules/.bin/${name}`;
const WORKERS = 3;
const REQUESTS = 300;

const folder = mkdtempSync(join(tmpdir(), "vwh-"));
const running = new Set<ChildProcess>();
test.after(() => rmSync(folder, { recursive: true, force: true }));
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

function start(words: readonly string[], variables: Record<string, string>): ChildProcess {
  const env = { ...process.env, NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", ...variables };
  const child = spawn(words[0]!, words.slice(1), { cwd: top, env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  return child;
}

/** A connection of its own for each request, so that all workers get some. */
async function get(origin: string, path: string): Promise<string> {
  const response = await fetch(origin + path, { headers: { connection: "close" } });
  return await response.text();
}

const valueIn = (text: string, line: string): number => {
  const found = text.split("\n").find((each) => each.startsWith(`${line} `));
  return Number(found?.slice(line.length + 1));
};

async function until<T>(read: () => Promise<T>, fits: (value: T) => boolean, limitMs = 20_000): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await read().catch(() => undefined);
    if (value !== undefined && fits(value)) return value;
    if (performance.now() > end)
      assert.unreachable(`not within ${limitMs} ms; last: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Way {
  name: string;
  /** Programs to start, each with its words. */
  commands: (port: number) => string[][];
}

const ways: Way[] = [
  {
    name: "node:cluster",
    commands: () => [[process.execPath, "--import", "tsx", "examples/workers-node.ts"]],
  },
  {
    name: "Bun, processes with reusePort",
    commands: () => Array.from({ length: WORKERS }, () => [bin("bun"), "examples/workers-bun.ts"]),
  },
  {
    name: "deno serve --parallel",
    commands: (port) => {
      const listen = ["--host", "127.0.0.1", "--port", String(port)];
      const allow = ["--allow-env", "--allow-read", "--allow-write", "--allow-net", "--allow-sys"];
      return [
        [bin("deno"), "serve", "--no-lock", "--parallel", ...listen, ...allow, "examples/workers-deno.ts"],
      ];
    },
  },
];

for (const [i, { name, commands }] of ways.entries()) {
  test(`${name}: ${WORKERS} workers, ${REQUESTS} requests, and one /metrics has them all`, async () => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    const directory = join(folder, String(i));
    const variables = { PORT: String(port), WORKERS_DIRECTORY: directory, DENO_JOBS: String(WORKERS) };
    const children = commands(port).map((words) => start(words, variables));
    let output = "";
    for (const child of children) child.stderr!.setEncoding("utf8").on("data", (text) => (output += text));
    try {
      // Every worker has an info sample of its own runtime; starts are seen in the sum of in-flight readings.
      await until(
        () => get(origin, "/metrics"),
        (text) => text.includes("velithon_workers ") && valueIn(text, "velithon_workers") === WORKERS,
      );
      for (let sent = 0; sent < REQUESTS; sent += 20) {
        await Promise.all(Array.from({ length: 20 }, () => get(origin, "/")));
      }
      // The last responses may still be closing.
      const text = await until(
        () => get(origin, "/metrics"),
        (metrics) => valueIn(metrics, "velithon_requests_total") === REQUESTS,
      );
      assert.is(valueIn(text, 'velithon_requests_in_flight{age="young"}'), 0);
      const stats = JSON.parse(await get(origin, "/stats"));
      assert.equal(
        [stats.workers.length, stats.requests.finished, stats.requests.inFlight],
        [WORKERS, REQUESTS, 0],
      );
      for (let again = 0; again < 6; again++) {
        assert.is(valueIn(await get(origin, "/metrics"), "velithon_requests_total"), REQUESTS);
      }
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${output}`);
    } finally {
      for (const child of children) {
        const end = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGTERM");
        setTimeout(() => child.kill("SIGKILL"), 3000).unref();
        await end;
        running.delete(child);
      }
    }
  });
}

test.run();
