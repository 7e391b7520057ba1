import { test } from "uvu";
import * as assert from "uvu/assert";
import * as rare from "../../src/core/governor-entry.ts";
import * as exported from "../../src/core/index.ts";
import { createCore, VelithonError } from "../../src/core/index.ts";
import { codeOf, rejection } from "../support/throws.ts";

type Use = (wrong: never) => unknown;

const NO_NUMBER: readonly unknown[] = [
  undefined,
  null,
  "5",
  "",
  [],
  [5],
  {},
  true,
  5n,
  Symbol("five"),
  () => 5,
];
const NO_INTEGER = [...NO_NUMBER, Number.NaN, 0.5, Infinity, -Infinity, 2 ** 32 + 5];
const NO_CAPACITY = [...NO_INTEGER, -1, 1_048_577];
const NO_TIME = [...NO_NUMBER, Number.NaN, -1, Infinity];
const NO_READING = [...NO_NUMBER.slice(1), Number.NaN, Infinity];
const NO_FLAG: readonly unknown[] = [null, 0, 1, "true", {}, Number.NaN, -1];
const NO_OBJECT: readonly unknown[] = [
  undefined,
  null,
  5,
  -1,
  Number.NaN,
  "text",
  true,
  [],
  Symbol("object"),
];
const NO_CORE = [...NO_OBJECT, {}, { exports: {} }];

const core = createCore();
const governor = rare.createGovernorCore();
const { schedule } = core;
const slots = new exported.SlotTable(core, { maxIdle: 4, capacity: 8 });
const leased = ~slots.acquire()!;
const order = new exported.SieveOrder(core, 8);
order.insert();
const histogram = new exported.Histogram(core);
const trend = new rare.Trend(governor, 8);
const counters = new exported.SharedCounters({ counters: ["requests"], shards: 2 });
const shard = counters.claim();
const requests = new exported.SharedRequests({ shards: 2 });
const { recentLatency } = schedule;

