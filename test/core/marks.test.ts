import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, Due, GateKind, type Schedule } from "../../src/core/index.ts";
import { near } from "../support/compare.ts";

function request(schedule: Schedule, now: number, gates = 0): number {
  schedule.requestStart(now);
  return schedule.requestEnd(now, now, gates);
}

test("a clean-up is due by time, where requests have finished since the last one", () => {
  const { schedule } = createCore();
  schedule.configureCleanup(60_000, 1000, 0);
  assert.is(schedule.tick(60_000), 0, "nobody came");
  request(schedule, 60_001);
  assert.is(schedule.tick(119_999), 0);
  assert.is(schedule.tick(120_000), Due.cleanup);
  assert.is(schedule.tick(120_001), 0, "told once");
  schedule.cleanupDone(125_000, 5000);
  request(schedule, 125_001);
  assert.is(schedule.tick(184_999), 0, "60 s from its end");
  assert.is(schedule.tick(185_000), Due.cleanup);
  schedule.cleanupDone(186_000, 5000);
  assert.is(schedule.tick(250_000), 0, "nobody came since");
  request(schedule, 260_000);
  schedule.cleanupDone(260_001, undefined);
  assert.is(schedule.tick(330_000), 0, "nobody came since the one run by hand");
  request(schedule, 330_001);
  schedule.configureCleanup(0, 1000, 330_002);
  assert.is(schedule.tick(1e9), 0, "0: never by time");
});

test("clean-ups that free too little sit out 1, 3, 7 .. 63 turns; a good one clears that", () => {
  const { schedule } = createCore();
  schedule.configureCleanup(0, 1000, 0);
  const gate = 1 << schedule.createGate(1, GateKind.cleanup);
  const waits = (freed: number | undefined, count: number): number[] =>
    Array.from({ length: count }, () => {
      let turns = 0;
      while (request(schedule, 1, gate) !== Due.cleanup) turns++;
      schedule.cleanupDone(1, freed);
      return turns;
    });
  assert.equal(waits(999, 8), [0, 1, 3, 7, 15, 31, 63, 63]);
  assert.equal(waits(1000, 3), [63, 0, 0]);
  assert.equal(waits(0, 2), [0, 1]);
  assert.is(schedule.cleanupStats().willSkip, 3);
  schedule.cleanupDone(1, undefined);
  assert.is(schedule.cleanupStats().willSkip, 3, "not judged");
  schedule.cleanupDone(1, 5000);
  const { performed, skipped, freedBytes, willSkip } = schedule.cleanupStats();
  assert.equal([performed, freedBytes, willSkip], [15, 8 * 999 + 3000 + 5000, 0]);
  assert.is(skipped, 1 + 3 + 7 + 15 + 31 + 63 + 63 + 63 + 1);
});

test("the mark is entered at high and left below low", () => {
  const { schedule } = createCore();
  schedule.configureWatermark(1000, 800, 10);
  const samples: [bytes: number | undefined, above: boolean, crossings: number][] = [
    [999, false, 0],
    [1000, true, 1],
    [900, true, 1],
    [800, true, 1],
    [undefined, true, 1],
    [799, false, 1],
    [900, false, 1],
    [5000, true, 2],
    [0, false, 2],
  ];
  samples.forEach(([bytes, above, crossings], i) => {
    schedule.watermarkSample(i * 1000, bytes);
    const stats = schedule.watermarkStats();
    assert.equal([stats.above, stats.crossings], [above, crossings], `sample ${i}: ${bytes}`);
  });
  schedule.configureWatermark(0, 0, 10);
  assert.is(schedule.watermarkSample(1e6, 1e12), false, "0: no mark");
});

/** The times at which the mark demands an action, each of which frees `freed` of 1,000 bytes. */
function actions(cooldownMs: number, freed: number | undefined, untilMs: number, everyMs: number): number[] {
  const { schedule } = createCore();
  schedule.configureWatermark(900, 500, cooldownMs);
  const times: number[] = [];
  for (let now = 0; now <= untilMs; now += everyMs) {
    if (!schedule.watermarkSample(now, 1000)) continue;
    times.push(now);
    schedule.watermarkDone(now, freed);
  }
  return times;
}

test("above the mark it acts once a cool-down, and ever later where that frees little", () => {
  assert.equal(actions(1000, 50, 4000, 100), [0, 1000, 2000, 3000, 4000]);
  const seconds = (times: number[]): number[] => times.map((time) => time / 1000);
  for (const freed of [49, 0, undefined]) {
    const times = seconds(actions(10_000, freed, 3_000_000, 1000));
    assert.equal(times, [0, 20, 60, 140, 300, 620, 1220, 1820, 2420], `freed ${freed}`);
  }
  assert.equal(seconds(actions(900_000, 0, 3_600_000, 1000)), [0, 900, 1800, 2700, 3600], "never sooner");
});

test("one that was not answered holds for a cool-down too; leaving the mark forgets the back-off", () => {
  const { schedule } = createCore();
  schedule.configureWatermark(900, 500, 1000);
  assert.is(schedule.watermarkSample(0, 1000), true);
  assert.is(schedule.watermarkSample(999, 1000), false);
  assert.is(schedule.watermarkSample(1000, 1000), true);
  schedule.watermarkDone(1000, 0);
  assert.is(schedule.watermarkStats().waitMs, 2000);
  schedule.watermarkSample(1500, 100);
  assert.is(schedule.watermarkStats().waitMs, 1000);
  assert.is(schedule.watermarkSample(2999, 1000), false, "back above, still within the wait");
  assert.is(schedule.watermarkSample(3000, 1000), true);
});

test("rates are exact exponentials of what each tick saw", () => {
  const { schedule } = createCore();
  const rates = (): (number | undefined)[] => {
    const { requestsPerSecond10s, requestsPerSecond60s } = schedule.flightStats();
    return [requestsPerSecond10s, requestsPerSecond60s];
  };
  assert.equal(rates(), [undefined, undefined]);
  schedule.tick(0);
  assert.equal(rates(), [undefined, undefined], "one tick sees nothing");
  const seen: [dtMs: number, requests: number][] = [
    [1000, 100],
    [1000, 300],
    [250, 0],
    [0.5, 3],
    [1, 0],
    [5000, 20_000],
    [60_000, 6],
    [390_000, 39],
    [410_000, 0],
    [3_600_000, 7200],
  ];
  let now = 0;
  let expected: [number, number] | undefined;
  for (const [dtMs, requests] of seen) {
    now += dtMs;
    for (let i = 0; i < requests; i++) request(schedule, now);
    schedule.tick(now);
    schedule.tick(now);
    const perSecond = (requests / dtMs) * 1000;
    const [before10s, before60s] = expected ?? [perSecond, perSecond];
    expected = [
      perSecond + (before10s - perSecond) * Math.exp(-dtMs / 10_000),
      perSecond + (before60s - perSecond) * Math.exp(-dtMs / 60_000),
    ];
    const [per10s, per60s] = rates();
    near(per10s, expected[0], 1e-5, `10 s rate at ${now}`);
    near(per60s, expected[1], 1e-5, `60 s rate at ${now}`);
  }
});

test.run();
