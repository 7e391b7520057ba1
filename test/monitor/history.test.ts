import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { History, type HistoryPoint } from "../../src/monitor/history.ts";
import { fakePort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const MB = 1024 * 1024;

test("nothing yet", () => {
  const { series, intervalMs, endsAtMs } = new History().read("hour", 500, 10_000);
  assert.equal(series.rssBytes, []);
  assert.is(intervalMs, 5000);
  assert.is(endsAtMs, 10_000);
});

test("highest, last or sum of an interval; unknown is null; slept through is null", () => {
  const history = new History();
  const points: [number, HistoryPoint][] = [
    [10_000, { rssBytes: 5, limitBytes: 9, collectionPauseMs: 1 }],
    [11_000, { rssBytes: 7, limitBytes: 8, collectionPauseMs: 2 }],
    [14_999, { rssBytes: 6, limitBytes: undefined, collectionPauseMs: 0 }],
    [27_000, { rssBytes: 1 }],
  ];
  for (const [at, point] of points) history.add(at, point);
  const { series, endsAtMs } = history.read("hour", 28_000, 1_000_000);
  assert.equal(series.rssBytes, [7, null, null, 1]);
  assert.equal(series.limitBytes, [8, null, null, null]);
  assert.equal(series.collectionPauseMs, [3, null, null, null]);
  assert.equal(series.inFlight, [null, null, null, null]);
  assert.is(endsAtMs, 1_002_000, "the last interval ends at 30,000 of the clock");
  assert.equal(history.read("week", 28_000).series.rssBytes, [7]);
});

test("the last hour by 5 s, the last seven days by 15 min, against a plain list", () => {
  const random = new Random(7);
  const history = new History();
  const seen: [number, number][] = [];
  let now = 3_000_000;
  for (let i = 0; i < 20_000; i++) {
    now += 1000 + random.int(0, 100) + (random.int(0, 500) === 0 ? random.int(0, 5_000_000) : 0);
    const rssBytes = random.int(0, 1_000_000);
    seen.push([now, rssBytes]);
    history.add(now, { rssBytes });
  }
  for (const [span, intervalMs, length] of [
    ["hour", 5000, 720],
    ["week", 900_000, 672],
  ] as const) {
    const byInterval = new Map<number, number>();
    for (const [at, value] of seen) {
      const interval = Math.floor(at / intervalMs);
      byInterval.set(interval, Math.max(value, byInterval.get(interval) ?? 0));
    }
    const last = Math.floor(now / intervalMs);
    const count = Math.min(length, last - Math.floor(seen[0]![0] / intervalMs) + 1);
    const expected = Array.from({ length: count }, (_, i) => byInterval.get(last - count + 1 + i) ?? null);
    assert.equal(history.read(span, now).series.rssBytes, expected, span);
  }
});

test("an optimizer keeps it while it is enabled", () => {
  const port = fakePort({ limitBytes: 500 * MB });
  const optimizer = createMemoryOptimizer({ port });
  assert.equal(optimizer.getHistory().series.rssBytes, []);
  optimizer.enable();
  port.advance(3000);
  optimizer.requests.start();
  port.memory.rssBytes = 300 * MB;
  optimizer.gcOptimizer.manualCollection();
  port.advance(2000);
  optimizer.disable();
  port.advance(60_000);
  const { series } = optimizer.getHistory();
  const highest = (field: "rssBytes" | "limitBytes" | "inFlight"): number =>
    Math.max(...series[field].map((value) => value ?? 0));
  assert.is(highest("rssBytes"), 300 * MB);
  assert.is(highest("limitBytes"), 500 * MB);
  assert.is(highest("inFlight"), 1);
  assert.is(optimizer.getHistory("week").series.rssBytes.length, 1);
});

test("pauses are never negative, though the engine tells of its own only after ours were counted", () => {
  const port = fakePort({ lacks: ["observeCollections"] });
  const optimizer = createMemoryOptimizer({ port }).enable();
  optimizer.gcOptimizer.manualCollection();
  port.advance(5000);
  const profiled = { kind: "minor", durationMs: 2, freedBytes: 0, heapAfterBytes: 0 } as const;
  port.profiled.push(profiled);
  port.advance(5000);
  port.profiled.push(profiled);
  port.advance(5000);
  const pauses = optimizer.getHistory().series.collectionPauseMs;
  assert.ok(
    pauses.every((ms) => ms === null || ms >= 0),
    JSON.stringify(pauses),
  );
  assert.ok(pauses.includes(10) && pauses.includes(2), JSON.stringify(pauses));
  optimizer.disable();
});

test.run();
