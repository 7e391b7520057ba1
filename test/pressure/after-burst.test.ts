import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { Admission } from "../../src/pressure/admission.ts";
import { Pressure } from "../../src/pressure/pressure.ts";
import { episode, memory } from "../support/episode.ts";

const core = createGovernorCore();

/** A burst of 20 s at high in which collections take 600 ms and free little, since so many requests hold it; then calm. */
function afterBurst(inBurst: number, inCalm: number): number | undefined {
  const pressure = new Pressure(core);
  const admission = new Admission(core);
  pressure.sample(0, memory(100));
  for (let i = 0; i < inBurst; i++) assert.ok(admission.admit(1, "normal", 0, 0.999));
  const { collection } = episode(pressure, 820, 0, 20_000, 1, 600);
  assert.ok(collection.length >= 2 && collection.length <= 5, `${collection}`);
  for (let i = inCalm; i < inBurst; i++) admission.leave(0);
  return episode(pressure, 720, 20_050, 60_000, 100, 600).collection[0];
}

test("what freed little while requests held it is tried again once most of them are over", () => {
  for (const inCalm of [0, 2]) {
    const first = afterBurst(8, inCalm)!;
    // 2 s of hold at high, and 5 s at elevated.
    assert.ok(first >= 900 && first <= 8000, `${first} ms after the burst, ${inCalm} in flight`);
  }
  assert.ok(afterBurst(8, 3)! > 30_000, "three of eight are not most");
  assert.ok(afterBurst(0, 0)! > 30_000, "nothing was in flight: it would free little again");
});

test("what is tried again after a burst rests for ten times what the last one took", () => {
  const pressure = new Pressure(core);
  const admission = new Admission(core);
  pressure.sample(0, memory(100));
  admission.admit(1, "normal", 0, 0.999);
  const last = episode(pressure, 820, 0, 13_000, 1, 600).collection.at(-1)!;
  admission.leave(0);
  const { collection } = episode(pressure, 820, 13_050, 10_000, 100, 600);
  assert.is(collection[0], last + 6000 - 13_050);
});

test("a burst is over only a second after the last collection, whoever ran it", () => {
  const pressure = new Pressure(core);
  const admission = new Admission(core);
  pressure.sample(0, memory(100));
  for (let i = 0; i < 4; i++) admission.admit(1, "normal", 0, 0.999);
  episode(pressure, 820, 0, 9000, 1, 10);
  for (let i = 0; i < 3; i++) admission.leave(0);
  episode(pressure, 820, 9050, 600, 1, 10);
  pressure.collected({ endedAtMs: 9660, tookMs: 10 });
  admission.leave(0);
  const [first] = episode(pressure, 820, 9700, 30_000, 100, 10).collection;
  assert.is(9700 + first!, 10_700);
});

test("it is tried once: what frees little with nothing in flight backs off", () => {
  const pressure = new Pressure(core);
  const admission = new Admission(core);
  pressure.sample(0, memory(100));
  admission.admit(1, "normal", 0, 0.999);
  episode(pressure, 820, 0, 8000, 1, 10);
  admission.leave(0);
  const { collection } = episode(pressure, 820, 8050, 60_000, 1, 10);
  assert.equal(collection.length <= 4, true, `${collection}`);
});

test("another optimizer knows of no burst, nor of bodies turned away", () => {
  const before = new Pressure(core);
  let admission = new Admission(core);
  before.sample(0, memory(650));
  for (let i = 0; i < 4; i++) admission.admit(1, "normal", 1, 0.5);
  assert.not(admission.admit(1, "normal", 1e9, 0.5));
  episode(before, 820, 0, 9000, 1, 10);
  const pressure = new Pressure(core);
  admission = new Admission(core);
  assert.equal(episode(pressure, 650, 0, 20_000, 1).collection, []);
  assert.equal(admission.stats(0).inFlight, 0);
});

test.run();
