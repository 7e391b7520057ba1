import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createApp } from "../../src/app.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { type RunningServer, runtimeNames, startServer } from "../server.ts";
import { freePort } from "../support/free-port.ts";
import { fakePort } from "../support/port.ts";

const TOKEN = "a-token-of-the-tests";
const folder = fileURLToPath(new URL("../../examples/prometheus/", import.meta.url));
const read = (name: string): string => readFileSync(folder + name, "utf8");

const has = (command: string): boolean => spawnSync(command, ["--version"]).status === 0;
/** Debian's package `prometheus` brings both. */
const installed = has("promtool") && has("prometheus");
if (!installed)
  console.log("skipped: promtool and prometheus are not installed (Debian: apt-get install prometheus)");
const withPrometheus = installed ? test : test.skip;

function promtool(args: readonly string[], input?: string): void {
  const { status, stdout, stderr } = spawnSync("promtool", args, { cwd: folder, input, encoding: "utf8" });
  assert.is(status, 0, `promtool ${args.join(" ")}\n${stdout}${stderr}`);
}

/** All that a server tells when everything there can be is there. */
async function scrape(guideNames: boolean): Promise<string> {
  const optimizer = createMemoryOptimizer({ port: fakePort({ limitBytes: 2 ** 30 }) }).enable();
  optimizer.createObjectPool({ name: 'odd "name" \\ \n{}', factory: () => ({}) });
  optimizer.createBufferPool({ name: "buffers" });
  optimizer.createWeakCache({ name: "cache" });
  const app = createApp({ optimizer, loopback: true, metrics: { guideNames } });
  const headers = { host: "localhost" };
  await (await app.request("/health", { headers })).text();
  return await (await app.request("/metrics", { headers })).text();
}

/** The guide's name, and prom-client's: switched off by `guideNames: false`. */
const AGAINST_THE_RULES = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
  "velithon_memory_usage_mb",
];
const objected = (stderr: string): string[] =>
  stderr
    .trim()
    .split("\n")
    .filter(Boolean)
    .map((line) => line.split(" ")[0]!)
    .sort();

withPrometheus(
  "promtool finds nothing to object to; with the guide's name and three of prom-client's, those alone",
  async () => {
    promtool(["check", "metrics"], await scrape(false));
    const { stderr } = spawnSync("promtool", ["check", "metrics"], {
      input: await scrape(true),
      encoding: "utf8",
    });
    assert.equal(objected(stderr), AGAINST_THE_RULES);
  },
);

withPrometheus(
  "promtool accepts the example's configuration, rules and alerts, and they fire as they should",
  () => {
    promtool(["check", "config", "prometheus.yml"]);
    promtool(["check", "rules", "rules.yml", "alerts.yml"]);
    promtool(["test", "rules", "rules.test.yml"]);
  },
);

test("every metric that an example asks for is one that the server tells, or a rule of the example", async () => {
  const told = new Set([...(await scrape(false)).matchAll(/^# TYPE (\S+)/gm)].map((match) => match[1]!));
  for (const [, record] of read("rules.yml").matchAll(/record: (\S+)/g)) told.add(record!);
  told.add("up");
  const rules = ["rules.yml", "alerts.yml"]
    .map(read)
    .join("\n")
    .replaceAll(/record: .*/g, "");
  const grafana = JSON.parse(read("grafana.json")) as { panels: { targets: { expr: string }[] }[] };
  const expressions = grafana.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length >= 12);
  const name = /\b(?:(?:service|instance):)?(?:velithon|nodejs|process)_\w+(?::\w+)*/g;
  const asked = [...`${rules}\n${expressions.join("\n")}`.matchAll(name)].map(([found]) => found);
  assert.ok(asked.length > 30);
  assert.equal(
    [...new Set(asked)].filter((found) => !told.has(found)),
    [],
  );
});

async function until<T>(ask: () => Promise<T | undefined>, what: string): Promise<T> {
  const end = performance.now() + 40_000;
  for (;;) {
    const answer = await ask().catch(() => undefined);
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new Error(`not in 40 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

withPrometheus(
  "a real Prometheus scrapes the three servers with the token, and evaluates the example's rules",
  async () => {
    const home = mkdtempSync(join(tmpdir(), "velithon-prometheus-"));
    const servers: RunningServer[] = [];
    let prometheus: ReturnType<typeof spawn> | undefined;
    try {
      for (const name of runtimeNames) servers.push(await startServer(name, { VELITHON_ADMIN_TOKEN: TOKEN }));
      for (const { origin } of servers) {
        const headers = { authorization: `Bearer ${TOKEN}` };
        const input = await (await fetch(`${origin}/metrics`, { headers })).text();
        const { stderr } = spawnSync("promtool", ["check", "metrics"], { input, encoding: "utf8" });
        const others = objected(stderr).filter((name) => !AGAINST_THE_RULES.includes(name));
        assert.equal(others, [], stderr);
      }
      for (const file of ["rules.yml", "alerts.yml"]) cpSync(folder + file, join(home, file));
      writeFileSync(join(home, "token"), TOKEN);
      writeFileSync(
        join(home, "prometheus.yml"),
        read("prometheus.yml")
          .replace("scrape_interval: 15s", "scrape_interval: 1s\n  evaluation_interval: 1s")
          .replace("# authorization:", "authorization:")
          .replace(/#( +credentials_file: ).*/, `$1${join(home, "token")}`)
          .replace(/targets: .*/, `targets: [${servers.map(({ port }) => `127.0.0.1:${port}`).join(", ")}]`),
      );
      const port = await freePort();
      prometheus = spawn(
        "prometheus",
        [
          `--config.file=${join(home, "prometheus.yml")}`,
          `--storage.tsdb.path=${join(home, "data")}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        { stdio: "ignore" },
      );
      const query = async (
        expression: string,
      ): Promise<{ metric: Record<string, string>; value: [number, string] }[]> => {
        const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
        const answer = (await (await fetch(url)).json()) as { data: { result: never[] } };
        return answer.data.result;
      };
      const up = await until(async () => {
        const found = await query("up == 1");
        return found.length === 3 ? found : undefined;
      }, "three targets up");
      assert.equal([...new Set(up.map(({ metric }) => metric.service))], ["shop"]);
      const runtimes = (await query("velithon_runtime_info")).map(({ metric }) => metric.runtime).sort();
      assert.equal(runtimes, ["bun", "deno", "node"]);
      await until(async () => {
        const [sum] = await query("service:velithon_memory_used_bytes:sum");
        const each = await query("velithon_memory_used_bytes");
        const largest = Math.max(...each.map(({ value }) => Number(value[1])));
        return each.length === 3 && Number(sum?.value[1]) > largest * 1.2 ? sum : undefined;
      }, "the recording rule adds up the workers");
      const targets = await fetch(`http://127.0.0.1:${port}/api/v1/targets`);
      assert.not.match(await targets.text(), '"lastError":"[^"]');
    } finally {
      prometheus?.kill("SIGKILL");
      for (const server of servers) server.kill("SIGKILL");
      rmSync(home, { recursive: true, force: true });
    }
  },
);

test.run();
