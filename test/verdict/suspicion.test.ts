import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { createMemoryOptimizer, type MemoryOptimizer, type MemoryOptimizerOptions } from "../../src/index.ts";
import { type FakePort, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;
type Logged = { fields: Record<string, unknown>; text: string };

function make(options: MemoryOptimizerOptions = {}): {
  port: FakePort;
  optimizer: MemoryOptimizer;
  logged: Logged[];
} {
  const port = fakePort({ limitBytes: 2048 * MB, lacks: ["observeCollections"] });
  port.memory.heapUsedBytes = 40 * MB;
  const logged: Logged[] = [];
  const log = (fields: object, text: string): void => {
    if (/grows|snapshot/.test(text)) logged.push({ fields: fields as Record<string, unknown>, text });
  };
  const logger = { info: log, warn: log, error: log };
  const optimizer = createMemoryOptimizer({ port, logger, ...options } as MemoryOptimizerOptions).enable();
  return { port, optimizer, logged };
}

/** Some seconds in which the floor rises by so much each. */
async function grow(port: FakePort, seconds: number, mbPerSecond: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    port.memory.heapUsedBytes! += mbPerSecond * MB;
    port.memory.heapTotalBytes! += mbPerSecond * MB;
    port.memory.rssBytes! += mbPerSecond * MB;
    port.allocationSites = [
      {
        functionName: "keepsAll",
        file: "file:///app/routes.js",
        line: 7,
        column: 3,
        bytes: port.memory.heapUsedBytes!,
        callers: [],
      },
    ];
    if (i % 5 === 4) {
      port.profiled.push({
        kind: "major",
        durationMs: 9,
        freedBytes: MB,
        heapAfterBytes: port.memory.heapUsedBytes,
      });
    }
    port.advance(1000);
    for (let k = 0; k < 10; k++) await Promise.resolve();
  }
}

test("when a search and a snapshot are due: at the edge of each wait, and how long a search takes", () => {
  const { exports } = createGovernorCore();
  const [search, snapshot, both, nothing] = [1, 2, 3, 0];
  const due = (now: number, wanted: number, { grows = 1, idle = 0, searching = 0 } = {}) =>
    exports.suspicionDue(now, grows, wanted, idle, searching);
  assert.is(due(0, both, { grows: 0, idle: 1 }), nothing);
  assert.is(due(1000, both), search);
  assert.is(due(2000, both, { idle: 1, searching: 1 }), nothing, "a snapshot waits for the search");
  assert.is(due(60_999, both), nothing, "and for a moment without requests");
  assert.is(due(61_000, both), snapshot, "for a minute");
  assert.is(due(62_000, both, { idle: 1 }), nothing, "once a growth");
  assert.is(due(63_000, both, { grows: 0 }), nothing);
  assert.is(due(64_000, both, { idle: 1 }), snapshot, "the next growth");
  assert.is(due(3_600_999, both), nothing);
  assert.is(due(3_601_000, snapshot), nothing, "nobody wants a search");
  assert.is(due(3_601_000, both), search, "after an hour");
  const seconds = [8, 8 * 60, 8 * 3600, 1e-9, Number.NaN].map(
    (mbPerHour) => exports.suspicionSearchMs(mbPerHour * MB) / 1000,
  );
  assert.equal(seconds, [600, 60, 10, 600, 600]);
});

test("growth starts a search for its culprit, once; its answer leads the advice and is logged", async () => {
  const { port, optimizer, logged } = make();
  await grow(port, 400, 2);
  const verdict = optimizer.getVerdict();
  assert.is(verdict.state, "growing");
  assert.is(verdict.culprit!.sites[0]!.functionName, "keepsAll");
  assert.match(verdict.advice[0]!, /^keepsAll at file:\/\/\/app\/routes\.js:7 allocated /);
  assert.is(logged.length, 1);
  assert.match(String(logged[0]!.fields.culprit), /keepsAll/);
  await grow(port, 300, 0);
  assert.is.not(optimizer.getVerdict().state, "growing");
  assert.is(optimizer.getVerdict().culprit, undefined, "what grew before is no culprit now");
  optimizer.disable();
});

test("disabled while it searches: the search ends, and so does its sampling", async () => {
  const { port, optimizer, logged } = make();
  const quiet = port.openTimers;
  while (port.openTimers === quiet) await grow(port, 5, 2);
  optimizer.disable();
  for (let k = 0; k < 10; k++) await Promise.resolve();
  assert.equal([port.openTimers, port.openAllocationProfiles, logged], [0, 0, []]);
});

test("it can be left to the owner", async () => {
  const { port, optimizer, logged } = make({ culprit: false });
  await grow(port, 400, 2);
  assert.is(optimizer.getVerdict().state, "growing");
  assert.is(optimizer.getVerdict().culprit, undefined);
  assert.equal(logged, []);
  optimizer.disable();
});

test("a snapshot is written once, without requests open, or after a minute of waiting for that", async () => {
  const given = { culprit: false, longLivedAfterMs: 3_600_000, heapSnapshots: { directory: "/x" } };
  const idle = make(given);
  idle.optimizer.requests.end(idle.optimizer.requests.start());
  await grow(idle.port, 200, 4);
  assert.is(idle.port.snapshots.length, 1);
  assert.equal(
    idle.logged.map(({ text }) => text),
    ["heap snapshot written"],
  );
  idle.optimizer.disable();

  const busy = make(given);
  busy.optimizer.requests.start();
  let suspectedAt: number | undefined;
  let writtenAt: number | undefined;
  for (let i = 0; i < 400; i++) {
    await grow(busy.port, 5, 3);
    if (busy.optimizer.getVerdict().state === "growing") suspectedAt ??= busy.port.nowMs;
    if (busy.port.snapshots.length > 0) {
      writtenAt = busy.port.nowMs;
      break;
    }
  }
  const waited = writtenAt! - suspectedAt!;
  assert.ok(waited >= 55_000 && waited <= 65_000, `${waited} ms`);
  busy.optimizer.disable();
});

test.run();
