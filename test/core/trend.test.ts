import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore, Trend } from "../../src/core/governor-entry.ts";
import { near } from "../support/compare.ts";
import { NaiveTrend, studentT } from "../support/naive-trend.ts";
import { Random, randomSteps } from "../support/random.ts";

const core = createGovernorCore();

/** Compares slope, intercept, standard error and r squared; the confidence costs more: `compareConfidence`. */
function compare(trend: Trend, naive: NaiveTrend): void {
  const actual = trend.fit();
  const expected = naive.fit();
  assert.is(actual.points, expected.points, "points");
  if (expected.slope === undefined) {
    const { points: _, ...rest } = actual;
    for (const [name, value] of Object.entries(rest)) assert.is(value, undefined, `${name}: one x only`);
    return;
  }
  const { x, y } = naive.seen();
  const steepest = (Math.max(...y) - Math.min(...y)) / (Math.max(...x) - Math.min(...x));
  const far = Math.max(...naive.points.map((p) => Math.abs(p.x)));
  const high = Math.max(...naive.points.map((p) => Math.abs(p.y)));
  near(actual.slope, expected.slope, 1e-12 * steepest, "slope");
  near(actual.intercept, expected.intercept, 1e-12 * (high + steepest * far), "intercept");
  near(actual.standardError, expected.standardError, 1e-7 * steepest, "standard error");
  near(actual.rSquared, expected.rSquared, 1e-6, "r squared");
  const { t } = expected;
  if (t === undefined) assert.is(actual.confidence, expected.confidence, "confidence");
  else near(actual.confidence, expected.confidence, t < 1e4 ? 1e-6 : 1e-3, `confidence at t = ${t}`);
}

/** A straight line of n points with a residual around it, so that slope / standard error is exactly t. */
function confidenceAt(t: number, freedom: number): number {
  const n = freedom + 2;
  const middle = (n - 1) / 2;
  const x = Array.from({ length: n }, (_, i) => i - middle);
  const xx = x.reduce((sum, d) => sum + d * d, 0);
  // A parabola, freed of its mean: it has no part along x, as x is symmetric.
  const squares = x.map((d) => d * d);
  const bend = squares.map((s) => s - xx / n);
  const residual = bend.reduce((sum, e) => sum + e * e, 0);
  const slope = t * Math.sqrt(residual / freedom / xx);
  const trend = new Trend(core, n);
  for (let i = 0; i < n; i++) trend.add(i, 100 + slope * x[i]! + bend[i]!);
  const { confidence } = trend.fit();
  trend.destroy();
  return confidence!;
}

// Critical values of Student's t, two-sided, as printed in any table.
const CRITICAL: readonly [confidence: number, freedom: number, t: number][] = [
  [0.8, 1, 3.078],
  [0.9, 1, 6.314],
  [0.95, 1, 12.706],
  [0.99, 1, 63.657],
  [0.95, 2, 4.303],
  [0.99, 2, 9.925],
  [0.95, 3, 3.182],
  [0.99, 4, 4.604],
  [0.95, 5, 2.571],
  [0.9, 10, 1.812],
  [0.95, 10, 2.228],
  [0.99, 10, 3.169],
  [0.999, 10, 4.587],
  [0.95, 15, 2.131],
  [0.95, 20, 2.086],
  [0.99, 29, 2.756],
  [0.95, 30, 2.042],
  [0.999, 60, 3.46],
  [0.9, 100, 1.66],
  [0.95, 100, 1.984],
  [0.99, 100, 2.626],
  [0.95, 1000, 1.962],
];

test("confidence at the published critical values of Student's t", () => {
  for (const [confidence, freedom, t] of CRITICAL) {
    near(confidenceAt(t, freedom), confidence, 1.5e-4, `confidence at t = ${t}, ${freedom} degrees`);
    near(studentT(t, freedom), confidence, 1.5e-4, `the integral at t = ${t}, ${freedom} degrees`);
  }
});

test("confidence against the integrated density, 1 to 120 degrees of freedom", () => {
  for (let freedom = 1; freedom <= 120; freedom++) {
    for (const t of [0.01, 0.3, 1, 1.7, 2.5, 6, 40]) {
      near(
        confidenceAt(t, freedom),
        studentT(t, freedom),
        1e-8,
        `confidence at t = ${t}, ${freedom} degrees`,
      );
    }
  }
});

