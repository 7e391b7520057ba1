import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, DRAINED_EXIT_CODE, drainAndExit } from "../../src/index.ts";
import { recorder } from "../support/app.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

const MB = 1024 * 1024;

function make(options: Partial<Parameters<typeof drainAndExit>[1]> = {}) {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, logger: recorder(), limitBytes: 1000 * MB });
  port.memory.rssBytes = 400 * MB;
  optimizer.enable();
  const events: (string | number)[] = [];
  const armed = drainAndExit(optimizer, {
    stop: () => void events.push("stop"),
    exit: (code) => void events.push(code),
    afterMs: 30_000,
    jitterMs: 0,
    ...options,
  });
  return { port, optimizer, events, armed };
}

async function critical(port: FakePort, ms: number): Promise<void> {
  port.memory.rssBytes = 970 * MB;
  await pass(port, ms);
}

async function pass(port: FakePort, ms: number): Promise<void> {
  port.advance(ms);
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test("critical for 30 s: stops, then exits with the documented code, once", async () => {
  const { port, events } = make();
  await critical(port, 25_000);
  assert.equal(events, []);
  await pass(port, 10_000);
  assert.equal(events, ["stop", DRAINED_EXIT_CODE]);
  assert.is(DRAINED_EXIT_CODE, 75);
  await pass(port, 100_000);
  assert.equal(events, ["stop", 75]);
});

test("recovered in time: nothing; a later episode counts anew", async () => {
  const { port, events } = make();
  await critical(port, 25_000);
  port.memory.rssBytes = 300 * MB;
  await pass(port, 60_000);
  await critical(port, 25_000);
  assert.equal(events, []);
  await pass(port, 10_000);
  assert.equal(events, ["stop", 75]);
});

test("arming and disarming a drain forgets nothing of what was let go of", async () => {
  const { port, optimizer, armed } = make({ jitterMs: 60_000 });
  await critical(port, 5000);
  const { relief } = optimizer.getMemoryStats().pressure;
  assert.ok(relief.collections > 0);
  armed.close();
  assert.equal(optimizer.getMemoryStats().pressure.relief, relief);
});

test("recovered while it waits its turn: nothing", async () => {
  const { port, events } = make({ jitterMs: 60_000 });
  port.random = () => 1;
  await critical(port, 35_000);
  port.memory.rssBytes = 300 * MB;
  await pass(port, 100_000);
  assert.equal(events, []);
  await critical(port, 95_000);
  assert.equal(events, ["stop", 75]);
});

test("a drain that hangs is not waited for beyond its time; one that fails neither", async () => {
  const hanging = make({ stop: () => new Promise(() => {}), drainTimeoutMs: 5000 });
  await critical(hanging.port, 33_000);
  assert.equal(hanging.events, []);
  await pass(hanging.port, 6000);
  assert.equal(hanging.events, [75]);
  const failing = make({ stop: () => Promise.reject(new Error("no")), exitCode: 3 });
  await critical(failing.port, 33_000);
  assert.equal(failing.events, [3]);
});

test("called off", async () => {
  const { port, events, armed } = make();
  armed.close();
  await critical(port, 100_000);
  assert.equal(events, []);
});

test("a second drain is refused, and the first goes on; another one may follow once it is closed", async () => {
  const { port, optimizer, events, armed } = make();
  const other = { stop: () => void events.push("other"), exit: () => {}, afterMs: 1000, jitterMs: 0 };
  throwsCode(() => drainAndExit(optimizer, other), "ALREADY_ARMED", "drainAndExit", "accepted: ");
  await critical(port, 25_000);
  assert.equal(events, [], "not after the second's time");
  await pass(port, 10_000);
  assert.equal(events, ["stop", 75]);

  armed.close();
  const next = drainAndExit(optimizer, other);
  armed.close();
  throwsCode(() => drainAndExit(optimizer, other), "ALREADY_ARMED");
  next.close();
  drainAndExit(optimizer, other);
});

test("options refused, one by one", () => {
  const { optimizer } = make();
  const good = { stop: () => {}, exit: () => {} };
  for (const [option, value] of [
    ["stop", 1],
    ["exit", undefined],
    ["afterMs", 999],
    ["jitterMs", -1],
    ["drainTimeoutMs", Number.NaN],
    ["exitCode", 0],
    ["exitCode", 256],
    ["other", 1],
  ] as const) {
    throwsCode(
      () => drainAndExit(optimizer, { ...good, [option]: value }),
      "INVALID_OPTION",
      option,
      "accepted: ",
    );
  }
});

test.run();
