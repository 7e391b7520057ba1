import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { Admission, PRIORITIES } from "../../src/pressure/admission.ts";
import type { PressureInputs } from "../../src/pressure/level.ts";
import { Pressure } from "../../src/pressure/pressure.ts";
import { near } from "../support/compare.ts";
import { NaiveShed } from "../support/naive-shed.ts";
import { randomSteps } from "../support/random.ts";

const MB = 1024 * 1024;
const core = createGovernorCore();

const memory = (used: number | undefined, limit: number | null = 1000): PressureInputs => ({
  usedBytes: used === undefined ? undefined : used * MB,
  limitBytes: limit === null ? undefined : limit * MB,
  heapUsedBytes: undefined,
  heapLimitBytes: undefined,
  stallRatio: undefined,
  lagMs: undefined,
});

function fresh(): { pressure: Pressure; admission: Admission } {
  const pressure = new Pressure(core);
  return { pressure, admission: new Admission(core) };
}

test("100,000 random steps, against a naive account", () => {
  let { pressure, admission } = fresh();
  let naive = new NaiveShed();
  let [now, used, heap, limit, sampledAt] = [0, 400, 100, 1000 as number | null, Number.NEGATIVE_INFINITY];
  let known = memory(undefined);
  const seen = { shed: 0, room: 0, stale: 0, probes: 0 };
  randomSteps(20_261_126, 100_000, (random) => {
    if (random.chance(0.0005)) {
      ({ pressure, admission } = fresh());
      naive = new NaiveShed();
      [used, limit, sampledAt, known] = [
        400,
        random.pick([1000, null]),
        Number.NEGATIVE_INFINITY,
        memory(undefined),
      ];
    }
    now += random.pick([0, 0, 1, 5, 50, 300]);
    if (random.chance(0.001)) now += random.pick([4000, 6000, 12_000, 70_000]);
    const choice = random.next();
    if (choice < 0.3) {
      used = Math.min(1200, Math.max(50, used + random.normal() * random.pick([5, 40])));
      heap = Math.min(600, Math.max(20, heap + random.normal() * 20));
      known = {
        ...memory(random.chance(0.03) ? undefined : used, limit),
        heapUsedBytes: random.chance(0.03) ? undefined : heap * MB,
        heapLimitBytes: random.chance(0.03) ? undefined : 500 * MB,
      };
      pressure.sample(now, known);
      sampledAt = now;
      naive.follow(now, { memory: known.usedBytes ?? Number.NaN, heap: known.heapUsedBytes ?? Number.NaN });
    } else if (choice < 0.65) {
      const priority = random.pick(PRIORITIES);
      const bytes = random.chance(0.5) ? 0 : random.pick([10, 1000, MB, 20 * MB, 300 * MB]);
      const stale = now - sampledAt > 5000;
      const state = {
        calm: pressure.level === "normal",
        stale,
        strain: pressure.info().strain,
        memory: { used: known.usedBytes ?? Number.NaN, full: 0.9 * (known.limitBytes ?? Number.NaN) },
        heap: { used: known.heapUsedBytes ?? Number.NaN, full: 0.9 * (known.heapLimitBytes ?? Number.NaN) },
      };
      const chance = random.next();
      const before = naive.shed.low + naive.shed.normal + naive.shed.high;
      const expected = naive.admit(now, priority, bytes, chance, state);
      assert.is(admission.admit(now, priority, bytes, chance), expected, "let in");
      if (naive.shed.low + naive.shed.normal + naive.shed.high > before) seen.shed++;
      if (stale) seen.stale++;
    } else if (naive.open.length > 0) {
      admission.leave(naive.leave(random.int(0, naive.open.length - 1)));
    }
    const stats = admission.stats(now);
    assert.equal(stats.admitted, naive.admitted, "admitted");
    assert.equal(stats.shed, naive.shed, "shed");
    assert.is(stats.shedForRoom, naive.shedForRoom, "for want of room");
    assert.is(stats.inFlight, naive.open.length, "in flight");
    near(
      stats.bookedBytes,
      naive.open.reduce((sum, request) => sum + request.bytes, 0),
      1e-3,
      "booked",
    );
    near(stats.weight, naive.weight.memory, 1e-9, "weight");
    near(stats.heapWeight, naive.weight.heap, 1e-9, "weight of the heap");
    for (const priority of PRIORITIES) {
      const calm = pressure.level === "normal" || !(now - sampledAt <= 5000);
      const expected = naive.probability(priority, calm, pressure.info().strain);
      near(stats.probability[priority], expected, 1e-12, `probability of ${priority}`);
    }
    seen.room = Math.max(seen.room, naive.shedForRoom);
  });
  assert.ok(
    seen.shed > 1000 && seen.room > 50 && seen.stale > 50,
    `too little was tried: ${JSON.stringify(seen)}`,
  );
});

