import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  bytes,
  count,
  digits,
  duration,
  megabytes,
  milliseconds,
  percent,
} from "../../src/app/page/format.ts";
import { FIELDS, MAX_POINTS, pointOf, Series } from "../../src/app/page/series.ts";
import { findingOf, limitRatio } from "../../src/app/page/words.ts";
import { type DashboardState, dashboardHistory, dashboardState } from "../../src/app/state.ts";
import { createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { type FakePort, type FakeSettings, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;

function make(settings: FakeSettings = {}): {
  port: FakePort;
  optimizer: MemoryOptimizer;
  state(): DashboardState;
} {
  const port = fakePort(settings);
  const optimizer = createMemoryOptimizer({ port });
  return { port, optimizer, state: () => dashboardState(optimizer, false) };
}

test("figures: what is not known is a dash, never a 0", () => {
  for (const write of [count, megabytes, bytes, milliseconds, percent]) {
    assert.is(write(undefined), "–");
    assert.match(write(0), /^0( |$)/);
  }
  assert.equal(
    [digits(1234.5), digits(123.45), digits(12.345), digits(1.2345)],
    ["1,235", "123", "12.3", "1.23"],
  );
  assert.equal([megabytes(1536), megabytes(0.5), bytes(3 * MB)], ["1.5 GB", "512 KB", "3 MB"]);
  assert.equal([milliseconds(0.05), milliseconds(1500), milliseconds(90_000)], ["50 µs", "1.5 s", "1.5 min"]);
  assert.equal(
    [duration(0), duration(1.2), duration(5), duration(72)],
    ["1 minute", "72 minutes", "5 hours", "3 days"],
  );
});

test("a sentence for each state of memory, the most urgent first", () => {
  const { port, optimizer, state } = make({ limitBytes: 1000 * MB });
  optimizer.enable();
  const at = (mb: number) => {
    port.memory.rssBytes = mb * MB;
    port.advance(30_000);
    return findingOf(state());
  };
  const fine = at(100);
  assert.equal([fine.tone, fine.title], ["good", "Memory is fine: 100 MB, 10 % of the limit"]);
  const elevated = at(750);
  assert.equal([elevated.tone, elevated.title], ["watch", "Memory pressure is elevated"]);
  assert.match(elevated.advice, /^Memory is at 75 %/);
  const critical = at(950);
  assert.equal([critical.tone, critical.title], ["bad", "Memory pressure is critical"]);
  assert.match(critical.advice, /limit.*server/);
  const unlimited = make();
  assert.is(limitRatio(unlimited.state()), undefined);
  assert.match(findingOf(unlimited.state()).advice, "No memory limit");
  unlimited.port.memory.rssBytes = undefined;
  unlimited.port.advance(1000);
  assert.is(findingOf(unlimited.state()).tone, "unknown");
});

test("a late event loop is told as that, not as a want of memory", () => {
  const { state } = make();
  const late = (level: "elevated" | "high", verdict?: "growing") => {
    const of = state();
    const pressure = {
      ...of.stats.pressure,
      level,
      cause: "lag",
      reason: `${level}: the event loop was late`,
    };
    const judged = verdict && {
      ...of.stats.verdict,
      state: verdict,
      summary: "It grows.",
      advice: ["Look."],
    };
    return findingOf({ ...of, stats: { ...of.stats, pressure, verdict: judged } } as DashboardState);
  };
  const elevated = late("elevated");
  assert.equal([elevated.tone, elevated.title], ["watch", "The event loop is late at times"]);
  assert.match(elevated.advice, /^The event loop was late\. Memory is not short\./);
  assert.equal([late("high").tone, late("high").title], ["bad", "The event loop is late"]);
  assert.is(late("elevated", "growing").title, "Memory grows and is not freed");
});

test("a verdict is told with what to do next; only pressure that takes the server out comes before it", () => {
  const { state } = make({ limitBytes: 1000 * MB });
  const judged = (verdict: object, level = "normal") => {
    const now = state();
    return findingOf({
      ...now,
      stats: { ...now.stats, verdict, pressure: { ...now.stats.pressure, level } } as DashboardState["stats"],
    });
  };
  const growing = {
    state: "growing",
    summary: "The heap has grown.",
    advice: ["Look at a.ts:7.", "Plan a restart."],
  };
  const leak = judged(growing);
  assert.equal([leak.tone, leak.advice, leak.steps], ["watch", growing.summary, growing.advice]);
  assert.is(judged({ ...growing, timeToLimitMs: 60_000 }).tone, "bad");
  assert.match(judged({ ...growing, timeToLimitMs: 60_000 }, "elevated").title, "grows");
  const pressed = judged(growing, "critical");
  assert.match(pressed.title, "critical");
  assert.equal(pressed.steps, [growing.summary, ...growing.advice]);
  assert.is(judged({ state: "lazy-gc", summary: "s", advice: [] }).tone, "good");
  assert.is(judged({ state: "allocator-retention", summary: "s", advice: [] }).tone, "watch");
  const stable = judged({ state: "stable", summary: "Nothing grows.", advice: [] });
  assert.equal([stable.tone, stable.advice], ["good", "Nothing grows."]);
});

test("a point holds what the state tells; pauses are those since the state before", () => {
  const { port, optimizer, state } = make({ limitBytes: 1000 * MB });
  const first = state();
  assert.equal([pointOf(first, undefined).used, pointOf(first, undefined).limit], [100, 1000]);
  assert.is(pointOf(first, undefined).oursMs, undefined, "unknown before there is a state before");
  optimizer.enable();
  const watched = state();
  optimizer.gcOptimizer.manualCollection();
  port.report({ kind: "major", forced: true, durationMs: 10, startedAtMs: undefined });
  port.report({ kind: "minor", forced: false, durationMs: 2, startedAtMs: undefined });
  const point = pointOf(state(), watched);
  assert.equal([point.oursMs, point.engineMs], [10, 2]);
  assert.is(pointOf(watched, state()).oursMs, undefined, "a server that began anew has gained nothing");
});

test("an hour of points, no more; a silence is a gap; an old state changes nothing", () => {
  const series = new Series();
  for (let i = 0; i < MAX_POINTS + 500; i++) series.add(i, { used: i });
  assert.is(series.times.length, MAX_POINTS);
  for (const field of FIELDS) assert.is(series.columns[field].length, MAX_POINTS);
  assert.equal([series.times[0], series.columns.used[0], series.columns.heap[0]], [500, 500, null]);
  series.add(10, { used: 1 });
  assert.is(series.times.at(-1), MAX_POINTS + 499);
  series.add(MAX_POINTS + 600, { used: 2 });
  assert.equal(series.columns.used.slice(-2), [null, 2]);
  const [times, used] = series.since(MAX_POINTS + 499, ["used"]);
  assert.equal([times.length, used!.length], [3, 3]);
});

test("the server's history comes before what is seen live, and only once", () => {
  const { port, optimizer, state } = make({ limitBytes: 1000 * MB });
  optimizer.enable();
  for (let i = 0; i < 60; i++) {
    port.memory.rssBytes = (100 + i) * MB;
    port.advance(1000);
  }
  const history = dashboardHistory(optimizer, "hour");
  const series = new Series();
  series.addHistory(history);
  const length = series.times.length;
  assert.ok(length >= 11 && length <= 14, `${length} points in a minute, 5 s by 5 s`);
  assert.is(Math.round(series.columns.used.at(-1)!), 159);
  assert.is(Math.round(series.columns.limit.at(-1)!), 1000);
  series.addHistory(history);
  assert.is(series.times.length, length);
  const now = state();
  series.add(now.atMs / 1000 + 5, pointOf(now, undefined));
  assert.is(series.columns.used.at(-1), 159);
  assert.ok(series.times.every((time, i) => i === 0 || time > series.times[i - 1]!));
});

test.run();
