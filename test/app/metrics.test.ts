import { test } from "uvu";
import * as assert from "uvu/assert";
import { createApp, createMetrics } from "../../src/app.ts";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort } from "../support/port.ts";
import { rejectsCode, throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;

interface Scraped {
  /** Value by name and labels, as printed. */
  samples: Map<string, number>;
  types: Map<string, string>;
  text: string;
}

/** Reads Prometheus text; anything that is not of its form fails. */
function parse(text: string): Scraped {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("# HELP ")) continue;
    const type = /^# TYPE (\S+) (gauge|counter|histogram)$/.exec(line);
    if (type) {
      types.set(type[1]!, type[2]!);
      continue;
    }
    const sample = /^([a-z_][a-z0-9_]*(?:\{.*\})?) (\S+)$/.exec(line);
    assert.ok(sample, `a line of no known form: ${line}`);
    const value = Number(sample![2]);
    assert.ok(Number.isFinite(value), line);
    samples.set(sample![1]!, value);
  }
  return { samples, types, text };
}

function make(settings: FakeSettings = {}): {
  port: FakePort;
  optimizer: MemoryOptimizer;
  scrape: () => Promise<Scraped>;
} {
  const port = fakePort({ limitBytes: 512 * MB, ...settings });
  const optimizer = createMemoryOptimizer({ port });
  const app = createApp({ optimizer, loopback: true });
  const scrape = async (): Promise<Scraped> => {
    const response = await app.request("/metrics", { headers: { host: "localhost" } });
    assert.is(response.status, 200);
    assert.match(response.headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
    return parse(await response.text());
  };
  return { port, optimizer, scrape };
}

test("the standard names and the guide's, with their values", async () => {
  const { samples, types } = await make().scrape();
  const expected: [string, string, number][] = [
    ["process_resident_memory_bytes", "gauge", 100 * MB],
    ["process_virtual_memory_bytes", "gauge", 1000 * MB],
    ["nodejs_heap_size_used_bytes", "gauge", 40 * MB],
    ["nodejs_heap_size_total_bytes", "gauge", 60 * MB],
    ["nodejs_external_memory_bytes", "gauge", 5 * MB],
    ["velithon_memory_usage_mb", "gauge", 100],
    ["velithon_memory_limit_bytes", "gauge", 512 * MB],
  ];
  for (const [name, type, value] of expected) {
    assert.is(types.get(name), type, name);
    assert.is(samples.get(name), value, name);
  }
  assert.is(types.get("velithon_gc_collections_total"), "counter");
});

test("collections by kind and outcome, pauses in seconds, the engine's own apart", async () => {
  const { port, optimizer, scrape } = make();
  optimizer.gcOptimizer.manualCollection({ generation: 0 });
  optimizer.gcOptimizer.manualCollection({ generation: 2 });
  optimizer.gcOptimizer.manualCollection({ generation: 2 });
  port.report({ kind: "minor", forced: false, durationMs: 5, startedAtMs: undefined });
  const { samples } = await scrape();
  const outcomes = ["performed", "manual", "dropped", "over_budget", "not_worth", "unsupported", "merged"];
  const labels = ["minor", "major"].flatMap((kind) =>
    outcomes.map((outcome) => `velithon_gc_collections_total{kind="${kind}",outcome="${outcome}"}`),
  );
  for (const label of labels) assert.ok(samples.has(label), label);
  assert.is(samples.get('velithon_gc_collections_total{kind="minor",outcome="manual"}'), 1);
  assert.is(samples.get('velithon_gc_collections_total{kind="major",outcome="manual"}'), 2);
  assert.is(samples.get('velithon_gc_pause_seconds_total{kind="major"}'), 0.02);
  assert.is(samples.get('velithon_engine_gc_collections_total{kind="minor"}'), 1);
  assert.is(samples.get('velithon_engine_gc_pause_seconds_total{kind="minor"}'), 0.005);
});

test("the engine's pauses as prom-client has them: buckets that hold all below, sum and count, by kind", async () => {
  const { port, optimizer, scrape } = make();
  const before = await scrape();
  assert.is(before.types.get("nodejs_gc_duration_seconds"), "histogram");
  for (const label of before.samples.keys()) assert.not.match(label, /^nodejs_gc_duration/, "none was seen");
  optimizer.enable();
  for (const ms of [0.5, 1, 7, 300, 9000]) {
    port.report({ kind: "major", forced: false, durationMs: ms, startedAtMs: undefined });
  }
  const { samples } = await scrape();
  const bucket = (le: string) => samples.get(`nodejs_gc_duration_seconds_bucket{kind="major",le="${le}"}`);
  const bounds = ["0.001", "0.01", "0.1", "1", "2", "5", "+Inf"];
  assert.equal(bounds.map(bucket), [2, 3, 3, 4, 4, 4, 5]);
  assert.is(samples.get('nodejs_gc_duration_seconds_count{kind="major"}'), 5);
  assert.ok(Math.abs(samples.get('nodejs_gc_duration_seconds_sum{kind="major"}')! - 9.3085) < 1e-9);
  assert.not(samples.has('nodejs_gc_duration_seconds_count{kind="minor"}'));
  assert.is(samples.get("process_cpu_seconds_total"), port.readCpuMs()! / 1000);
});

test("the name, the type, the labels and the buckets of prom-client's own histogram of pauses", async () => {
  const { default: prometheus } = await import("prom-client");
  const registry = new prometheus.Registry();
  const { port, optimizer, scrape } = make();
  optimizer.enable();
  port.report({ kind: "minor", forced: false, durationMs: 3, startedAtMs: undefined });
  const theirs = new prometheus.Histogram({
    name: "nodejs_gc_duration_seconds",
    help: "h",
    labelNames: ["kind"],
    buckets: [0.001, 0.01, 0.1, 1, 2, 5],
    registers: [registry],
  });
  theirs.observe({ kind: "minor" }, 0.003);
  const lines = (text: string) =>
    text
      .split("\n")
      .filter((line) => /^nodejs_gc_duration/.test(line))
      .map((line) =>
        line.replace(/\{.*\}/, (labels) => `{${labels.slice(1, -1).split(",").sort().join(",")}}`),
      )
      .sort();
  assert.equal(lines((await scrape()).text), lines(await registry.metrics()));
});

test("requests, pools and caches; any name makes a label", async () => {
  const { optimizer, scrape } = make();
  const name = 'a "b" \\ c\n{d="e"}';
  const pool = optimizer.createObjectPool({ name, factory: () => ({}) });
  const cache = optimizer.createWeakCache<string, object>({ name: "cache" });
  pool.release(pool.acquire());
  pool.acquire();
  cache.put("a", pool);
  cache.get("a");
  cache.get("b");
  const { samples } = await scrape();
  const label = 'a \\"b\\" \\\\ c\\n{d=\\"e\\"}';
  assert.is(samples.get(`velithon_pool_objects{pool="${label}",state="in_use"}`), 1);
  assert.is(samples.get(`velithon_pool_objects{pool="${label}",state="idle"}`), 0);
  assert.is(samples.get(`velithon_pool_acquires_total{pool="${label}",source="reused"}`), 1);
  assert.is(samples.get('velithon_cache_entries{cache="cache"}'), 1);
  assert.is(samples.get('velithon_cache_lookups_total{cache="cache",outcome="hit"}'), 1);
  assert.is(samples.get('velithon_cache_lookups_total{cache="cache",outcome="miss"}'), 1);
  assert.is(samples.get('velithon_requests_in_flight{age="young"}'), 1, "the scrape itself");
  assert.is(samples.get('velithon_requests_in_flight{age="long_lived"}'), 0);
});

test("each scrape is fresh: counters do not add up, what was closed is gone", async () => {
  const { port, optimizer, scrape } = make();
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  optimizer.gcOptimizer.manualCollection();
  const manual = 'velithon_gc_collections_total{kind="major",outcome="manual"}';
  for (const finished of [0, 1, 2]) {
    const { samples } = await scrape();
    assert.is(samples.get(manual), 1);
    assert.is(samples.get("velithon_requests_total"), finished);
  }
  pool.close();
  port.memory.rssBytes = 200 * MB;
  port.advance(1000);
  const { samples, text } = await scrape();
  assert.is(samples.get("velithon_memory_usage_mb"), 200);
  assert.not.match(text, 'pool="p"');
});

test("the guide's name is an alias that can be switched off", async () => {
  const names = async (options: { guideNames?: boolean }): Promise<string> =>
    await (await createMetrics(createMemoryOptimizer({ port: fakePort() }), options)).metrics();
  assert.match(await names({}), /^velithon_memory_usage_mb 100$/m);
  const without = await names({ guideNames: false });
  assert.not.match(without, /_mb\b/);
  assert.match(without, /^process_resident_memory_bytes 104857600$/m);
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const app = createApp({ optimizer, loopback: true, metrics: { guideNames: false } });
  assert.not.match(await (await app.request("/metrics", { headers: { host: "localhost" } })).text(), /_mb\b/);
  throwsCode(
    () => createApp({ optimizer, metrics: { guideNames: 1 } as never }),
    "INVALID_OPTION",
    "guideNames is 1",
  );
  await rejectsCode(createMetrics(optimizer, { names: 1 } as never), "INVALID_OPTION", "no option names");
});

test("the metrics of one scrape share one reading, those of the next have another", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const registry = await createMetrics(optimizer);
  let asked = 0;
  const original = optimizer.getMemoryStats.bind(optimizer);
  optimizer.getMemoryStats = () => {
    asked += 1;
    return original();
  };
  await registry.metrics();
  assert.is(asked, 1);
  port.memory.rssBytes = 300 * MB;
  port.advance(1000);
  assert.match(await registry.getSingleMetricAsString("process_resident_memory_bytes"), String(300 * MB));
  assert.is(asked, 2);
});

test("what is not known makes no sample, never a 0", async () => {
  const { port, scrape } = make({ lacks: ["observeCollections"] });
  for (const field of Object.keys(port.memory)) port.memory[field as keyof typeof port.memory] = undefined;
  const { samples } = await scrape();
  for (const name of [
    "process_resident_memory_bytes",
    "process_virtual_memory_bytes",
    "nodejs_heap_size_used_bytes",
    "nodejs_external_memory_bytes",
    "velithon_memory_usage_mb",
  ]) {
    assert.not(samples.has(name), name);
  }
  for (const label of samples.keys()) assert.not.match(label, /^velithon_engine/);
  assert.not(samples.has("velithon_request_duration_p50_seconds"), "before the first request");
  const again = (await scrape()).samples;
  assert.ok(again.has("velithon_request_duration_p99_seconds"));
});

test.run();
