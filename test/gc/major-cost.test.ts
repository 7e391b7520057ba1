import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { MajorCost } from "../../src/gc/major-cost.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { governed } from "../support/governed.ts";
import { NaiveMajorCost } from "../support/naive-major-cost.ts";
import { fakePort } from "../support/port.ts";
import { Random, randomSteps } from "../support/random.ts";

const PAUSE_MS = 10;

function majorCost(): MajorCost {
  const core = createGovernorCore();
  return new MajorCost(() => core);
}

interface Server {
  /** Of a major, beyond its pause, over the requests of the next two seconds. */
  readonly extraPauses: number;
  readonly perSecond?: number;
  readonly everyMs?: number;
  readonly noise?: number;
  /** CPU time of a request grows by this share a second. */
  readonly drift?: number;
}

/** A server's process, a major every so often; after `majors` of them, what they are thought to cost. */
function measure(server: Server, majors: number, seed = 1): { pauses: number; measured: number } {
  const { extraPauses, perSecond = 1000, everyMs = 20_000, noise = 0, drift = 0 } = server;
  const random = new Random(seed);
  const cost = majorCost();
  let cpuMs = 0;
  let finished = 0;
  let collectedAt = Number.NEGATIVE_INFINITY;
  for (let atMs = 0; atMs < majors * everyMs + 10_000; atMs += 1000) {
    if (atMs > 0 && atMs % everyMs === 0) {
      cost.collected({ atMs, cpuMs, finished }, PAUSE_MS);
      cpuMs += PAUSE_MS;
      collectedAt = atMs;
    }
    const usualMs = 0.2 * (1 + (drift * atMs) / 1000);
    const slow = atMs - collectedAt < 2000 ? ((extraPauses - 1) * PAUSE_MS) / 2 : 0;
    cpuMs += perSecond * usualMs * (1 + noise * random.normal()) + slow;
    finished += perSecond;
    cost.sample({ atMs: atMs + 1000, cpuMs, finished });
  }
  return cost.getStats();
}

function about(value: number, expected: number, by: number): void {
  assert.ok(Math.abs(value - expected) <= by, `${value}, not ${expected} by ${by}`);
}

test("the constant until something is measured; then what requests take beyond the usual", () => {
  assert.equal(majorCost().getStats(), { pauses: 50, measured: 0 });
  for (const extraPauses of [8, 30, 120]) {
    const cost = measure({ extraPauses }, 60);
    about(cost.pauses, extraPauses, 1);
    assert.is(cost.measured, 60);
  }
});

test("noise goes both ways: forty majors tell a cheap one from a dear one", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const [cheap, dear] = [8, 60].map((extraPauses) => measure({ extraPauses, noise: 0.05 }, 40, seed));
    assert.ok(cheap!.pauses < dear!.pauses, `${cheap!.pauses} ${dear!.pauses}`);
  }
});

test("requests that slowly get dearer for other reasons do not count much", () => {
  about(measure({ extraPauses: 20, drift: 0.001 }, 60).pauses, 20, 1.5);
});

test("never below 5 pauses nor above 200", () => {
  assert.is(measure({ extraPauses: 1 }, 200).pauses, 5);
  assert.is(measure({ extraPauses: -300 }, 200).pauses, 5);
  about(measure({ extraPauses: 2000 }, 200).pauses, 200, 1e-3);
});

test("without requests, or with majors so close that nothing is calm, it goes back to the constant", () => {
  const idle = measure({ extraPauses: 8, perSecond: 10 }, 60);
  assert.equal([idle.pauses, idle.measured], [50, 0]);
  // The first ones still have a calm second before them.
  about(measure({ extraPauses: 8, everyMs: 1000 }, 200).pauses, 50, 1);
});

test("a second major within the three seconds is judged with the first", () => {
  const cost = majorCost();
  const mark = (atMs: number, cpuMs: number) => ({ atMs, cpuMs, finished: atMs });
  cost.sample(mark(0, 0));
  cost.sample(mark(1000, 200));
  cost.collected(mark(1000, 200), 10);
  cost.collected(mark(2000, 500), 30);
  cost.sample(mark(3000, 900));
  assert.is(cost.getStats().measured, 0, "not before three seconds");
  // 600 ms of requests as ever, and 1,200 more over 40 ms of pauses.
  cost.sample(mark(4000, 200 + 600 + 1200));
  about(cost.getStats().pauses, 50 + 0.1 * (30 - 50), 1e-9);
});

test("any course of events is judged as a model does that looks at all of it anew", () => {
  const core = createGovernorCore();
  const cost = new MajorCost(() => core);
  const naive = new NaiveMajorCost();
  const now = { atMs: 0, cpuMs: 0, finished: 0 };
  randomSteps(20_261_128, 3000, (random) => {
    now.atMs += random.int(100, 1500);
    now.finished += random.int(0, 600);
    now.cpuMs += random.exponential(200);
    if (random.chance(0.15)) {
      const pauseMs = random.int(1, 60);
      cost.collected({ ...now }, pauseMs);
      naive.collected({ ...now }, pauseMs);
    } else {
      cost.sample({ ...now });
      naive.sample({ ...now });
    }
    if (!random.chance(0.02)) return;
    core.exports.costStats();
    const expected = Object.values(naive.getStats());
    expected.forEach((value, i) => {
      const told = core.scratch[i]!;
      assert.ok(Object.is(value, told) || Math.abs(value - told) < 1e-9, `${i}: ${told}, not ${value}`);
    });
  });
  assert.ok(cost.getStats().measured > 100, `${cost.getStats().measured}`);
});

test("the budget follows what was measured, and the stats tell", () => {
  const { port, optimizer } = governed({ policy: "interval" });
  const told = () => optimizer.getMemoryStats().gcStats;
  assert.equal([told().majorCostPauses, told().majorCostsMeasured], [50, 0]);
  const second = () => {
    for (let i = 0; i < 200; i++) {
      const request = optimizer.requests.start();
      port.advance(5);
      optimizer.requests.end(request);
      port.cpuMs! += 1;
    }
  };
  port.onCollect = () => {
    port.cpuMs! += port.pauseMs.major;
  };
  for (let i = 0; i < 30; i++) {
    optimizer.gcOptimizer.manualCollection();
    for (let s = 0; s < 6; s++) second();
  }
  assert.ok(told().majorCostsMeasured >= 25, `${told().majorCostsMeasured}`);
  const pauses = told().majorCostPauses;
  assert.ok(pauses < 12, `${pauses}`);
  port.advance(100_000);
  const before = told().budgetMs;
  optimizer.core.schedule.requestCollection(2, port.now());
  const { collectionTimeMs } = optimizer.gcOptimizer.runDue()!;
  about(before - told().budgetMs, collectionTimeMs! * (pauses - 0.01), 1);
});

test("where CPU time cannot be read the constant stays", () => {
  const port = fakePort();
  port.cpuMs = undefined;
  const optimizer = createMemoryOptimizer({ port, logger: { info() {}, warn() {}, error() {} } }).enable();
  optimizer.gcOptimizer.manualCollection();
  port.advance(10_000);
  const { majorCostPauses, majorCostsMeasured } = optimizer.getMemoryStats().gcStats;
  assert.equal([majorCostPauses, majorCostsMeasured], [50, 0]);
});

test.run();
