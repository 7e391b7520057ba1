import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, Histogram } from "../../src/core/index.ts";
import { RecentHistogram } from "../../src/core/recent.ts";
import { near } from "../support/compare.ts";
import { Random } from "../support/random.ts";

const QUANTILES = [0.5, 0.9, 0.99, 0.999];

test("it holds what a plain list of the same window holds: count, mean, and quantiles within 1/64", () => {
  const random = new Random(20_261_127);
  const histogram = new Histogram(createCore());
  const recent = new RecentHistogram(histogram);
  const all: { readonly at: number; readonly value: number }[] = [];
  let now = 5_000_000;
  recent.sample(now);
  for (let step = 0; step < 400; step++) {
    // Often a second, sometimes a gap; values that drift over four orders of magnitude.
    now += random.chance(0.02) ? random.int(20_000, 200_000) : 1000;
    recent.sample(now);
    for (let i = random.int(0, 20); i > 0; i--) {
      now += 1;
      const value = 100 * 10 ** (2 + 2 * Math.sin(step / 40)) * (0.5 + random.next());
      histogram.record(value);
      all.push({ at: now, value });
    }
    const { windowMs, count, mean, quantiles } = recent.summary(now, ...QUANTILES);
    const values = all.filter(({ at }) => at > now - windowMs!).map(({ value }) => value);
    values.sort((a, b) => a - b);
    assert.is(count, values.length, `step ${step}`);
    if (count === 0) {
      assert.equal([mean, ...quantiles], [undefined, undefined, undefined, undefined, undefined]);
      continue;
    }
    near(mean, values.reduce((sum, value) => sum + value, 0) / count, 1e-6, "mean");
    QUANTILES.forEach((quantile, i) => {
      const exact = values[Math.max(1, Math.ceil(quantile * count)) - 1]!;
      assert.ok(Math.abs(quantiles[i]! - exact) <= exact / 64, `${quantiles[i]} for ${exact}`);
    });
  }
});

test("sampled each second it covers 45 to 60 s", () => {
  const recent = new RecentHistogram(new Histogram(createCore()));
  for (let second = 0; second < 300; second++) {
    recent.sample(second * 1000);
    const { windowMs } = recent.summary(second * 1000);
    if (second >= 60) assert.ok(windowMs! >= 45_000 && windowMs! <= 60_000, `${windowMs} at ${second} s`);
    else assert.is(windowMs! <= second * 1000, true);
  }
});

test("after a reset of the histogram, what came since", () => {
  const histogram = new Histogram(createCore());
  const recent = new RecentHistogram(histogram);
  recent.sample(0);
  for (let i = 0; i < 50; i++) histogram.record(1000);
  recent.sample(20_000);
  histogram.reset();
  histogram.record(64);
  const { count, mean } = recent.summary(70_000, 0.5);
  assert.equal([count, mean], [1, 64]);
});

test.run();
