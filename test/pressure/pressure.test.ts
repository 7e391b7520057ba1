import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore, type GovernorCore } from "../../src/core/governor.ts";
import { LEVELS, type PressureInputs } from "../../src/pressure/level.ts";
import { DEFAULT_RATIOS, HOLD_MS, Pressure } from "../../src/pressure/pressure.ts";
import { near } from "../support/compare.ts";
import { NaivePressure } from "../support/naive-pressure.ts";
import { type Random, randomSteps } from "../support/random.ts";

const MB = 1024 * 1024;
const core = createGovernorCore();
const NOTHING: PressureInputs = {
  usedBytes: undefined,
  limitBytes: undefined,
  heapUsedBytes: undefined,
  heapLimitBytes: undefined,
  stallRatio: undefined,
  lagMs: undefined,
};

function inputs(given: Partial<PressureInputs>): PressureInputs {
  return { ...NOTHING, ...given };
}

/** Memory at a share of a limit of 1000 MB. */
const at = (ratio: number): PressureInputs => inputs({ usedBytes: ratio * 1000 * MB, limitBytes: 1000 * MB });

function compare(pressure: Pressure, naive: NaivePressure, given: PressureInputs): void {
  const info = pressure.info();
  assert.is(info.level, LEVELS[naive.level], "level");
  assert.is(info.enteredAtMs, naive.since, "since");
  assert.is(info.cause, naive.cause, "cause");
  near(info.strain, naive.strain, 1e-9, "strain");
  const limit = given.limitBytes !== undefined && given.limitBytes > 0 ? given.limitBytes : undefined;
  const left = naive.timeToLimit(given.usedBytes, limit);
  if (left === undefined) assert.is(info.timeToLimitMs, undefined, "time to limit");
  else near(info.timeToLimitMs, left, 1e-6 * left + 1e-6, "time to limit");
  const { entries, durationMs } = pressure.counts();
  LEVELS.forEach((level, i) => {
    assert.is(entries[level], naive.entries[i], `entries of ${level}`);
    near(durationMs[level], naive.durations[i]!, 1e-3, `time in ${level}`);
  });
}

/** Readings that wander, jump, rest on a mark, and go missing. */
class Wandering {
  used = 400;
  heap = 0.4;
  stall = 0;
  lag = 5;
  limit: number | undefined = 1000;

  next(random: Random): PressureInputs {
    this.used = Math.max(0, this.used + random.normal() * random.pick([1, 10, 60]));
    if (random.chance(0.01)) this.used = random.pick([100, 500, 650, 690, 700, 745, 800, 850, 900, 1100]);
    if (this.used > 1300) this.used = 600;
    this.heap = Math.abs(this.heap + random.normal() * 0.03);
    if (random.chance(0.02)) this.heap = random.pick([0.2, 0.651, 0.7, 0.75, 0.9]);
    this.stall = random.chance(0.1) ? random.pick([0, 0.05, 0.07, 0.1, 0.28, 0.4, 1]) : this.stall;
    this.lag = random.chance(0.2) ? random.exponential(random.pick([5, 60, 300])) : this.lag;
    if (random.chance(0.005)) this.limit = random.pick([undefined, 0, 800, 1000, 1000]);
    const seen = <T>(value: T): T | undefined => (random.chance(0.02) ? undefined : value);
    return {
      usedBytes: seen(this.used * MB),
      limitBytes: this.limit === undefined ? undefined : this.limit * MB,
      heapUsedBytes: seen(this.heap * 500 * MB),
      heapLimitBytes: seen(500 * MB),
      stallRatio: seen(this.stall),
      lagMs: seen(this.lag),
    };
  }
}

test("100,000 random steps, against a naive account", () => {
  let pressure = new Pressure(core);
  let naive = new NaivePressure(DEFAULT_RATIOS, HOLD_MS);
  let readings = new Wandering();
  let now = 0;
  const reached = new Set<string>();
  randomSteps(20_261_125, 100_000, (random) => {
    if (random.chance(0.001)) {
      const ratios = random.pick([DEFAULT_RATIOS, [0.5, 0.6, 0.95], [0.25, 0.5, 0.75]] as const);
      pressure = new Pressure(core, ratios);
      naive = new NaivePressure(ratios, HOLD_MS);
      readings = new Wandering();
      now = random.pick([0, 1e6, 1.7e9]);
    }
    now += random.pick([0, 1, 4, 20, 100, 1000, 1000, 5000]);
    const given = readings.next(random);
    reached.add(pressure.sample(now, given));
    naive.sample(now, given);
    compare(pressure, naive, given);
  });
  assert.is(reached.size, 4, "all levels were reached");
});

test("the level rises at once and falls a step at a time", () => {
  const pressure = new Pressure(core);
  assert.is(pressure.sample(0, at(0.5)), "normal");
  assert.is(
    pressure.sample(1000, inputs({ ...at(0.5), heapUsedBytes: 91, heapLimitBytes: 100 })),
    "critical",
  );
  const seen: string[] = [];
  for (let now = 2000; now <= 9000; now += 1000) seen.push(pressure.sample(now, at(0.5)));
  assert.equal(seen, ["critical", "high", "high", "elevated", "elevated", "normal", "normal", "normal"]);
});

