import { test } from "uvu";
import * as assert from "uvu/assert";
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

test("growth starts a search for its culprit, once; its answer leads the advice and is logged", async () => {
  const { port, optimizer, logged } = make();
  await grow(port, 400, 2);
  const verdict = optimizer.getVerdict();
  assert.is(verdict.state, "growing");
  assert.is(verdict.culprit!.sites[0]!.functionName, "keepsAll");
  assert.match(verdict.advice[0]!, /^keepsAll at file:\/\/\/app\/routes\.js:7 made /);
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
