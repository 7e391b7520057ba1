import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, Histogram, Status, VelithonError } from "../../src/core/index.ts";
import { near } from "../support/compare.ts";
import { Random, randomSteps } from "../support/random.ts";

const core = createCore();
const LIMIT = 2 ** 33;
const QUANTILES = [0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1];

/** The ceil(q * n)-th smallest. */
function orderStatistic(sorted: ArrayLike<number>, q: number): number | undefined {
  return sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1];
}

/** A histogram beside all the values it was given. */
class Pair {
  readonly histogram: Histogram = new Histogram(core);
  values: number[] = [];
  rejected = 0;

  record(value: number): void {
    this.histogram.record(value);
    if (Number.isFinite(value)) this.values.push(value);
    else this.rejected++;
  }

  reset(): void {
    this.histogram.reset();
    this.values = [];
    this.rejected = 0;
  }

  merge(other: Pair): void {
    this.histogram.merge(other.histogram);
    this.values = this.values.concat(other.values);
    this.rejected += other.rejected;
  }

  compareSummary(): void {
    const { values } = this;
    const summary = this.histogram.summary();
    const n = values.length;
    let [min, max, sum, clamped] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, 0];
    for (const value of values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
      sum += value;
      if (value < 1 || value >= LIMIT) clamped++;
    }
    const mean = sum / n;
    let squares = 0;
    for (const value of values) squares += (value - mean) ** 2;
    const deviation = Math.sqrt(squares / n);
    assert.is(summary.count, n, "count");
    assert.is(summary.min, n === 0 ? undefined : min, "min");
    assert.is(summary.max, n === 0 ? undefined : max, "max");
    assert.is(summary.clamped, clamped, "clamped");
    assert.is(summary.rejected, this.rejected, "rejected");
    const scale = Math.max(Math.abs(min), Math.abs(max));
    near(summary.mean, n === 0 ? undefined : mean, 1e-12 * scale, "mean");
    near(summary.standardDeviation, n === 0 ? undefined : deviation, 1e-9 * scale, "standard deviation");
  }

  /** Only while nothing was clamped. */
  compareQuantiles(quantiles: readonly number[]): void {
    const sorted = Float64Array.from(this.values).sort();
    const answers = this.histogram.quantiles(...quantiles);
    assert.is(answers.length, quantiles.length);
    quantiles.forEach((q, i) => {
      const exact = orderStatistic(sorted, q);
      near(answers[i], exact, (exact ?? 0) / 64, `quantile ${q} of ${sorted.length}`);
    });
  }
}

type Draw = (random: Random) => number;
const distributions: Record<string, Draw> = {
  uniform: (random) => 1 + random.next() * 1e6,
  "log-uniform over the whole range": (random) => LIMIT ** random.next(),
  exponential: (random) => 1 + random.exponential(20_000),
  "heavy-tailed": (random) => Math.min(LIMIT - 1, (1 - random.next()) ** -1.5),
  "two peaks": (random) => (random.chance(0.9) ? 900 + 50 * random.normal() : 2e6 + 1e4 * random.normal()),
  "whole numbers": (random) => random.int(1, 300),
  "the same again and again": () => 1234.5,
  "edges of buckets": (random) => {
    const edge = 2 ** random.int(0, 32) * (1 + random.int(0, 31) / 32);
    return random.pick([edge, edge * (1 + 2 ** -52), Math.max(1, edge * (1 - 2 ** -53))]);
  },
  ascending: (() => {
    let value = 0;
    return () => ++value;
  })(),
};

for (const [name, draw] of Object.entries(distributions)) {
  test(`quantiles are within 1/64: ${name}`, () => {
    const random = new Random(20_260_803);
    const pair = new Pair();
    for (const length of [1, 2, 3, 10, 100, 20_000]) {
      while (pair.values.length < length) pair.record(draw(random));
      pair.compareQuantiles(QUANTILES);
      pair.compareQuantiles(Array.from({ length: 64 }, () => random.next()).sort((a, b) => a - b));
      pair.compareSummary();
    }
    assert.is(pair.histogram.quantiles(1)[0], Math.max(...pair.values), "the highest is exact");
    pair.histogram.destroy();
  });
}

test("100,000 random steps on three histograms, against arrays", () => {
  const pairs = [new Pair(), new Pair(), new Pair()];
  const names = Object.keys(distributions);
  randomSteps(20_260_804, 100_000, (random, step) => {
    const pair = random.pick(pairs);
    const choice = random.next();
    if (choice < 0.9965) pair.record(distributions[random.pick(names)]!(random));
    else if (choice < 0.998) pair.compareQuantiles([0, random.next(), 1]);
    else if (choice < 0.999) pair.record(random.pick([Number.NaN, Infinity, -Infinity]));
    else if (choice < 0.9995 && pair.values.length < 20_000) pair.merge(random.pick(pairs));
    else pair.reset();
    if (step % 100 === 0) pair.compareSummary();
  });
});

