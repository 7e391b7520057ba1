import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, MemoryMonitor, type MemoryReading } from "../../src/index.ts";
import { type FakePort, fakePort, loadPort } from "../support/port.ts";

const MB = 1024 * 1024;

function make(port: FakePort): { monitor: MemoryMonitor; samples: { at: number; reading: MemoryReading }[] } {
  const samples: { at: number; reading: MemoryReading }[] = [];
  const monitor = new MemoryMonitor(
    port,
    () => 3 * MB,
    (at, reading) => samples.push({ at, reading }),
  );
  return { monitor, samples };
}

test("one timer, once a second, from start to stop", () => {
  const port = fakePort();
  const { monitor, samples } = make(port);
  port.advance(5000);
  assert.is(samples.length, 0, "making one starts nothing");
  monitor.start();
  monitor.start();
  assert.is(port.openTimers, 1);
  const start = port.nowMs;
  port.advance(5000);
  assert.equal(
    samples.map(({ at }) => at - start),
    [1000, 2000, 3000, 4000, 5000],
  );
  assert.is(samples[0]!.reading.rssBytes, 100 * MB);
  monitor.stop();
  monitor.stop();
  assert.is(port.openTimers, 0);
  port.advance(5000);
  assert.is(samples.length, 5);
  monitor.start();
  port.advance(1000);
  assert.is(samples.length, 6);
});

test("a reading serves everybody for 250 ms, and tells its age", () => {
  const port = fakePort();
  const { monitor } = make(port);
  assert.is(monitor.getStats().ageMs, 0);
  port.memory.rssBytes = 200 * MB;
  port.advance(250);
  assert.is(monitor.getStats().rssMb, 100);
  assert.is(monitor.getStats().ageMs, 250);
  assert.is(port.readings, 1);
  port.advance(1);
  assert.is(monitor.getStats().rssMb, 200);
  assert.is(monitor.getStats().ageMs, 0);
  assert.is(port.readings, 2);
  assert.is(monitor.read(port.nowMs, 0).rssBytes, 200 * MB);
  assert.is(port.readings, 3, "age 0: a new one");
});

test("in MB, and what cannot be read stays undefined, never 0", () => {
  const port = fakePort({ limitBytes: 512 * MB });
  const all = make(port).monitor.getStats();
  assert.equal(all, {
    rssMb: 100,
    vmsMb: 1000,
    heapUsedMb: 40,
    heapTotalMb: 60,
    externalMb: 5,
    arrayBuffersMb: 4,
    limitMb: 512,
    peakRssMb: 100,
    ageMs: 0,
  });

  const blind = fakePort({ countsWasmMemory: { external: true, arrayBuffers: true } });
  for (const field of Object.keys(blind.memory)) {
    blind.memory[field as keyof MemoryReading] = undefined;
  }
  const { ageMs, ...readings } = make(blind).monitor.getStats();
  assert.is(ageMs, 0);
  for (const [field, value] of Object.entries(readings)) assert.is(value, undefined, field);
});

test("the core's own share is left out where the runtime counts it, and never turns a reading negative", () => {
  const cases: [boolean, boolean, number, number][] = [
    [false, false, 5, 4],
    [true, false, 2, 4],
    [false, true, 5, 1],
    [true, true, 2, 1],
  ];
  for (const [external, arrayBuffers, externalMb, arrayBuffersMb] of cases) {
    const stats = make(fakePort({ countsWasmMemory: { external, arrayBuffers } })).monitor.getStats();
    assert.equal([stats.externalMb, stats.arrayBuffersMb], [externalMb, arrayBuffersMb]);
  }
  const port = fakePort({ countsWasmMemory: { external: true, arrayBuffers: true } });
  port.memory.externalBytes = MB;
  assert.is(make(port).monitor.getStats().externalMb, 0);
});

test("an optimizer leaves out its core's real size", () => {
  const port = fakePort({ countsWasmMemory: { external: true, arrayBuffers: true } });
  port.memory.externalBytes = 500 * MB;
  const optimizer = createMemoryOptimizer({ port });
  const share = (): number => 500 - optimizer.getMemoryStats().systemMemory.externalMb!;
  const small = share();
  assert.is(small * MB, optimizer.core.memoryBytes);
  optimizer.createObjectPool({ name: "large", factory: () => ({}), maxSize: 500_000 });
  assert.ok(share() > small, "a large pool grows the core");
  assert.is(share() * MB, optimizer.core.memoryBytes);
});

test("the peak is the highest RSS that was read", () => {
  const port = fakePort();
  const { monitor } = make(port);
  monitor.start();
  const peaks: (number | undefined)[] = [];
  for (const rss of [100, 300, 200, undefined, 250, 301]) {
    port.memory.rssBytes = rss === undefined ? undefined : rss * MB;
    port.advance(1000);
    peaks.push(monitor.getStats().peakRssMb);
  }
  assert.equal(peaks, [100, 300, 300, 300, 300, 301]);
  monitor.stop();
});

test("on the runtime at hand: plausible readings, or undefined where it cannot tell", async () => {
  const port = await loadPort();
  const { systemMemory } = createMemoryOptimizer({ port }).getMemoryStats();
  const { rssMb, vmsMb, heapUsedMb, heapTotalMb, externalMb, arrayBuffersMb, peakRssMb } = systemMemory;
  assert.ok(rssMb! > 10 && rssMb! < 4000, `${rssMb} MB`);
  assert.ok(peakRssMb! >= rssMb!);
  assert.is(vmsMb !== undefined, port.capabilities.virtualSize.available);
  if (vmsMb !== undefined) assert.ok(vmsMb > rssMb!);
  for (const mb of [heapUsedMb, heapTotalMb]) assert.ok(mb! > 0.5 && mb! < 1000, `${mb} MB`);
  for (const mb of [externalMb, arrayBuffersMb ?? 0]) assert.ok(mb! >= 0 && mb! < 1000, `${mb} MB`);
});

test.run();
