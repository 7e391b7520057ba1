import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  type CollectSettings,
  createCore,
  Due,
  GateKind,
  type Generation,
  Policy,
  type Schedule,
  VelithonError,
} from "../../src/core/index.ts";
import { near } from "../support/compare.ts";

const settings: CollectSettings = {
  policy: Policy.interval,
  thresholds: [2000, 15, 5],
  hasMinor: true,
  budgetRatio: 1,
  minFreedBytesPerMs: 1000,
  deferralMs: 5000,
};

function scheduleWith(changes: Partial<CollectSettings> = {}): Schedule {
  const { schedule } = createCore();
  schedule.configureCollect({ ...settings, ...changes }, 0);
  return schedule;
}

function request(schedule: Schedule, now: number, gates = 0): number {
  schedule.requestStart(now);
  return schedule.requestEnd(now, now, gates);
}

test("thresholds as CPython's: 16 runs of generation 0, one of 1; after six of 1 one of 2", () => {
  const schedule = scheduleWith();
  const runs: { after: number; generation: Generation }[] = [];
  let since = 0;
  while (runs.length < 210) {
    since++;
    if (request(schedule, 1) !== Due.collect) continue;
    const generation = schedule.decide(1)!;
    schedule.done(generation, 0, undefined);
    runs.push({ after: since, generation });
    since = 0;
  }
  const [young, middle] = [Array<Generation>(16).fill(0), 1 as const];
  const round: Generation[] = [...Array.from({ length: 6 }, () => [...young, middle]).flat(), 2];
  assert.equal(
    runs.map((run) => run.generation),
    [...round, ...round, ...round].slice(0, runs.length),
  );
  assert.ok(runs.every((run) => run.after === 2001));
});

test("observe: neither thresholds nor gates make anything due; what is asked for by name still is", () => {
  const schedule = scheduleWith({ policy: Policy.observe, thresholds: [1, 1, 1] });
  const gates = [GateKind.generation0, GateKind.generation2].map((kind) =>
    schedule.createGate(3, kind, true),
  );
  const mask = gates.reduce((bits, gate) => bits | (1 << gate), 0);
  for (let i = 0; i < 1000; i++) assert.is(request(schedule, i, mask), 0);
  const { minor, major, counts, policy } = schedule.collectStats(1000);
  assert.equal([minor.due, major.due, counts[0], policy], [0, 0, 1000, "observe"]);
  schedule.requestCollection(2, 1000);
  assert.is(schedule.decide(1000), 2);
  schedule.done(2, 1, 1e9);
  schedule.setPolicy(Policy.interval);
  assert.is(request(schedule, 1001), 0);
  assert.is(request(schedule, 1002), Due.collect);
});

test("nothing is collected while a request is in flight, unless its gate says so", () => {
  const schedule = scheduleWith();
  schedule.requestStart(0);
  const idleOnly = 1 << schedule.createGate(1, GateKind.generation0);
  assert.is(request(schedule, 10, idleOnly), 0);
  assert.is(schedule.decide(20), undefined);
  assert.is(schedule.collectStats(20).pending, 0);
  const whileBusy = 1 << schedule.createGate(1, GateKind.generation2, true);
  assert.is(request(schedule, 30, whileBusy), Due.collect);
  assert.is(schedule.decide(30), 2);
  schedule.done(2, 1, 1e9);
  const { minor, major } = schedule.collectStats(30);
  assert.equal([minor.due, minor.merged, major.due, major.performed], [1, 1, 1, 1]);
});

test("what waits longer than the deferral bound is dropped, and its count starts again", () => {
  const schedule = scheduleWith({ thresholds: [2, 15, 5], deferralMs: 100 });
  schedule.requestStart(0);
  for (let i = 0; i < 3; i++) assert.is(request(schedule, 10), 0);
  assert.is(schedule.collectStats(10).pending, 0);
  assert.is(schedule.tick(110), 0);
  assert.is(schedule.collectStats(110).pending, 0, "100 ms is not longer than 100 ms");
  assert.is(schedule.tick(110.5), 0);
  const { minor, counts, pending } = schedule.collectStats(111);
  assert.equal([minor.due, minor.dropped, pending, counts[0]], [1, 1, undefined, 0]);
  assert.is(schedule.requestEnd(112, 0, 0), 0, "idle now, but there is nothing left to run");
});

test("the budget fills with wall time, and a long pause leaves it in debt", () => {
  const schedule = scheduleWith({ budgetRatio: 0.01 });
  const tryAt = (now: number): Generation | undefined => {
    schedule.requestCollection(0, now);
    return schedule.decide(now);
  };
  assert.is(tryAt(0), 0, "no experience: it is tried");
  schedule.done(0, 10, 1e9);
  near(schedule.collectStats(0).budgetMs, -10, 1e-9, "debt");
  assert.is(tryAt(1999), undefined, "10 ms are expected, 9.99 ms are in hand");
  near(schedule.collectStats(1999).budgetMs, 9.99, 1e-9, "in hand");
  assert.is(tryAt(2001), 0);
  schedule.done(0, 0, 1e9);
  near(schedule.collectStats(1e9).budgetMs, 600, 1e-9, "never more than a minute's worth");
  assert.equal(schedule.collectStats(1e9).minor.overBudget, 1);
});

