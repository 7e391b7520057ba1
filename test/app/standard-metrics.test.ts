import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import prometheus from "prom-client";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMetrics } from "../../src/app.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { fakePort, loadPort } from "../support/port.ts";

const MB = 1024 * 1024;
const port = await loadPort();
const { capabilities } = port;

/** Value by name and labels, as printed. */
const samplesOf = (text: string): Map<string, number> =>
  new Map(
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
const namesOf = (samples: ReadonlyMap<string, number>): string[] => [
  ...new Set(
    Array.from(samples.keys(), (key) => key.replace(/\{.*/, "").replace(/_(bucket|sum|count)$/, "")),
  ),
];

/** What prom-client prints although nobody measured it, and why ours is not there. */
function madeUp(name: string): boolean {
  // Bun: zeros for the spaces of another engine, and no resources whatever there is.
  if (name.startsWith("nodejs_heap_space_size_")) return !capabilities.heapSpaces.available;
  return /^nodejs_active_/.test(name) && port.readProcess()?.resources === undefined;
}

test("every default metric of prom-client that is measured on this runtime is there by its name, and no other", async () => {
  const theirs = new prometheus.Registry();
  prometheus.collectDefaultMetrics({ register: theirs });
  const optimizer = createMemoryOptimizer({ port }).enable();
  try {
    const registry = await createMetrics(optimizer);
    while (optimizer.getMemoryStats().systemMemory.loopLagMs === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    port.collect("major");
    await new Promise((resolve) => setTimeout(resolve, 50));
    optimizer.monitor.sample();
    const [expected, samples] = [samplesOf(await theirs.metrics()), samplesOf(await registry.metrics())];
    const names = namesOf(samples);
    const measured = namesOf(expected).filter((name) => !madeUp(name));
    assert.ok(measured.length > 20, measured.join());
    assert.equal(
      measured.filter((name) => !names.includes(name)),
      [],
      "missing",
    );
    for (const name of names.filter((each) => !each.startsWith("velithon_"))) {
      assert.ok(theirs.getSingleMetric(name) !== undefined, `${name} is none of prom-client's`);
    }
    const near: [string, number][] = [
      ["process_max_fds", 0],
      // In whole seconds there.
      ["process_start_time_seconds", 1],
      ["process_resident_memory_bytes", 20 * MB],
      ["process_virtual_memory_bytes", 200 * MB],
      ["process_heap_bytes", 200 * MB],
    ];
    for (const [name, apart] of near) {
      const [seen, told] = [expected.get(name)!, samples.get(name)!];
      assert.ok(Math.abs(seen - told) <= apart, `${name}: ${told}, not ${seen}`);
    }
    const version = [...expected.keys()].find((key) => key.startsWith("nodejs_version_info"))!;
    assert.is(samples.get(version), 1, version);
  } finally {
    optimizer.disable();
  }
});

test("a file that is opened is counted, and one that is closed is not", () => {
  const open = () => port.readProcess()?.openFiles;
  const before = open();
  if (!capabilities.kernelFiles.available) return assert.is(before, undefined);
  const files = Array.from({ length: 5 }, () => openSync(fileURLToPath(import.meta.url), "r"));
  assert.is(open(), before! + 5);
  for (const file of files) closeSync(file);
  assert.is(open(), before);
});

test("CPU time goes on, in both modes together as in one", () => {
  const before = port.readProcess()!;
  const until = before.userCpuMs! + 50;
  while (port.readProcess()!.userCpuMs! < until);
  const { userCpuMs, systemCpuMs } = port.readProcess()!;
  assert.ok(userCpuMs! > before.userCpuMs!);
  assert.ok(systemCpuMs! >= before.systemCpuMs!);
  assert.ok(Math.abs(userCpuMs! + systemCpuMs! - port.readCpuMs()!) < 50);
});

test("the process's own, in base units; one reading a scrape; what is not known makes no sample", async () => {
  const fake = fakePort();
  const registry = await createMetrics(createMemoryOptimizer({ port: fake }));
  const samples = samplesOf(await registry.metrics());
  assert.is(fake.processReadings, 1);
  const expected: Record<string, number> = {
    process_cpu_user_seconds_total: 1.5,
    process_cpu_system_seconds_total: 0.5,
    process_open_fds: 20,
    process_max_fds: 1024,
    process_heap_bytes: 300 * MB,
    'nodejs_version_info{version="v20.20.2",major="20",minor="20",patch="2"}': 1,
    'nodejs_active_resources{type="Timeout"}': 2,
    nodejs_active_resources_total: 3,
    'nodejs_active_handles{type="Server"}': 1,
    nodejs_active_handles_total: 1,
    nodejs_active_requests_total: 0,
  };
  for (const [name, value] of Object.entries(expected)) assert.is(samples.get(name), value, name);
  const strict = samplesOf(
    await (await createMetrics(createMemoryOptimizer({ port: fake }), { guideNames: false })).metrics(),
  );
  for (const name of strict.keys()) assert.not.match(name, /^nodejs_active_\w+_total/);
  fake.process = undefined;
  const without = await (await createMetrics(createMemoryOptimizer({ port: fake }))).metrics();
  assert.not.match(without, /^(process_(cpu_user|open|max|heap)|nodejs_(version|active))[^\n]* \d/m);
});

test("lag of the loop: least, mean, deviation and quantiles of ten seconds, and how late it is now", async () => {
  const fake = fakePort();
  const optimizer = createMemoryOptimizer({ port: fake }).enable();
  const registry = await createMetrics(optimizer);
  fake.advance(990);
  fake.nowMs += 300;
  fake.advance(1500);
  const samples = samplesOf(await registry.metrics());
  const lag = (of: string) => samples.get(`nodejs_eventloop_lag_${of}seconds`)!;
  assert.equal([lag(""), lag("min_"), lag("p50_"), lag("p90_")], [0, 0, 0, 0]);
  assert.ok(lag("p99_") > 0.28 && lag("p99_") <= 0.3, `${lag("p99_")}`);
  assert.ok(lag("mean_") > 0.005 && lag("mean_") < 0.05, `${lag("mean_")}`);
  assert.ok(lag("stddev_") > lag("mean_"));
  optimizer.disable();
});

test.run();