test("empty: nothing is known, nothing is 0", () => {
  const histogram = new Histogram(core);
  const empty = {
    count: 0,
    min: undefined,
    max: undefined,
    mean: undefined,
    standardDeviation: undefined,
    clamped: 0,
    rejected: 0,
  };
  assert.equal(histogram.summary(), empty);
  assert.equal(histogram.quantiles(0, 0.5, 1), [undefined, undefined, undefined]);
  assert.equal(histogram.quantiles(), []);
  for (const value of [Number.NaN, Infinity, -Infinity]) histogram.record(value);
  assert.equal(histogram.summary(), { ...empty, rejected: 3 });
  histogram.merge(new Histogram(core));
  assert.equal(histogram.summary(), { ...empty, rejected: 3 });
  histogram.reset();
  assert.equal(histogram.summary(), empty);
  histogram.record(7);
  assert.equal(histogram.quantiles(0, 0.5, 1), [7, 7, 7]);
});

test("outside the range: counted, held in the outermost buckets, exact in min and max", () => {
  const pair = new Pair();
  for (const value of [0, -0, -5, 0.999, LIMIT, 1e12, 1e300, 1, LIMIT - 0.5]) pair.record(value);
  const summary = pair.histogram.summary();
  assert.is(summary.clamped, 7);
  assert.is(summary.count, 9);
  assert.is(summary.min, -5);
  assert.is(summary.max, 1e300);
  const [first, low, high, last] = pair.histogram.quantiles(0, 0.5, 0.7, 1);
  near(first, 1, 1 / 64, "the lowest bucket");
  near(low, 1, 1 / 64, "the lowest bucket");
  near(high, LIMIT, LIMIT / 64, "the highest bucket");
  assert.is(last, 1e300);
});

test("properties: order, bounds, and merging in any order", () => {
  const value = fc.double({ min: 1, max: LIMIT - 1, noNaN: true });
  const values = fc.array(value, { maxLength: 200 });
  const quantile = fc.double({ min: 0, max: 1, noNaN: true });
  const property = fc.property(
    values,
    values,
    fc.array(quantile, { minLength: 1, maxLength: 64 }),
    (some, others, quantiles) => {
      quantiles.sort((a, b) => a - b);
      const [a, b, both] = [new Pair(), new Pair(), new Pair()];
      for (const v of some) a.record(v);
      for (const v of others) b.record(v);
      for (const v of [...others, ...some]) both.record(v);
      a.merge(b);
      a.compareSummary();
      a.compareQuantiles(quantiles);
      const answers = a.histogram.quantiles(...quantiles);
      assert.equal(answers, both.histogram.quantiles(...quantiles));
      for (let i = 1; i < answers.length; i++) assert.not(answers[i]! < answers[i - 1]!, "ascending");
      for (const pair of [a, b, both]) pair.histogram.destroy();
    },
  );
  fc.assert(property, { seed: 20_260_805, numRuns: 300 });
});

test("what quantiles and merge refuse", () => {
  const histogram = new Histogram(core);
  const refused: [number[], string][] = [
    [[0.5, 0.4], "0.5, 0.4"],
    [[-0.1], "-0.1"],
    [[1.1], "1.1"],
    [[Number.NaN], "NaN"],
    [Array.from({ length: 65 }, () => 0), "0, 0"],
  ];
  for (const [quantiles, shown] of refused) {
    assert.throws(
      () => histogram.quantiles(...quantiles),
      (error: unknown) =>
        error instanceof VelithonError &&
        error.code === "INVALID_OPTION" &&
        error.message.includes(shown) &&
        error.message.includes("accepted: up to 64 numbers from 0 to 1, ascending"),
    );
  }
  assert.throws(
    () => histogram.merge(new Histogram(createCore())),
    (error: unknown) => error instanceof VelithonError && error.code === "INVALID_OPTION",
  );
});

test("merged with itself: everything twice", () => {
  const pair = new Pair();
  for (let i = 1; i <= 100; i++) pair.record(i);
  pair.merge(pair);
  pair.compareSummary();
  pair.compareQuantiles(QUANTILES);
});

test("memory is reused, and a new one is empty", () => {
  const own = createCore();
  const round = (): void => {
    const all = Array.from({ length: 10 }, () => new Histogram(own));
    for (const histogram of all) {
      assert.is(histogram.summary().count, 0);
      histogram.record(5);
    }
    for (const histogram of all) histogram.destroy();
  };
  round();
  const before = own.memoryBytes;
  for (let n = 0; n < 1000; n++) round();
  assert.is(own.memoryBytes, before);
  assert.ok(own.exports.histogramCreate() !== Status.outOfMemory);
});

test.run();
