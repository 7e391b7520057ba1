import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { type FakePort, fakePort } from "../support/port.ts";

const MB = 1024 * 1024;
const silent = { info() {}, warn() {}, error() {} };

/** Readings of memory in five seconds, and how often the rest was done that goes by a sample. */
function inFiveSeconds(port: FakePort): { readings: number; rest: number } {
  let rest = 0;
  const { readCpuMs } = port;
  port.readCpuMs = () => {
    rest += 1;
    return readCpuMs.call(port);
  };
  const before = port.readings;
  port.advance(5000);
  port.readCpuMs = readCpuMs;
  return { readings: port.readings - before, rest };
}

test("near a limit memory is read at each tick, and nothing but pressure goes by more than one sample a second", () => {
  const port = fakePort({ limitBytes: 1000 * MB, lacks: ["majorCollection"] });
  port.memory.rssBytes = 500 * MB;
  createMemoryOptimizer({ port, logger: silent }).enable();
  port.advance(3000);
  assert.equal(inFiveSeconds(port), { readings: 5, rest: 5 });
  port.memory.rssBytes = 750 * MB;
  port.advance(3000);
  const { readings, rest } = inFiveSeconds(port);
  assert.ok(readings >= 50, `${readings} readings`);
  assert.is(rest, 5);
});

test("a loop held up between two samples of the history is in the next one", () => {
  const port = fakePort({ limitBytes: 1000 * MB, lacks: ["majorCollection"] });
  port.memory.rssBytes = 750 * MB;
  const optimizer = createMemoryOptimizer({ port, logger: silent }).enable();
  port.advance(3300);
  port.nowMs += 230;
  port.advance(20_000);
  const longest = optimizer.getHistory("hour").series.loopLagMaxMs.map((ms) => ms ?? 0);
  assert.ok(Math.max(...longest) >= 120, `${longest} ms`);
});

test.run();