test("between mark and leaving the level stays", () => {
  const pressure = new Pressure(core);
  const steady = (ratio: number, from: number): string => {
    let level = "";
    for (let now = from; now < from + 20_000; now += 1000) level = pressure.sample(now, at(ratio));
    return level;
  };
  assert.is(steady(0.69, 0), "normal");
  assert.is(steady(0.71, 20_000), "elevated");
  assert.is(steady(0.66, 40_000), "elevated", "above 0.93 of the mark");
  assert.is(steady(0.64, 60_000), "normal");
  assert.is(steady(0.69, 80_000), "normal");
});

test("memory that grows fast counts a level more, and says when it is full", () => {
  const pressure = new Pressure(core);
  // 20 MB every 100 ms: 200 MB a second, 2 s before the limit at 600 of 1000 MB.
  for (let step = 0; step <= 15; step++) pressure.sample(step * 100, at(0.3 + step * 0.02));
  const info = pressure.info();
  assert.is(info.level, "elevated");
  assert.is(info.cause, "memory");
  near(info.timeToLimitMs, 2000, 200, "time to the limit");
  assert.match(
    info.reason,
    /^elevated: memory is at 60 % \(600 MB of 1000 MB\) of its limit, and at this rate/,
  );
  for (let now = 2500; now < 22_500; now += 1000) pressure.sample(now, at(0.6));
  assert.is(pressure.level, "normal", "no longer growing");
});

test("stall and lag raise it to high at most", () => {
  const pressure = new Pressure(core);
  assert.is(pressure.sample(0, inputs({ stallRatio: 1 })), "high");
  assert.is(pressure.info().reason, "high: tasks waited for memory during 100 % of the last ten seconds");
  const other = new Pressure(core);
  assert.is(other.sample(0, inputs({ lagMs: 60_000 })), "high");
  assert.is(other.info().cause, "lag");
});

test("nothing that can be read: normal, and it says so", () => {
  const pressure = new Pressure(core);
  for (let now = 0; now < 5000; now += 500) assert.is(pressure.sample(now, NOTHING), "normal");
  assert.is(pressure.info().cause, undefined);
  assert.is(pressure.info().reason, "none of the readings that decide the level is available");
  assert.is(pressure.info().timeToLimitMs, undefined);
});

const reading = fc.record({
  usedBytes: fc.option(fc.double({ min: 0, max: 3000 * MB, noNaN: true }), { nil: undefined }),
  limitBytes: fc.option(fc.constantFrom(0, 500 * MB, 1000 * MB), { nil: undefined }),
  heapUsedBytes: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined }),
  heapLimitBytes: fc.option(fc.constantFrom(1e8, 5e8), { nil: undefined }),
  stallRatio: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  lagMs: fc.option(fc.double({ min: 0, max: 100_000, noNaN: true }), { nil: undefined }),
});
const step = fc.record({ after: fc.double({ min: 0, max: 3000, noNaN: true }), reading });

/** Level after any history and then calm readings once a second (or faster) for `calmMs`. */
function afterCalm(
  fresh: GovernorCore,
  history: readonly { after: number; reading: PressureInputs }[],
  calm: PressureInputs,
  gapMs: number,
  calmMs: number,
): string {
  const pressure = new Pressure(fresh);
  let now = 0;
  for (const { after, reading } of history) {
    now += after;
    pressure.sample(now, reading);
  }
  const end = now + calmMs;
  while (now < end) {
    now += gapMs;
    pressure.sample(now, calm);
  }
  return pressure.level;
}

test("recovery: whatever came before, 30 s of calm readings end in normal", () => {
  const calm = fc.constantFrom(
    NOTHING,
    at(0.6),
    inputs({ ...at(0.64), heapUsedBytes: 64, heapLimitBytes: 100, stallRatio: 0.06, lagMs: 60 }),
    inputs({ lagMs: 0 }),
  );
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      calm,
      fc.double({ min: 10, max: 1000, noNaN: true }),
      (history, it, gap) => {
        // A lag of 100 s needs its time to be forgotten; the rest is over within three holds and a step.
        const capped = history.map((h) => ({
          ...h,
          reading: { ...h.reading, lagMs: h.reading.lagMs && Math.min(h.reading.lagMs, 1000) },
        }));
        assert.is(afterCalm(core, capped, it, gap, 30_000), "normal");
      },
    ),
    { numRuns: 300 },
  );
});

test("recovery without lag: three holds and three steps are enough", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 60 }),
      fc.double({ min: 10, max: 1000, noNaN: true }),
      (history, gap) => {
        const without = history.map((h) => ({ ...h, reading: { ...h.reading, lagMs: undefined } }));
        assert.is(afterCalm(core, without, at(0.5), gap, 3 * (HOLD_MS + gap) + 2 * gap + 3000), "normal");
      },
    ),
    { numRuns: 300 },
  );
});

test.run();
