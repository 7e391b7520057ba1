import { test } from "uvu";
import * as assert from "uvu/assert";
import { QuantileBootstrap } from "../../src/governor/quantile-effects.ts";
import { Random } from "../support/random.ts";

/** Blocks by a fair coin on a server whose level wanders (first-order correlation), acting changes it by `effect`. */
function run(seed: number, blocks: number, effect: number, correlation = 0, from = 0): QuantileBootstrap {
  const random = new Random(seed);
  const bootstrap = new QuantileBootstrap(() => random.next());
  let noise = random.normal();
  for (let block = 0; block < blocks; block++) {
    const acts = random.chance(0.5);
    noise = correlation * noise + Math.sqrt(1 - correlation * correlation) * random.normal();
    const level = Math.exp(0.3 * noise) * (acts && block >= from ? 1 + effect : 1);
    bootstrap.add(acts, (share) => level / (1 - share), level / 100);
  }
  return bootstrap;
}

test("nothing until each arm has ten blocks", () => {
  const bootstrap = new QuantileBootstrap(() => 0.5);
  for (let i = 0; i < 100; i++) bootstrap.add(i >= 91, () => 1, 0);
  assert.is(bootstrap.effects, undefined, "nine acted");
  for (let i = 0; i < 10; i++) bootstrap.add(true, () => 1, 0);
  assert.equal(bootstrap.effects!.quantiles.p50, { share: 0, low: 0, high: 0 });
  assert.is(bootstrap.effects!.exceedances, undefined, "no request was above the p99");
});

test("each quantile by itself, as the mean over blocks of one arm against that of the other", () => {
  const bootstrap = new QuantileBootstrap(() => 0.5);
  for (let i = 0; i < 40; i++) {
    const acts = i % 2 === 0;
    bootstrap.add(acts, (share) => (acts && share > 0.95 ? 30 : 40), acts ? 0.0125 : 0.01);
  }
  const { quantiles, exceedances } = bootstrap.effects!;
  const { p50, p90, p99 } = quantiles;
  assert.equal([p50.share, p90.share, p99.share], [0, 0, -0.25]);
  assert.ok(Math.abs(exceedances!.share - 0.25) < 1e-9 && exceedances!.high - exceedances!.low < 1e-9);
});

for (const correlation of [0, 0.7]) {
  test(`correlation ${correlation}: intervals hold the truth about as often as they say`, () => {
    const RUNS = 80;
    for (const effect of [0, -0.25]) {
      let held = 0;
      for (let seed = 1; seed <= RUNS; seed++) {
        const { low, high } = run(seed * 31, 100, effect, correlation).effects!.quantiles.p99;
        if (low <= effect && effect <= high) held += 1;
      }
      // 95 % are claimed; the bootstrap's shortfall with a hundred blocks, and chance, are allowed.
      assert.ok(held / RUNS > 0.84 && held < RUNS, `${held} of ${RUNS}`);
    }
  });
}

test("it narrows with blocks, and forgets what is older than 256 of them", () => {
  const width = (blocks: number) => {
    const { low, high } = run(9, blocks, -0.25).effects!.quantiles.p99;
    return high - low;
  };
  assert.ok(width(250) < 0.75 * width(60), `${width(60)} ${width(250)}`);
  const late = run(5, 600, -0.5, 0, 300).effects!.quantiles.p99;
  assert.ok(late.high < -0.35 && late.low > -0.65, `${late.low} ${late.high}`);
});

test.run();
