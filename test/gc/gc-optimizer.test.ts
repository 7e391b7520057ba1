import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, type Generation, type MemoryOptimizer } from "../../src/index.ts";
import type { ObservedCollection } from "../../src/shared/port.ts";
import { type FakePort, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;
const GENERATIONS: readonly Generation[] = [0, 1, 2];

function make(port: FakePort): MemoryOptimizer {
  return createMemoryOptimizer({ port });
}

test("generations 0 and 1 are minor, 2 is major, and the default", () => {
  const port = fakePort();
  const { gcOptimizer } = make(port);
  for (const generation of GENERATIONS) {
    const minor = generation < 2;
    assert.equal(gcOptimizer.manualCollection({ generation }), {
      generation,
      performed: true,
      reason: undefined,
      collectionTimeMs: minor ? 1 : 10,
      freedBytes: minor ? 4 * MB : 40 * MB,
      collectedObjects: undefined,
    });
  }
  assert.is(gcOptimizer.manualCollection().generation, 2);
  assert.is(gcOptimizer.manualCollection({}).generation, 2);
  assert.equal(port.collections, ["minor", "minor", "major", "major", "major"]);
});

test("without a minor one it is not performed, with the reason, and no major runs in its place", () => {
  const port = fakePort({ lacks: ["minorCollection"] });
  const { gcOptimizer } = make(port);
  for (const generation of [0, 1] as const) {
    assert.equal(gcOptimizer.manualCollection({ generation, countObjects: true }), {
      generation,
      performed: false,
      reason: "this fake lacks minorCollection",
      collectionTimeMs: undefined,
      freedBytes: undefined,
      collectedObjects: undefined,
    });
  }
  assert.equal(port.collections, []);
  assert.is(gcOptimizer.getStats().minor.manual, 0);
  assert.is(gcOptimizer.manualCollection({ generation: 2 }).performed, true);
  assert.equal(port.collections, ["major"]);
});

test("without any nothing runs", () => {
  const port = fakePort({ lacks: ["minorCollection", "majorCollection"] });
  const { gcOptimizer } = make(port);
  for (const generation of GENERATIONS) {
    assert.is(gcOptimizer.manualCollection({ generation }).performed, false);
  }
  assert.match(gcOptimizer.manualCollection().reason ?? "", "majorCollection");
  assert.equal(port.collections, []);
});

test("objects are counted where asked for and possible", () => {
  const able = make(fakePort());
  assert.is(able.gcOptimizer.manualCollection({ countObjects: true }).collectedObjects, 1000);
  assert.is(able.gcOptimizer.manualCollection({ countObjects: false }).collectedObjects, undefined);
  const unable = make(fakePort({ lacks: ["objectCount"] }));
  assert.is(unable.gcOptimizer.manualCollection({ countObjects: true }).collectedObjects, undefined);
});

test("a count of objects that rose over a collection tells nothing of what was collected", () => {
  const port = fakePort();
  const { gcOptimizer } = make(port);
  for (const [more, collected] of [
    [1001, undefined],
    [1000, 0],
    [999, 1],
  ] as const) {
    port.onCollect = () => {
      port.objects += more;
    };
    assert.is(gcOptimizer.manualCollection({ countObjects: true }).collectedObjects, collected);
  }
});

test("a heap that cannot be read: freed bytes are undefined, never 0", () => {
  const { gcOptimizer } = make(fakePort({ lacks: ["heapUsed"] }));
  assert.is(gcOptimizer.manualCollection().freedBytes, undefined);
  const { major, minor } = gcOptimizer.getStats();
  assert.is(major.manual, 1);
  assert.is(major.freedBytes, undefined);
  assert.is(minor.freedBytes, undefined);
});

test("statistics: thresholds, live counts, policy", () => {
  const optimizer = make(fakePort());
  const { gcOptimizer } = optimizer;
  const counts = (): readonly number[] => gcOptimizer.getStats().gcCounts;
  const fresh = gcOptimizer.getStats();
  assert.is(fresh.gcEnabled, true, "an engine's own collector is always on");
  assert.equal(fresh.gcThresholds, [2000, 15, 5]);
  assert.equal(fresh.gcCounts, [0, 0, 0]);
  assert.is(fresh.policy, "observe");
  assert.is(fresh.totalObjects, undefined);
  assert.equal(fresh.deferred, { pendingGeneration: undefined, dropped: 0 });

  for (let i = 0; i < 3; i++) optimizer.requests.end(optimizer.requests.start());
  assert.equal(counts(), [3, 0, 0]);
  gcOptimizer.manualCollection({ generation: 0 });
  assert.equal(counts(), [0, 1, 0]);
  gcOptimizer.manualCollection({ generation: 1 });
  assert.equal(counts(), [0, 0, 1]);
  gcOptimizer.manualCollection({ generation: 2 });
  assert.equal(counts(), [0, 0, 0]);

  const { minor, major } = gcOptimizer.getStats();
  assert.equal([minor.manual, minor.performed, minor.totalPauseMs, minor.freedBytes], [2, 0, 2, 8 * MB]);
  assert.equal([major.manual, major.performed, major.maxPauseMs, major.freedBytes], [1, 0, 10, 40 * MB]);
  optimizer.collectByCount();
  assert.is(gcOptimizer.getStats().policy, "interval");
  const own = createMemoryOptimizer({ port: fakePort(), gcThresholds: [700, 10, 10] });
  assert.equal(own.gcOptimizer.getStats().gcThresholds, [700, 10, 10]);
});

function seen(fields: Partial<ObservedCollection>): ObservedCollection {
  return { kind: "minor", forced: false, durationMs: 1, startedAtMs: undefined, ...fields };
}

test("what the engine did: by kind, with pauses, and whether a request was in flight", () => {
  const port = fakePort();
  const optimizer = make(port);
  const engine = () => optimizer.gcOptimizer.getStats().engine;
  assert.is(engine(), undefined, "not before enable");
  port.report(seen({}));
  optimizer.enable();
  assert.is(engine()!.minor.count, 0);

  const idleAt = port.nowMs;
  port.nowMs += 100;
  const request = optimizer.requests.start();
  const busyAt = port.nowMs + 10;
  port.nowMs += 100;
  optimizer.requests.end(request);
  const afterwards = port.nowMs + 10;
  port.nowMs += 100;
  port.report(seen({ startedAtMs: idleAt, durationMs: 2 }));
  port.report(seen({ startedAtMs: busyAt, durationMs: 5 }));
  port.report(seen({ startedAtMs: afterwards, durationMs: 1, forced: true }));
  port.report(seen({ kind: "major", startedAtMs: busyAt, durationMs: 30, forced: undefined }));
  port.report(seen({ kind: "incremental", durationMs: 0.5 }));
  port.report(seen({ kind: "other", startedAtMs: busyAt, durationMs: 99 }));
  assert.equal(engine(), {
    minor: {
      count: 3,
      totalPauseMs: 8,
      maxPauseMs: 5,
      pausedAtMost: [1, 3, 3, 3, 3, 3],
      insideRequests: 1,
      forced: 1,
      insideRequestsMs: 5,
      freedBytes: undefined,
      measured: 0,
    },
    major: {
      count: 1,
      totalPauseMs: 30,
      maxPauseMs: 30,
      pausedAtMost: [0, 0, 1, 1, 1, 1],
      insideRequests: 1,
      forced: 0,
      insideRequestsMs: 30,
      freedBytes: undefined,
      measured: 0,
    },
    incremental: {
      count: 1,
      totalPauseMs: 0.5,
      maxPauseMs: 0.5,
      pausedAtMost: [1, 1, 1, 1, 1, 1],
      insideRequests: 0,
      forced: 0,
      insideRequestsMs: 0,
      freedBytes: undefined,
      measured: 0,
    },
  });

  optimizer.disable();
  assert.is(engine(), undefined);
  assert.is(port.openObservers, 0);
});

test("a runtime that reports none: undefined, enabled or not", () => {
  const optimizer = make(fakePort({ lacks: ["observeCollections"] })).enable();
  assert.is(optimizer.gcOptimizer.getStats().engine, undefined);
});

test.run();
