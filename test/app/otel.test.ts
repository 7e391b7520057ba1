import { MeterProvider, MetricReader, type ResourceMetrics } from "@opentelemetry/sdk-metrics";
import * as conventions from "@opentelemetry/semantic-conventions/incubating";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { observeWithOpenTelemetry } from "../../src/app/otel.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort, loadPort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;

class Reader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

type Point = { value: unknown; attributes: Record<string, unknown> };

/** Points by name, and units; a refused name or value would be in `errors`. */
async function read(reader: Reader): Promise<{ points: Map<string, Point[]>; units: Map<string, string> }> {
  const { resourceMetrics, errors } = await reader.collect();
  assert.equal(errors, []);
  const all = (resourceMetrics as ResourceMetrics).scopeMetrics.flatMap(({ metrics }) => metrics);
  return {
    points: new Map(
      all.map(({ descriptor, dataPoints }) => [descriptor.name, dataPoints as unknown as Point[]]),
    ),
    units: new Map(all.map(({ descriptor }) => [descriptor.name, descriptor.unit])),
  };
}

function make(settings: FakeSettings = {}) {
  const port: FakePort = fakePort({ limitBytes: 500 * MB, ...settings });
  const optimizer = createMemoryOptimizer({ port }).enable();
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  return { port, optimizer, reader, meter };
}

const value = (points: Point[] | undefined): unknown => points?.[0]?.value;

test("names and units of the semantic conventions, and the library's own", async () => {
  const { port, optimizer, reader, meter } = make();
  port.nowMs = 12_500;
  optimizer.createObjectPool({ name: "p", factory: () => ({}) }).acquire();
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  const { points, units } = await read(reader);
  assert.is(value(points.get("process.memory.usage")), 100 * MB);
  assert.is(units.get("process.memory.usage"), "By");
  assert.is(value(points.get("process.memory.virtual")), 1000 * MB);
  assert.is(units.get("process.uptime"), "s");
  assert.is(value(points.get("process.uptime")), 12.5, "of the port's clock");
  assert.is(value(points.get("velithon.memory.limit")), 500 * MB);
  assert.is(units.get("velithon.gc.pause"), "s");
  const inUse = points.get("velithon.pool.objects")?.find((p) => p.attributes["velithon.state"] === "in_use");
  assert.equal([inUse?.value, inUse?.attributes["velithon.pool"]], [1, "p"]);
  for (const name of points.keys())
    assert.match(name, /^(process|nodejs|v8js|velithon)\.[a-z0-9_.]+[a-z0-9]$/);
  observed.close();
});

/** Names, kinds and units as the conventions' version 1.45 has them; `+`: a counter that falls as well. */
const CONVENTIONS: Readonly<Record<string, string>> = {
  "nodejs.eventloop.delay.max": "GAUGE s",
  "nodejs.eventloop.delay.mean": "GAUGE s",
  "nodejs.eventloop.delay.min": "GAUGE s",
  "nodejs.eventloop.delay.p50": "GAUGE s",
  "nodejs.eventloop.delay.p90": "GAUGE s",
  "nodejs.eventloop.delay.p99": "GAUGE s",
  "nodejs.eventloop.delay.stddev": "GAUGE s",
  "process.cpu.time": "COUNTER s cpu.mode=user,system",
  "process.memory.usage": "UP_DOWN_COUNTER By",
  "process.memory.virtual": "UP_DOWN_COUNTER By",
  "process.unix.file_descriptor.count": "UP_DOWN_COUNTER {file_descriptor}",
  "process.uptime": "GAUGE s",
  "v8js.gc.duration": "HISTOGRAM s v8js.gc.type=major",
  "v8js.memory.heap.space.available_size": "UP_DOWN_COUNTER By v8js.heap.space.name=new_space,old_space",
  "v8js.memory.heap.space.size": "UP_DOWN_COUNTER By v8js.heap.space.name=new_space,old_space",
  "v8js.memory.heap.used": "UP_DOWN_COUNTER By v8js.heap.space.name=new_space,old_space",
};

test("each name that is not ours is one of the conventions', with its kind, unit and attributes", async () => {
  const { port, optimizer, reader, meter } = make();
  port.heapSpaces = ["new_space", "old_space"].map((name) => ({
    name,
    usedBytes: MB,
    totalBytes: 3 * MB,
    availableBytes: 2 * MB,
  }));
  port.advance(2000);
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  port.report({ kind: "major", forced: false, durationMs: 5, startedAtMs: 0 });
  const { resourceMetrics } = await reader.collect();
  const told: Record<string, string> = {};
  const all = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
  assert.is(new Set(all.map(({ descriptor }) => descriptor.name)).size, all.length, "each name once");
  for (const { descriptor, dataPoints } of all) {
    if (descriptor.name.startsWith("velithon.")) continue;
    const { type } = descriptor as unknown as { type: string };
    const attributes = Object.keys(dataPoints[0]!.attributes).map(
      (key) => ` ${key}=${dataPoints.map((point) => point.attributes[key]).join()}`,
    );
    told[descriptor.name] = `${type.replace("OBSERVABLE_", "")} ${descriptor.unit}${attributes.join("")}`;
  }
  assert.equal(told, CONVENTIONS);
  const known = new Set<unknown>(Object.values(conventions));
  for (const name of Object.keys(told)) assert.ok(known.has(name), name);
  observed.close();
});