/** By the export that it belongs to: what takes an argument, and what it must refuse. The rest of each call is right. */
const uses: Readonly<Record<string, Readonly<Record<string, [wrong: readonly unknown[], use: Use]>>>> = {
  SlotTable: {
    core: [[...NO_CORE, governor], (wrong) => new exported.SlotTable(wrong, { maxIdle: 1, capacity: 1 })],
    options: [NO_OBJECT, (wrong) => new exported.SlotTable(core, wrong)],
    maxIdle: [NO_CAPACITY, (maxIdle) => new exported.SlotTable(core, { maxIdle, capacity: 1 })],
    capacity: [[...NO_CAPACITY, 0], (capacity) => new exported.SlotTable(core, { maxIdle: 1, capacity })],
    "resize: options": [NO_OBJECT, (wrong) => slots.resize(wrong)],
    "resize: maxIdle": [NO_CAPACITY, (maxIdle) => slots.resize({ maxIdle, capacity: 8 })],
    "resize: capacity": [[...NO_CAPACITY, 0], (capacity) => slots.resize({ maxIdle: 4, capacity })],
    handle: [NO_INTEGER, (wrong) => slots.handle(wrong)],
    index: [NO_NUMBER, (wrong) => exported.SlotTable.index(wrong)],
    isLeased: [NO_NUMBER, (wrong) => slots.isLeased(wrong)],
    release: [NO_INTEGER, (wrong) => slots.release(wrong)],
    releaseHandle: [NO_NUMBER, (wrong) => slots.releaseHandle(wrong)],
    discard: [NO_INTEGER, (wrong) => slots.discard(wrong)],
    abandon: [NO_INTEGER, (wrong) => slots.abandon(wrong)],
  },
  SieveOrder: {
    core: [[...NO_CORE, governor], (wrong) => new exported.SieveOrder(wrong, 1)],
    limit: [[...NO_CAPACITY, 0], (wrong) => new exported.SieveOrder(core, wrong)],
    resize: [[...NO_CAPACITY, 0], (wrong) => order.resize(wrong)],
    hit: [NO_INTEGER, (wrong) => order.hit(wrong)],
    remove: [NO_INTEGER, (wrong) => order.remove(wrong)],
    takeCold: [NO_INTEGER, (wrong) => order.takeCold(wrong)],
  },
  Histogram: {
    core: [[...NO_CORE, governor], (wrong) => new exported.Histogram(wrong)],
    record: [NO_NUMBER, (wrong) => histogram.record(wrong)],
    quantiles: [[...NO_NUMBER, Number.NaN, -0.1, 1.1], (wrong) => histogram.quantiles(wrong)],
    merge: [[...NO_OBJECT, {}, new exported.Histogram(createCore())], (wrong) => histogram.merge(wrong)],
    mergeNumbers: [[...NO_OBJECT, {}, new Float64Array(5)], (wrong) => histogram.mergeNumbers(wrong)],
  },
  Trend: {
    core: [[...NO_CORE, core], (wrong) => new rare.Trend(wrong, 2)],
    capacity: [[...NO_CAPACITY, 1], (wrong) => new rare.Trend(governor, wrong)],
    "add: x": [NO_NUMBER, (wrong) => trend.add(wrong, 1)],
    "add: y": [NO_NUMBER, (wrong) => trend.add(1, wrong)],
  },
  SharedCounters: {
    options: [[...NO_OBJECT, {}, { count: [] }], (wrong) => new exported.SharedCounters(wrong)],
    counters: [[...NO_OBJECT, {}, [""], [5]], (wrong) => new exported.SharedCounters({ counters: wrong })],
    shards: [
      [...NO_INTEGER.slice(1), -1, 0, 257],
      (wrong) => new exported.SharedCounters({ counters: ["a"], shards: wrong }),
    ],
    memory: [NO_OBJECT, (memory) => new exported.SharedCounters({ counters: ["a"], shards: 1, memory })],
    releaseShard: [[...NO_INTEGER, -1, 2], (wrong) => counters.releaseShard(wrong)],
    "add: counter": [[...NO_INTEGER, -1, 1], (wrong) => shard.add(wrong)],
    "add: amount": [NO_READING, (wrong) => shard.add(0, wrong)],
    record: [NO_NUMBER, (wrong) => shard.record(wrong)],
  },
  SharedRequests: {
    options: [[...NO_OBJECT.slice(1), { shard: 1 }], (wrong) => new exported.SharedRequests(wrong)],
    shards: [[...NO_INTEGER.slice(1), -1, 0, 257], (shards) => new exported.SharedRequests({ shards })],
    longLivedAfterMs: [
      [...NO_TIME.slice(1), 99, 3_600_001],
      (longLivedAfterMs) => new exported.SharedRequests({ longLivedAfterMs }),
    ],
    join: [[...NO_CORE, governor], (wrong) => requests.join(wrong)],
    release: [[...NO_INTEGER, -1, 2], (wrong) => requests.release(wrong)],
  },
  Schedule: {
    requestStart: [NO_TIME, (wrong) => schedule.requestStart(wrong)],
    "requestEnd: nowMs": [NO_TIME, (wrong) => schedule.requestEnd(wrong, 0, 0)],
    "requestEnd: startMs": [NO_NUMBER, (wrong) => schedule.requestEnd(1, wrong, 0)],
    "requestEnd: gates": [NO_INTEGER, (wrong) => schedule.requestEnd(1, 0, wrong)],
    tick: [NO_TIME, (wrong) => schedule.tick(wrong)],
    wasBusyAt: [NO_NUMBER, (wrong) => schedule.wasBusyAt(wrong)],
    "createGate: interval": [[...NO_INTEGER, -1, 0], (wrong) => schedule.createGate(wrong, 0)],
    "createGate: kind": [[...NO_INTEGER, -1, 4], (wrong) => schedule.createGate(1, wrong)],
    "createGate: whileBusy": [NO_FLAG, (wrong) => schedule.createGate(1, 0, wrong)],
    removeGate: [NO_INTEGER, (wrong) => schedule.removeGate(wrong)],
    decide: [NO_TIME, (wrong) => schedule.decide(wrong)],
    "done: generation": [[...NO_INTEGER, -1, 3], (wrong) => schedule.done(wrong, 1, 1)],
    "done: pauseMs": [NO_TIME, (wrong) => schedule.done(0, wrong, 1)],
    "done: freedBytes": [NO_READING, (wrong) => schedule.done(0, 1, wrong)],
    "manual: generation": [[...NO_INTEGER, -1, 3], (wrong) => schedule.manual(wrong, 1, 1)],
    "manual: pauseMs": [NO_TIME, (wrong) => schedule.manual(0, wrong, 1)],
    "manual: freedBytes": [NO_READING, (wrong) => schedule.manual(0, 1, wrong)],
    "cleanupDone: nowMs": [NO_TIME, (wrong) => schedule.cleanupDone(wrong, 1)],
    "cleanupDone: freedBytes": [NO_READING, (wrong) => schedule.cleanupDone(1, wrong)],
    "watermarkSample: nowMs": [NO_TIME, (wrong) => schedule.watermarkSample(wrong, 1)],
    "watermarkSample: bytes": [NO_READING, (wrong) => schedule.watermarkSample(1, wrong)],
    "watermarkDone: nowMs": [NO_TIME, (wrong) => schedule.watermarkDone(wrong, 1)],
    "watermarkDone: freedBytes": [NO_READING, (wrong) => schedule.watermarkDone(1, wrong)],
    collectStats: [NO_TIME, (wrong) => schedule.collectStats(wrong)],
    recentDurations: [NO_TIME, (wrong) => schedule.recentDurations(wrong)],
    "recentLatency: sample": [NO_TIME, (wrong) => recentLatency.sample(wrong)],
    "recentLatency: summary": [NO_TIME, (wrong) => recentLatency.summary(wrong)],
    "recentLatency: quantiles": [[Number.NaN, -1, 2, "0.5"], (wrong) => recentLatency.summary(1, wrong)],
  },
};