test("what is expected of a pause is their moving average, those run by hand included", () => {
  const schedule = scheduleWith({ budgetRatio: 0.01 });
  schedule.manual(0, 100, undefined);
  schedule.manual(0, 200, undefined);
  const expectedMs = 100 + 0.3 * (200 - 100);
  for (const [ms, generation] of [
    [expectedMs - 0.01, undefined],
    [expectedMs + 0.01, 0],
  ] as const) {
    schedule.requestCollection(0, ms / 0.01);
    assert.is(schedule.decide(ms / 0.01), generation, `${ms} ms in hand`);
  }
});

test("a major takes fifty pauses from the budget, and a full budget allows any", () => {
  const schedule = scheduleWith({ budgetRatio: 0.01 });
  const tryAt = (now: number): Generation | undefined => {
    schedule.requestCollection(2, now);
    return schedule.decide(now);
  };
  assert.is(tryAt(0), 2, "no experience: it is tried");
  schedule.done(2, 10, 1e9);
  near(schedule.collectStats(0).budgetMs, -500, 1e-9, "debt");
  assert.is(tryAt(99_999), undefined, "500 ms are expected, 499.99 ms are in hand");
  assert.is(tryAt(100_001), 2);
  schedule.done(2, 100, 1e9);
  assert.is(tryAt(300_000), undefined, "still in debt");
  assert.is(tryAt(1e9), 2, "a full budget, though more is expected than it ever holds");
});

test("poor collections sit out 1, 3, 7 .. 63 turns; a good one clears that, an unknown one changes nothing", () => {
  const schedule = scheduleWith();
  let now = 0;
  const waits = (freed: number | undefined, count: number): number[] =>
    Array.from({ length: count }, () => {
      for (let turns = 0; ; turns++) {
        now += 1000;
        schedule.requestCollection(0, now);
        if (schedule.decide(now) === undefined) continue;
        schedule.done(0, 2, freed);
        return turns;
      }
    });
  assert.equal(waits(1999, 9), [0, 1, 3, 7, 15, 31, 63, 63, 63]);
  assert.equal(waits(2000, 3), [63, 0, 0]);
  assert.equal(waits(undefined, 2), [0, 0]);
  assert.equal(waits(0, 2), [0, 1]);
  assert.equal(waits(undefined, 2), [3, 0]);
  const { minor, major } = schedule.collectStats(now);
  assert.is(minor.notWorth, 1 + 3 + 7 + 15 + 31 + 63 + 63 + 63 + 63 + 1 + 3);
  assert.is(minor.performed, 18);
  assert.is(major.notWorth, 0);
  schedule.requestCollection(2, now);
  assert.is(schedule.decide(now), 2, "each kind is judged by itself");
});

test("without minor collections generations 0 and 1 are unsupported, 2 is not", () => {
  const schedule = scheduleWith({ hasMinor: false });
  for (const generation of [0, 1] as const) {
    schedule.requestCollection(generation, 0);
    assert.is(schedule.decide(0), undefined);
  }
  schedule.requestCollection(2, 0);
  assert.is(schedule.decide(0), 2);
  assert.is(schedule.collectStats(0).minor.unsupported, 2);
});

test("a manual collection is counted apart and restarts the counts", () => {
  const schedule = scheduleWith({ thresholds: [10, 15, 5] });
  for (let i = 0; i < 8; i++) request(schedule, 1);
  schedule.manual(0, 3, 500);
  assert.equal(schedule.collectStats(1).counts, [0, 1, 0]);
  schedule.manual(1, 1, undefined);
  assert.equal(schedule.collectStats(1).counts, [0, 0, 1]);
  schedule.manual(2, 7, 100);
  assert.equal(schedule.collectStats(1).counts, [0, 0, 0]);
  const { minor, major } = schedule.collectStats(1);
  assert.equal([minor.manual, minor.totalPauseMs, minor.maxPauseMs, minor.freedBytes], [2, 4, 3, 500]);
  assert.equal([major.manual, major.due, major.performed], [1, 0, 0]);
});

test("gates open at every N-th request that passes them, each on its own count", () => {
  const schedule = scheduleWith();
  const [every3, every5] = [schedule.createGate(3, GateKind.notify), schedule.createGate(5, GateKind.notify)];
  for (let i = 1; i <= 60; i++) {
    const opened = (i % 3 === 0 ? 1 << every3 : 0) | (i % 5 === 0 ? 1 << every5 : 0);
    assert.is(request(schedule, i, (1 << every3) | (1 << every5)), opened, `request ${i}`);
  }
  assert.is(request(schedule, 61, ~((1 << every3) | (1 << every5))), 0, "bits without a gate");
  assert.is(schedule.removeGate(every3), true);
  assert.is(schedule.removeGate(every3), false);
  for (let i = 0; i < 10; i++) assert.is(request(schedule, 62, 1 << every3), 0);
  assert.is(schedule.createGate(1, GateKind.notify), every3, "its number is given out again");
  assert.is(request(schedule, 63, 1 << every3), 1 << every3);
});

test("28 gates, and no more", () => {
  const schedule = scheduleWith();
  const gates = Array.from({ length: 28 }, () => schedule.createGate(1, GateKind.notify));
  assert.equal(gates, [...Array(28).keys()]);
  const refused = (code: string, part: string) => (error: unknown) =>
    error instanceof VelithonError && error.code === code && error.message.includes(part);
  assert.throws(() => schedule.createGate(1, GateKind.notify), refused("TOO_MANY_GATES", "28"));
  assert.is(request(schedule, 1, -1), Due.gates);
  for (const interval of [0, -1, 1.5, Number.NaN, 2 ** 31, "5" as unknown as number]) {
    assert.throws(
      () => schedule.createGate(interval, GateKind.notify),
      refused("INVALID_OPTION", "interval is "),
    );
  }
});

test.run();
