import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { type FakePort, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;

interface Made {
  port: FakePort;
  optimizer: MemoryOptimizer;
  logger: ReturnType<typeof recorder>;
}

/** An enabled optimizer with a threshold of 200 MB, at work on a fake process of `rssMb`. */
function make(rssMb: number): Made {
  const port = fakePort();
  const logger = recorder();
  port.memory.rssBytes = rssMb * MB;
  const optimizer = createMemoryOptimizer({ port, logger, memoryThresholdMb: 200 }).enable();
  return { port, optimizer, logger };
}

function threshold(optimizer: MemoryOptimizer): [boolean, number, number] {
  const { above, crossings, cleanups } = optimizer.getMemoryStats().memoryThreshold!;
  return [above, crossings, cleanups];
}

/** The seconds at which collections ran. */
function watch(port: FakePort, seconds: number): number[] {
  const start = port.nowMs;
  const at: number[] = [];
  const before = port.onCollect;
  port.onCollect = () => {
    at.push(Math.round((port.nowMs - start) / 1000));
    before?.();
  };
  port.advance(seconds * 1000);
  port.onCollect = before;
  return at;
}

test("below it nothing happens", () => {
  const { port, optimizer, logger } = make(199);
  port.advance(100_000);
  assert.equal(port.collections, []);
  assert.equal(logger.told, []);
  assert.equal(threshold(optimizer), [false, 0, 0]);
});

test("above it everything is cleaned up at once, requests in flight or not, and the log is told", () => {
  const { port, optimizer, logger } = make(199);
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  pool.release(pool.acquire());
  optimizer.requests.start();
  port.onCollect = () => {
    port.memory.rssBytes = 150 * MB;
  };
  port.memory.rssBytes = 250 * MB;
  port.advance(1000);
  assert.equal(port.collections, ["major"]);
  assert.is(pool.getStats().poolSize, 0);
  assert.equal(threshold(optimizer), [true, 1, 1]);
  assert.is(logger.told.length, 1);
  const [{ level, fields, message }] = logger.told as [(typeof logger.told)[0]];
  assert.is(level, "warn");
  assert.match(message, "threshold");
  assert.equal([fields.thresholdMb, fields.rssBytes, fields.freedBytes], [200, 250 * MB, 100 * MB]);
  assert.equal(fields.objectPools, { p: 1 });
  assert.is(optimizer.gcOptimizer.getStats().major.manual, 1);
});

test("hysteresis: entered at the threshold, left below nine tenths of it", () => {
  const { port, optimizer } = make(100);
  const after = (rssMb: number): [boolean, number, number] => {
    port.memory.rssBytes = rssMb * MB;
    port.advance(100_000);
    return threshold(optimizer);
  };
  assert.equal(after(199.9).slice(0, 2), [false, 0]);
  assert.equal(after(200).slice(0, 2), [true, 1]);
  assert.equal(after(181).slice(0, 2), [true, 1]);
  assert.equal(after(200).slice(0, 2), [true, 1], "no second crossing");
  assert.equal(after(179).slice(0, 2), [false, 1]);
  assert.equal(after(199).slice(0, 2), [false, 1]);
  assert.equal(after(201).slice(0, 2), [true, 2]);
});

test("while it frees enough it acts every 10 s at most", () => {
  const { port } = make(250);
  port.onCollect = () => {
    port.memory.rssBytes = 220 * MB;
  };
  const at: number[] = [];
  for (let second = 1; second <= 60; second++) {
    port.memory.rssBytes = 250 * MB;
    const before = port.collections.length;
    port.advance(1000);
    if (port.collections.length > before) at.push(second);
  }
  assert.equal(at, [1, 12, 23, 34, 45, 56]);
});

test("each one that frees little doubles the wait, up to ten minutes", () => {
  const { port, optimizer } = make(250);
  const at = watch(port, 3000);
  const waits = at.slice(1).map((second, i) => second - at[i]!);
  assert.is(at[0], 1);
  assert.equal(waits, [21, 41, 81, 161, 321, 601, 601, 601]);
  assert.equal(threshold(optimizer), [true, 1, at.length]);
});

test("once below, the wait is as at first", () => {
  const { port } = make(250);
  watch(port, 200);
  port.memory.rssBytes = 100 * MB;
  port.advance(700_000);
  port.memory.rssBytes = 250 * MB;
  assert.equal(watch(port, 60), [1, 22]);
});

test("an RSS that cannot be read is no reason to act", () => {
  const { port, optimizer } = make(250);
  port.memory.rssBytes = undefined;
  port.advance(100_000);
  assert.equal(port.collections, []);
  assert.equal(threshold(optimizer), [false, 0, 0]);
});

test("without a threshold, or disabled, nothing acts", () => {
  const port = fakePort();
  port.memory.rssBytes = 10_000 * MB;
  const optimizer = createMemoryOptimizer({ port }).enable();
  port.advance(100_000);
  assert.equal(port.collections, []);
  assert.is(optimizer.getMemoryStats().memoryThreshold, undefined);
  const off = make(250);
  off.optimizer.disable();
  off.port.advance(100_000);
  assert.equal(off.port.collections, []);
});

test.run();