test("what is counted is the unit of a count", async () => {
  const { optimizer, reader, meter } = make();
  optimizer.createObjectPool({ name: "p", factory: () => ({}) }).acquire();
  optimizer.createWeakCache({ name: "c" }).get("none");
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  const { units } = await read(reader);
  const wanted = {
    "velithon.gc.collections": "{collection}",
    "velithon.requests": "{request}",
    "velithon.requests.in_flight": "{request}",
    "velithon.cleanups": "{cleanup}",
    "velithon.pool.objects": "{object}",
    "velithon.pool.acquires": "{acquire}",
    "velithon.cache.entries": "{entry}",
    "velithon.cache.lookups": "{lookup}",
    "velithon.admissions": "{admission}",
    "velithon.memory.pressure": "1",
    "velithon.memory.pressure_time": "s",
    "velithon.memory.used": "By",
  };
  for (const [name, unit] of Object.entries(wanted)) assert.is(units.get(name), unit, name);
  observed.close();
});

test("what is not known makes no point", async () => {
  const { port, optimizer, reader, meter } = make({ lacks: ["observeCollections"] });
  for (const field of Object.keys(port.memory)) port.memory[field as keyof typeof port.memory] = undefined;
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  const { points } = await read(reader);
  for (const name of ["process.memory.usage", "process.memory.virtual", "velithon.engine_gc.collections"]) {
    assert.equal(points.get(name) ?? [], [], name);
  }
  observed.close();
});

test("one reading for all that a collection of the reader asks", async () => {
  const { optimizer, reader, meter } = make();
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  let asked = 0;
  const original = optimizer.getMemoryStats.bind(optimizer);
  optimizer.getMemoryStats = () => {
    asked += 1;
    return original();
  };
  await read(reader);
  assert.is(asked, 1);
  observed.close();
});

test("after close nothing is observed any more", async () => {
  const { port, optimizer, reader, meter } = make();
  const before = port.openObservers;
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  await read(reader);
  observed.close();
  assert.is(port.openObservers, before);
  let asked = 0;
  optimizer.getMemoryStats = () => {
    asked += 1;
    throw new Error("asked after close");
  };
  await read(reader);
  assert.is(asked, 0);
});

test("without a provider it reads nothing, and what it began to watch ends with it", () => {
  const port = fakePort();
  port.heapSpaces = [];
  const optimizer = createMemoryOptimizer({ port });
  const observed = observeWithOpenTelemetry({ optimizer });
  const { readings } = port;
  port.advance(60_000);
  assert.is(port.readings, readings);
  assert.equal([port.openTimers, port.openObservers], [0, 1]);
  observed.close();
  assert.is(port.openObservers, 0);
});

test("options that do not fit are named", () => {
  const { optimizer } = make();
  throwsCode(() => observeWithOpenTelemetry({} as never), "INVALID_OPTION", "optimizer is missing");
  throwsCode(() => observeWithOpenTelemetry({ optimizer, meter: {} as never }), "INVALID_OPTION", "a Meter");
});

test("on this runtime: what is true of it is told", async () => {
  const port = await loadPort();
  const optimizer = createMemoryOptimizer({ port });
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("test");
  const observed = observeWithOpenTelemetry({ optimizer, meter });
  const { points } = await read(reader);
  const rss = value(points.get("process.memory.usage")) as number;
  assert.ok(rss > 10 * MB && rss < 4096 * MB, String(rss));
  const isV8 = port.name !== "bun";
  assert.is((points.get("v8js.memory.heap.used") ?? []).length > 0, isV8);
  if (isV8) {
    const names = points
      .get("v8js.memory.heap.space.size")!
      .map(({ attributes }) => attributes["v8js.heap.space.name"]);
    assert.ok(names.includes("new_space") && names.includes("old_space"), names.join(" "));
  }
  if (port.name === "node") {
    for (let i = 0; i < 3; i++) port.collect("major");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const pauses = (await read(reader)).points.get("v8js.gc.duration");
    assert.ok(
      pauses?.some(({ attributes }) => attributes["v8js.gc.type"] === "major"),
      JSON.stringify(pauses),
    );
  }
  observed.close();
});

test.run();