test("100,000 random steps, against least squares in two passes", () => {
  let [trend, naive] = [new Trend(core, 12), new NaiveTrend(12)];
  let [x, scale, slope, noise, whole] = [0, 1, 0, 1, false];
  randomSteps(20_260_806, 100_000, (random) => {
    if (random.chance(0.002)) {
      trend.destroy();
      const capacity = random.int(2, 40);
      [trend, naive] = [new Trend(core, capacity), new NaiveTrend(capacity)];
      x = random.pick([0, 0.1, -7, 1e6, 1.7e12]);
    }
    if (random.chance(0.005)) {
      scale = random.pick([1e-3, 1, 1, 1e8]);
      slope = random.pick([0, 0, 0.1, -3]);
      noise = random.pick([0, 0.01, 1, 1]);
      whole = random.chance(0.3);
    }
    const choice = random.next();
    if (choice < 0.001) {
      trend.reset();
      naive.points = [];
    } else if (choice < 0.01) {
      const bad = random.pick([Number.NaN, Infinity, -Infinity]);
      const [px, py] = random.pick([
        [bad, 1],
        [1, bad],
        [bad, bad],
      ]) as [number, number];
      trend.add(px, py);
      naive.add(px, py);
    } else {
      if (random.chance(0.8)) x += random.pick([1, 1, 0.1, 1000]);
      const value = scale * (slope * naive.points.length + noise * random.normal() + 0.1);
      const y = whole ? Math.round(value) : value;
      trend.add(x, y);
      naive.add(x, y);
    }
    compare(trend, naive);
  });
});

test("what few points tell", () => {
  const trend = new Trend(core, 10);
  const untold = { standardError: undefined, rSquared: undefined, confidence: undefined };
  assert.equal(trend.fit(), { points: 0, slope: undefined, intercept: undefined, ...untold });
  trend.add(1, 5);
  assert.equal(trend.fit(), { points: 1, slope: undefined, intercept: undefined, ...untold });
  trend.add(3, 9);
  assert.equal(trend.fit(), { points: 2, slope: 2, intercept: 3, ...untold });
  trend.add(5, 13);
  assert.equal(trend.fit(), {
    points: 3,
    slope: 2,
    intercept: 3,
    standardError: 0,
    rSquared: 1,
    confidence: 1,
  });
});

test("one x only: no slope, whatever x is", () => {
  for (const x of [0, 0.1, 1 / 3, 1.7e12 + 0.3, -5.7]) {
    const trend = new Trend(core, 50);
    for (let i = 0; i < 50; i++) {
      trend.add(x, i);
      assert.is(trend.fit().slope, undefined, `${i + 1} points at ${x}`);
      assert.is(trend.fit().confidence, undefined, `${i + 1} points at ${x}`);
    }
    trend.destroy();
  }
});

test("a flat line: slope 0, confidence 0, whatever its height", () => {
  for (const y of [0, 0.1, 1 / 3, 123_456_789.1, -0.7]) {
    const trend = new Trend(core, 50);
    for (let i = 0; i < 50; i++) trend.add(i * 0.1, y);
    const { slope, confidence, rSquared, intercept } = trend.fit();
    assert.equal({ slope, confidence, rSquared }, { slope: 0, confidence: 0, rSquared: 0 }, `at ${y}`);
    near(intercept, y, Math.abs(y) * 1e-15, "intercept");
    trend.destroy();
  }
});

test("pure noise: about 5 % of 2,000 series are above 95 % confidence", () => {
  const random = new Random(20_260_807);
  for (const length of [5, 30, 60]) {
    const trend = new Trend(core, length);
    let above = 0;
    for (let series = 0; series < 2000; series++) {
      trend.reset();
      for (let i = 0; i < length; i++) trend.add(i * 5000, 5e7 + 1e6 * random.normal());
      if (trend.fit().confidence! > 0.95) above++;
    }
    near(above / 2000, 0.05, 0.015, `share of ${length}-point series (seed ${random.seed})`);
    trend.destroy();
  }
});

test("a leak of 1 % an hour under 1 % of noise shows within an hour of readings", () => {
  const random = new Random(20_260_808);
  const trend = new Trend(core, 720);
  for (let i = 0; i < 720; i++) trend.add(i * 5000, 1e8 * (1 + (0.01 * i) / 720 + 0.01 * random.normal()));
  const { slope, confidence } = trend.fit();
  assert.ok(confidence! > 0.999, `confidence ${confidence}`);
  near(slope! * 3_600_000, 1e6, 4e5, "bytes an hour");
});

test("memory is reused: 1,000 rounds of create and destroy do not grow it", () => {
  const own = createGovernorCore();
  const round = (): void => {
    const trends = Array.from({ length: 10 }, (_, i) => new Trend(own, 2 + i * 50));
    for (const trend of trends) {
      assert.is(trend.fit().points, 0);
      trend.add(1, 1);
    }
    for (const trend of trends) trend.destroy();
  };
  round();
  const before = own.memoryBytes;
  for (let n = 0; n < 1000; n++) round();
  assert.is(own.memoryBytes, before);
});

test.run();