test("the probability rises with pressure, and classes go one after another", () => {
  const { pressure, admission } = fresh();
  admission.admit(0, "normal", 0, 0.5);
  let now = 0;
  let before = { low: 0, normal: 0, high: 0 };
  const first: string[] = [];
  for (let used = 600; used <= 900; used += 5) {
    now += 4000;
    pressure.sample(now, memory(used));
    const { probability } = admission.stats(now);
    for (const priority of PRIORITIES) {
      assert.ok(probability[priority] >= before[priority], `${priority} at ${used} MB`);
      if (probability[priority] > 0 && !first.includes(priority)) first.push(priority);
    }
    before = probability;
  }
  assert.equal(first, ["low", "normal", "high"]);
  assert.equal(before, { low: 1, normal: 1, high: 1 }, "all at critical");
});

test("fails open: no sample, an old sample, no limit", () => {
  const { pressure, admission } = fresh();
  admission.admit(0, "low", 0, 0.5);
  assert.ok(admission.admit(0, "low", 1e12, 0), "no sample yet");
  pressure.sample(0, memory(990));
  assert.not(admission.admit(5000, "high", 0, 0.5));
  assert.ok(admission.admit(5001, "low", 1e12, 0), "5 s old");
  for (let now = 5002; now < 40_000; now += 1000) pressure.sample(now, memory(990, null));
  assert.ok(admission.admit(39_500, "low", 1e12, 0), "no limit, calm again");
});

test("a burst of large bodies is let in as far as there is room", () => {
  const { pressure, admission } = fresh();
  pressure.sample(0, memory(100));
  const entered = Array.from({ length: 100 }, () => admission.admit(1, "normal", 10 * MB, 0.5)).filter(
    Boolean,
  ).length;
  assert.is(entered, 1, "(0.8 x 900 - 100) / (32 x 10)");
  admission.leave(10 * MB);
  assert.ok(admission.admit(2, "normal", 10 * MB, 0.5), "room again");
});

test("a burst into a small heap is let in as far as the heap has room", () => {
  const { pressure, admission } = fresh();
  pressure.sample(0, { ...memory(100), heapUsedBytes: 20 * MB, heapLimitBytes: 100 * MB });
  const entered = Array.from({ length: 100 }, () => admission.admit(1, "normal", MB, 0.5)).filter(
    Boolean,
  ).length;
  assert.is(entered, 1, "(0.8 x 90 - 20) / 32");
});

test("the heap has a weight of its own: what bodies take outside it does not close a small heap", () => {
  const { pressure, admission } = fresh();
  let now = 0;
  // Two bodies of 1 MB at a time: 6 MB of the heap, and 80 MB of resident memory that no limit is known for.
  const sample = (held: number) =>
    pressure.sample(now++, {
      ...memory(100 + 40 * held, null),
      heapUsedBytes: (10 + 3 * held) * MB,
      heapLimitBytes: 110 * MB,
    });
  const enter = () => admission.admit(now, "normal", MB, 0.5);
  for (let i = 0; i < 40; i++) {
    sample(0);
    assert.ok(enter() && enter());
    sample(2);
    admission.leave(MB);
    admission.leave(MB);
  }
  const { weight, heapWeight } = admission.stats(now);
  assert.ok(weight > 30 && heapWeight < 4, `${weight}, ${heapWeight}`);
  let entered = 0;
  while (entered < 100 && enter()) entered++;
  assert.is(entered, Math.floor((0.8 * 99 - 10) / heapWeight));
});

test("a heap with room for one body at a time learns from it what bodies take", () => {
  const { pressure, admission } = fresh();
  const sample = (now: number, heap: number) =>
    pressure.sample(now, { ...memory(100, null), heapUsedBytes: heap * MB, heapLimitBytes: 64 * MB });
  for (let now = 0; now < 2000; now += 50) {
    sample(now, 10);
    assert.ok(admission.admit(now, "normal", MB, 0.5));
    assert.is(admission.admit(now, "normal", MB, 0.5), admission.stats(now).heapWeight < 18);
    sample(now + 25, 16);
    while (admission.stats(now).inFlight > 0) admission.leave(MB);
  }
  const { heapWeight } = admission.stats(2000);
  assert.ok(heapWeight < 8, `${heapWeight}`);
});

test("nothing in flight: one every 250 ms gets in, at whatever strain", () => {
  const { pressure, admission } = fresh();
  pressure.sample(0, memory(999));
  assert.ok(admission.admit(0, "low", MB / 64, 0.5), "the probe");
  assert.not(admission.admit(300, "high", 0, 0.5), "one is in flight");
  admission.leave(MB / 64);
  assert.ok(admission.admit(301, "low", 0, 0.5));
  admission.leave(0);
  assert.not(admission.admit(302, "low", 0, 0.5));
  assert.ok(admission.admit(551, "low", 0, 0.5));
  admission.leave(0);
  assert.not(admission.admit(4000, "normal", MB, 0.5), "may pass the limit");
  pressure.sample(11_000, memory(999));
  assert.ok(admission.admit(11_000, "normal", MB, 0.5), "10 s later all the same");
});

test.run();
