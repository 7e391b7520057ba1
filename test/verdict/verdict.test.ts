import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { Judge, type Judgement } from "../../src/verdict/judge.ts";
import { inWords } from "../../src/verdict/verdict.ts";
import { duration, size } from "../../src/verdict/words.ts";
import { fakePort } from "../support/port.ts";

const MB = 1024 * 1024;
const HOUR = 3_600_000;

const NOTHING: Judgement = {
  state: "unknown",
  part: undefined,
  bytesPerHour: undefined,
  confidence: undefined,
  timeToLimitMs: undefined,
  windowMs: undefined,
  heapFloorBytes: undefined,
  externalFloorBytes: undefined,
  restBytes: undefined,
  lowestRestBytes: undefined,
  meanInUseBytes: undefined,
  majorCollections: 0,
  sinceMajorMs: undefined,
  majorIntervalMs: undefined,
  observedMs: undefined,
};

test("sizes and times as people say them", () => {
  const sizes: [number, string][] = [
    [0, "0.0 MB"],
    [1.26 * MB, "1.3 MB"],
    [312.4 * MB, "312 MB"],
    [1023.4 * MB, "1023 MB"],
    [1023.6 * MB, "1.0 GB"],
    [1434 * MB, "1.4 GB"],
  ];
  for (const [bytes, text] of sizes) assert.is(size(bytes), text);
  const times: [number, string][] = [
    [40_000, "40 s"],
    [59_400, "59 s"],
    [59_600, "1 min"],
    [12 * 60_000, "12 min"],
    [2 * HOUR, "2 h"],
    [4 * HOUR + 10 * 60_000, "4 h 10 min"],
    [48 * HOUR, "2 days"],
    [72 * HOUR, "3 days"],
  ];
  for (const [ms, text] of times) assert.is(duration(ms), text);
});

test("each state has a sentence and what to do next", () => {
  const cases: [Partial<Judgement>, RegExp, RegExp | undefined][] = [
    [
      { state: "stable", heapFloorBytes: 50 * MB, observedMs: 180_000 },
      /^No leak seen in 3 min\. Major collections leave 50 MB\.$/,
      undefined,
    ],
    [{ state: "unknown" }, /and none has been seen so far\.$/, /manualCollection/],
    [{ state: "unknown", majorCollections: 1 }, /and 1 has been seen so far/, /manualCollection/],
    [{ state: "unknown", majorCollections: 3 }, /and 3 have been seen so far/, /manualCollection/],
    [{ state: "unknown", majorCollections: 8 }, /cover less than a minute\.$/, /^Wait for a minute\.$/],
    [
      { state: "growing", part: "heap", bytesPerHour: 120 * MB, windowMs: 2 * HOUR, timeToLimitMs: 4 * HOUR },
      /^The heap has grown by 120 MB an hour over the last 2 h, .* the limit is reached in 4 h\.$/,
      /findCulprit/,
    ],
    [
      { state: "growing", part: "external", bytesPerHour: 9 * MB, windowMs: HOUR, timeToLimitMs: 600_000 },
      /^Memory of buffers has grown by 9\.0 MB .* in 10 min\.$/,
      /restart/,
    ],
    [
      { state: "growing", part: "rss", bytesPerHour: 9 * MB, windowMs: HOUR },
      /outside of heap.*bound\.$/,
      /jemalloc/,
    ],
    [
      {
        state: "lazy-gc",
        meanInUseBytes: 400 * MB,
        heapFloorBytes: 50 * MB,
        externalFloorBytes: 0,
        majorIntervalMs: 300_000,
      },
      /400 MB are in use, .* about 50 MB; major collections are 5 min apart\. Nothing leaks\.$/,
      /max-old-space-size/,
    ],
    [
      { state: "allocator-retention", restBytes: 300 * MB, lowestRestBytes: 50 * MB },
      /^250 MB of RSS/,
      /MALLOC_ARENA_MAX=2/,
    ],
  ];
  for (const [given, summary, first] of cases) {
    const words = inWords({ ...NOTHING, ...given });
    assert.match(words.summary, summary);
    assert.not.match(words.summary, /undefined|NaN/);
    if (first) assert.match(words.advice[0]!, first);
    else assert.equal(words.advice, []);
  }
});

test("what is not known is left out of the sentence, never told as 0", () => {
  const states = ["growing", "lazy-gc", "allocator-retention", "stable", "unknown"] as const;
  for (const state of states) {
    const { summary } = inWords({ ...NOTHING, state });
    assert.not.match(summary, /\d|undefined|NaN/, state);
  }
  const { summary } = inWords({
    ...NOTHING,
    state: "lazy-gc",
    meanInUseBytes: 400 * MB,
    heapFloorBytes: 50 * MB,
    sinceMajorMs: 300_000,
  });
  assert.match(
    summary,
    /rarely collects: 400 MB are in use; major collections are 5 min apart\. Nothing leaks\.$/,
  );
});

