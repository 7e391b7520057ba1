import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, GateKind, type Schedule } from "../../src/core/index.ts";

function scheduleAt(now: number, longLivedAfterMs = 3200): Schedule {
  const { schedule } = createCore();
  schedule.configureFlight(longLivedAfterMs, now);
  return schedule;
}

test("a request counts as long-lived from 31/32 to 32/32 of the bound, by the slice it started in", () => {
  for (const origin of [0, 1_000_000, 1.7e12]) {
    for (const into of [0, 1, 50, 99.5]) {
      const schedule = scheduleAt(origin);
      const start = origin + into;
      schedule.requestStart(start);
      schedule.tick(origin + 3199);
      assert.is(schedule.flightStats().inFlight, 1, `${into} ms into its slice, at an age of ${3199 - into}`);
      schedule.tick(origin + 3200);
      const { inFlight, longLived } = schedule.flightStats();
      assert.equal({ inFlight, longLived }, { inFlight: 0, longLived: 1 }, `at an age of ${3200 - into}`);
    }
  }
});

test("a silence of any length makes all that is open long-lived", () => {
  for (const silence of [3200, 6400, 10_000, 3_600_000, 1e10, 1e13]) {
    const schedule = scheduleAt(0);
    for (let i = 0; i < 50; i++) schedule.requestStart(i * 60);
    schedule.tick(3000 + silence);
    const { inFlight, longLived } = schedule.flightStats();
    assert.equal({ inFlight, longLived }, { inFlight: 0, longLived: 50 }, `after ${silence} ms`);
    schedule.requestStart(3000 + silence);
    assert.is(schedule.flightStats().inFlight, 1);
  }
});

test("the end of a long-lived request is finished, but not in the latency", () => {
  const schedule = scheduleAt(0);
  schedule.requestStart(0);
  schedule.requestStart(4000);
  schedule.requestEnd(5000, 0, 0);
  schedule.requestEnd(5000.5, 4000, 0);
  const { finished, longLived, inFlight, highWater } = schedule.flightStats();
  assert.equal(
    { finished, longLived, inFlight, highWater },
    { finished: 2, longLived: 0, inFlight: 0, highWater: 1 },
  );
  const { count, min, max } = schedule.latency.summary();
  assert.equal({ count, min, max }, { count: 1, min: 1_000_500, max: 1_000_500 });
});

test("an end without a start is counted and otherwise ignored", () => {
  for (const openForLong of [false, true]) {
    const schedule = scheduleAt(10_000);
    const gate = 1 << schedule.createGate(1, GateKind.notify);
    if (openForLong) schedule.requestStart(10_000);
    schedule.requestStart(20_000);
    assert.is(schedule.requestEnd(20_000, 20_000, gate), gate);
    // An old start that nobody made passes for a long-lived one while there is one.
    const starts = [20_000, 19_000, 25_000, 1e15, ...(openForLong ? [] : [0, -5, Number.NaN])];
    for (const start of starts) {
      const before = schedule.flightStats();
      assert.is(schedule.requestEnd(20_000, start, gate), 0, `start ${start}`);
      assert.equal(schedule.flightStats(), { ...before, unmatchedEnds: before.unmatchedEnds + 1 });
    }
    assert.is(schedule.flightStats().longLived, openForLong ? 1 : 0);
    assert.is(schedule.collectStats(20_000).counts[0], 1);
    assert.is(schedule.latency.summary().count, 1);
  }
});

test("whether a request was in flight at a time", () => {
  const schedule = scheduleAt(0);
  assert.is(schedule.wasBusyAt(0), false);
  assert.is(schedule.wasBusyAt(5), false);
  const intervals: [number, number][] = [
    [10, 20],
    [30, 90],
    [100, 100],
  ];
  for (const [start, end] of intervals) {
    schedule.requestStart(start);
    schedule.requestEnd(end, start, 0);
  }
  schedule.requestStart(110);
  const expected: [number, boolean][] = [
    [0, false],
    [9.9, false],
    [10, true],
    [19.9, true],
    [20, false],
    [29, false],
    [30, true],
    [89, true],
    [90, false],
    [100, false],
    [109, false],
    [110, true],
    [1000, true],
  ];
  for (const [time, busy] of expected) assert.is(schedule.wasBusyAt(time), busy, `at ${time}`);
});

test("what lies before the last 64 changes is not known", () => {
  const schedule = scheduleAt(0);
  for (let i = 1; i <= 40; i++) {
    schedule.requestStart(i * 10);
    schedule.requestEnd(i * 10 + 5, i * 10, 0);
  }
  assert.is(schedule.wasBusyAt(0), undefined);
  assert.is(schedule.wasBusyAt(89), undefined);
  assert.is(schedule.wasBusyAt(90), true);
  assert.is(schedule.wasBusyAt(95), false);
  assert.is(schedule.wasBusyAt(402), true);
  assert.is(schedule.wasBusyAt(1000), false);
});

test("overlapping requests are one busy time; a long-lived one is none", () => {
  const schedule = scheduleAt(0);
  schedule.requestStart(100);
  schedule.requestStart(150);
  schedule.requestEnd(200, 100, 0);
  schedule.requestEnd(300, 150, 0);
  schedule.requestStart(1000);
  schedule.tick(6000);
  for (const [time, busy] of [
    [99, false],
    [100, true],
    [220, true],
    [300, false],
    [1000, true],
    [5999, true],
    [6000, false],
  ] as const) {
    assert.is(schedule.wasBusyAt(time), busy, `at ${time}`);
  }
});

test.run();
