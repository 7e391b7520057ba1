import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { countTicks, monitored } from "../support/monitored.ts";
import { fakePort, loadPort } from "../support/port.ts";

const MB = 1024 * 1024;

test("one timer, once a second, from start to stop", () => {
  const port = fakePort();
  const { monitor, samples } = monitored(port);
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
  const { monitor } = monitored(port);
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
  port.heapLimitBytes = 2048 * MB;
  port.heapSpaces = [{ name: "new_space", usedBytes: MB, totalBytes: 16 * MB, young: true }];
  const all = monitored(port).monitor.getStats();
  assert.equal(all, {
    rssMb: 100,
    vmsMb: 1000,
    heapUsedMb: 40,
    heapTotalMb: 60,
    externalMb: 5,
    arrayBuffersMb: 4,
    heapLimitMb: 2048,
    heapSpaces: { new_space: { usedMb: 1, totalMb: 16, availableMb: undefined } },
    workingSetMb: undefined,
    limitMb: 512,
    limitSource: "runtime",
    usedMb: 100,
    psiSomeAvg10Ratio: undefined,
    psiFullAvg10Ratio: undefined,
    loopLagMs: undefined,
    peakRssMb: 100,
    ageMs: 0,
    sampler: { samples: 0, costMs: 0, maxSampleMs: 0, wallShareRatio: undefined },
  });

  const blind = fakePort({ countsWasmMemory: { external: 1, arrayBuffers: 1 } });
  for (const field of Object.keys(blind.memory)) {
    blind.memory[field as keyof typeof blind.memory] = undefined;
  }
  blind.arrayBuffersBytes = undefined;
  const { ageMs, sampler, ...readings } = monitored(blind).monitor.getStats();
  assert.is(ageMs, 0);
  assert.is(sampler.samples, 0);
  for (const [field, value] of Object.entries(readings)) assert.is(value, undefined, field);
});

test("the owner's limit is above all that can be read", () => {
  const port = fakePort({ limitBytes: 512 * MB });
  const optimizer = createMemoryOptimizer({ port, limitBytes: 300 * MB });
  const { limitMb, limitSource, usedMb } = optimizer.getMemoryStats().systemMemory;
  assert.equal([limitMb, limitSource, usedMb], [300, "option", 100]);
});

test("it measures what it takes itself", () => {
  const port = fakePort();
  const readMemory = port.readMemory.bind(port);
  port.readMemory = () => {
    port.nowMs += 0.5;
    return readMemory();
  };
  const { monitor } = monitored(port);
  monitor.start();
  port.advance(10_000);
  const { samples, costMs, maxSampleMs, wallShareRatio } = monitor.getStats().sampler;
  assert.is(samples, 10);
  assert.ok(Math.abs(costMs - 5) < 1e-6 && Math.abs(maxSampleMs - 0.5) < 1e-6, `${costMs}, ${maxSampleMs}`);
  assert.ok(Math.abs(wallShareRatio! - 0.0005) < 1e-5, `${wallShareRatio}`);
  monitor.stop();
  port.advance(10_000);
  assert.is(
    monitor.getStats().sampler.wallShareRatio,
    wallShareRatio,
    "the time it stands still does not count",
  );
});

test("the sampler may be hurried, down to 100 ms", () => {
  const port = fakePort();
  const { monitor, samples } = monitored(port);
  monitor.start();
  port.advance(1000);
  monitor.setSampleInterval(200);
  port.advance(1000);
  assert.is(samples.length, 6);
  monitor.setSampleInterval(1);
  port.advance(1000);
  assert.is(samples.length, 16);
  monitor.stop();
});

test("while it is silent each tick takes a sample, and samples keep their times", () => {
  const port = fakePort();
  const { monitor, samples } = monitored(port);
  const ticks = countTicks(port);
  const inFiveSeconds = (): number => {
    const before = ticks();
    port.advance(5000);
    return ticks() - before;
  };
  monitor.setSilent(true);
  assert.is(port.openTimers, 0, "not before it was started");
  monitor.start();
  const start = port.nowMs;
  assert.is(inFiveSeconds(), 50);
  monitor.setSilent(true);
  assert.is(inFiveSeconds(), 5);
  monitor.setSilent(true);
  assert.equal([inFiveSeconds(), port.openTimers], [5, 1]);
  assert.equal(
    samples.map(({ at }) => at - start),
    Array.from({ length: 15 }, (_, second) => 1000 * (second + 1)),
  );
  monitor.setSampleInterval(100);
  monitor.setSilent(true);
  assert.is(inFiveSeconds(), 50);
  assert.is(samples.length, 15 + 50);
  monitor.setSampleInterval(1000);
  monitor.setSilent(true);
  port.nowMs += 1300;
  port.advance(0);
  assert.ok(
    Math.abs(samples.at(-1)!.reading.loopLagMs!.max - 300) < 1e-6,
    "late by what is above its interval",
  );
  monitor.setSilent(false);
  assert.is(inFiveSeconds(), 50);
  monitor.stop();
  assert.is(port.openTimers, 0);
});

test("loop lag: how late the ticks come, the highest since the last sample", () => {
  const port = fakePort();
  const { monitor, samples } = monitored(port);
  monitor.start();
  port.advance(990);
  // The loop stands still for 300 ms: the next tick comes that late.
  port.nowMs += 300;
  port.advance(2000);
  const lags = samples.map(({ reading }) => reading.loopLagMs!);
  assert.ok(lags[0]!.max >= 280 && lags[0]!.max <= 300, `${lags[0]!.max}`);
  assert.is(lags.at(-1)!.max, 0);
  assert.is(lags[0]!.p50, 0);
  assert.ok(lags.at(-1)!.p99 < 300);
  monitor.stop();
  assert.is(monitor.getStats().loopLagMs, undefined);
  monitor.start();
  port.advance(2000);
  assert.is(samples.at(-1)!.reading.loopLagMs!.p99, 0, "a new start knows nothing of what was before");
  monitor.stop();
});

test("what a program loads before its first tick is no lag", () => {
  const port = fakePort();
  const { monitor, samples } = monitored(port);
  monitor.start();
  port.nowMs += 300;
  port.advance(2000);
  assert.is(samples.at(-1)!.reading.loopLagMs!.p99, 0);
  assert.is(samples[0]!.reading.loopLagMs!.max, 0);
  monitor.stop();
});

test("the peak is the highest RSS that was read", () => {
  const port = fakePort();
  const { monitor } = monitored(port);
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