test("a heap that reserved more than is resident leaves no figure for the rest, and no retention later", () => {
  const judge = new Judge(createGovernorCore());
  const sample = (ms: number, heapTotalMb: number, rssMb: number): void =>
    judge.sample(ms, {
      heapUsedBytes: 40 * MB,
      heapTotalBytes: heapTotalMb * MB,
      externalBytes: 4 * MB,
      rssBytes: rssMb * MB,
      usedBytes: rssMb * MB,
      limitBytes: undefined,
      heapLimitBytes: undefined,
      inFlight: 0,
      requestsPerSecond: undefined,
      finishedRequests: 0,
    });
  for (let second = 1; second <= 60; second++) sample(second * 1000, 160, 150);
  assert.equal(
    [judge.decide(60_000).restBytes, judge.decide(60_000).lowestRestBytes],
    [undefined, undefined],
  );
  for (let second = 61; second <= 600; second++) sample(second * 1000, 60, 150);
  const { state, lowestRestBytes } = judge.decide(600_000);
  assert.equal([state, lowestRestBytes], ["unknown", 86 * MB]);
});

test("an optimizer tells it while it is enabled, from what the engine accounts for; judged once a sample", () => {
  const port = fakePort({ limitBytes: 1024 * MB, lacks: ["observeCollections"] });
  const optimizer = createMemoryOptimizer({ port });
  assert.is(optimizer.getMemoryStats().verdict, undefined);
  assert.is(optimizer.getVerdict().state, "unknown");
  optimizer.enable();
  assert.is(port.openProfiles, 1);
  let heap = 40 * MB;
  for (let second = 0; second < 600; second++) {
    heap += MB;
    port.memory.heapUsedBytes = heap + (second % 10) * MB;
    port.memory.heapTotalBytes = heap + 20 * MB;
    port.memory.rssBytes = heap + 80 * MB;
    if (second % 10 === 9) {
      port.profiled.push({ kind: "major", durationMs: 9, freedBytes: 9 * MB, heapAfterBytes: heap });
    }
    port.advance(1000);
  }
  const { verdict, gcStats } = optimizer.getMemoryStats();
  assert.is(verdict!.state, "growing");
  assert.is(verdict!.part, "heap");
  assert.ok(Math.abs(verdict!.bytesPerHour! / (3600 * MB) - 1) < 0.05, `${verdict!.bytesPerHour}`);
  assert.is(verdict!.majorCollections, 60);
  assert.is(optimizer.getVerdict(), verdict, "the same until the next sample");
  assert.is(gcStats.engine!.major.freedBytes, 540 * MB);
  assert.is(gcStats.engine!.major.measured, 60);
  const floors = optimizer.getHistory().series.heapFloorBytes.filter((floor) => floor !== null);
  assert.ok(floors.length >= 59 && floors.at(-1)! > 600 * MB);
  optimizer.disable();
  assert.is(port.openProfiles, 0);
  assert.is(optimizer.getMemoryStats().verdict, undefined);
});

test("where collections are observed, what lies outside the young generation at a major one is the floor", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port }).enable();
  port.heapSpaces = [
    { name: "new", usedBytes: 9 * MB, totalBytes: 9 * MB, young: true },
    { name: "old", usedBytes: 30 * MB, totalBytes: 40 * MB, young: false },
    { name: "large", usedBytes: 5 * MB, totalBytes: 5 * MB, young: false },
  ];
  port.report({ kind: "minor", forced: false, durationMs: 1, startedAtMs: port.nowMs });
  port.report({ kind: "major", forced: false, durationMs: 1, startedAtMs: port.nowMs });
  port.profiled.push({ kind: "major", durationMs: 9, freedBytes: 9 * MB, heapAfterBytes: 77 * MB });
  port.advance(1000);
  const { heapFloorBytes, majorCollections } = optimizer.getVerdict();
  assert.equal([heapFloorBytes, majorCollections], [35 * MB, 1]);
  optimizer.disable();
});

test("a collection that would tell more runs in an idle moment, never beside a request", () => {
  const port = fakePort({ limitBytes: 1024 * MB });
  const optimizer = createMemoryOptimizer({ port, longLivedAfterMs: 200_000 }).enable();
  const rise = (seconds: number): void => {
    for (let i = 0; i < seconds; i++) {
      port.memory.heapUsedBytes! += 2 * MB;
      port.memory.rssBytes! += 2 * MB;
      port.advance(1000);
    }
  };
  rise(60);
  assert.equal(port.collections, [], "no request was ever seen: nobody knows what is idle");
  const request = optimizer.requests.start();
  rise(60);
  assert.equal(port.collections, [], "a request is open");
  optimizer.requests.end(request);
  rise(60);
  const { length } = port.collections;
  assert.ok(length >= 1 && length <= 3, `${length} in a minute`);
  assert.ok(port.collections.every((kind) => kind === "major"));
  optimizer.disable();
});

test.run();