/** All that can be read of them. */
const seen = (): unknown[] => [
  core.memoryBytes,
  slots.stats(),
  slots.handle(leased),
  order.stats(),
  order.size,
  histogram.summary(),
  trend.fit(),
  counters.read().counters,
  counters.read().histogram.summary(),
  requests.read(),
  schedule.flightStats(),
  schedule.collectStats(0),
  schedule.cleanupStats(),
  schedule.watermarkStats(),
];

for (const [name, parts] of Object.entries(uses)) {
  for (const [part, [wrong, use]] of Object.entries(parts)) {
    test(`${name}, ${part}: a wrong type, NaN, negative, too large, missing: one error, and all as before`, () => {
      const before = seen();
      for (const value of wrong) {
        let error: unknown;
        try {
          use(value as never);
        } catch (thrown) {
          error = thrown;
        }
        const text = `${typeof value} ${String(value)}: ${String(error)}`;
        assert.ok(error instanceof VelithonError && error.code === "INVALID_OPTION", text);
        assert.match(error.message, "accepted: ", text);
      }
      assert.equal(seen(), before);
    });
  }
}

test("a source of the core that is none: one error", async () => {
  const { createCoreAsync, loadCore, loadCoreAsync } = exported;
  for (const wrong of [...NO_OBJECT.slice(1), {}, new Uint8Array(5)]) {
    assert.is(
      codeOf(() => createCore(wrong as never)),
      "CORE_NOT_LOADED",
    );
    assert.is(
      codeOf(() => loadCore(wrong as never)),
      "CORE_NOT_LOADED",
    );
    for (const load of [createCoreAsync, loadCoreAsync]) {
      assert.is(((await rejection(load(wrong as never))) as VelithonError).code, "CORE_NOT_LOADED");
    }
  }
});

test("each export was tried, or takes no argument to check", () => {
  const tried = [...Object.keys(uses), "createCore", "createCoreAsync", "loadCore", "loadCoreAsync"];
  const without = [
    "createGovernorCore",
    "Due",
    "GateKind",
    "MAX_CAPACITY",
    "Policy",
    "Status",
    "VelithonError",
  ];
  for (const name of Object.keys({ ...exported, ...rare }))
    assert.ok([...tried, ...without].includes(name), name);
});

test.run();
