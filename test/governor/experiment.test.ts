import { test } from "uvu";
import * as assert from "uvu/assert";
import { BettingTest, ConfidenceSequence } from "../../src/governor/betting.ts";
import { Challenger } from "../../src/governor/challenger.ts";
import { ALPHA, Experiment } from "../../src/governor/experiment.ts";
import { BASELINE_BLOCKS } from "../../src/governor/metric.ts";
import { binomialBounds, decide, type Planted, TRAPS, WORLDS } from "../support/planted.ts";
import { Random } from "../support/random.ts";

// `npm run verify` runs 1,000 of each, with bounds; here enough to see a decision rule break.
const RUNS = 40;

function adoptions(planted: Planted): number {
  let adopted = 0;
  for (let run = 0; run < RUNS; run++) {
    if (decide(planted, 104_729 * run + 3, ALPHA / 2).verdict === "adopted") adopted += 1;
  }
  return adopted;
}

for (const name of ["plain", "drift, bursts, tails and autocorrelation"]) {
  test(`${name}: a gain of 25 % is adopted, nothing and harm are not`, () => {
    const world = WORLDS[name]!;
    const gains = adoptions({ ...world, effect: -0.25 });
    assert.ok(gains >= RUNS * 0.9, `${gains} of ${RUNS}`);
    const none = adoptions({ ...world, effect: 0, cpuEffect: 0 });
    assert.ok(none <= 1, `${none} of ${RUNS}`);
    assert.is(adoptions({ ...world, effect: 0.25 }), 0);
  });
}

for (const [name, trap] of Object.entries(TRAPS)) {
  test(`not adopted: ${name}`, () => assert.is(adoptions(trap), 0));
}

test("a fortune against the product it stands for, stake by stake", () => {
  const random = new Random(7);
  for (const side of [1, -1] as const) {
    const bound = 0.1;
    const bets = new BettingTest(bound, side);
    const xs: number[] = [];
    let best = 1;
    for (let i = 0; i < 200; i++) {
      xs.push(Math.max(-1, Math.min(1, 0.2 * side + 0.5 * random.normal())));
      bets.add(xs.at(-1)!);
      // The same by logarithms, from the start.
      let mean = 0;
      for (let stake = 0; stake < 12; stake++) {
        const share = 0.9 * 0.72 ** stake;
        const log = xs.reduce((sum, x) => sum + Math.log1p((share * side * (x - bound)) / (1 + bound)), 0);
        mean += Math.exp(log) / 12;
      }
      best = Math.max(best, mean);
      assert.ok(Math.abs(bets.evidence / best - 1) < 1e-9);
    }
    assert.is(bets.rejects(1.001 / bets.evidence), true);
    assert.is(bets.rejects(0.999 / bets.evidence), false);
  }
});

test("looking at every step, a true hypothesis is rejected less often than its level says", () => {
  const random = new Random(20_261_126);
  let rejected = 0;
  for (let run = 0; run < 1000; run++) {
    const bets = new BettingTest(0, -1);
    for (let i = 0; i < 300; i++) bets.add(random.chance(0.5) ? 1 : -1);
    if (bets.rejects(0.05)) rejected += 1;
  }
  assert.ok(binomialBounds(rejected, 1000)[0] <= 0.05 && rejected > 0, `${rejected} of 1000`);
});

test("a confidence sequence holds the mean at all times, and narrows", () => {
  const random = new Random(11);
  let missed = 0;
  let width = 0;
  for (let run = 0; run < 60; run++) {
    const sequence = new ConfidenceSequence(0.05);
    let out = false;
    for (let i = 0; i < 300; i++) {
      sequence.add(random.chance(0.6) ? 0.5 : -0.5);
      if (i % 10 === 9) {
        const [low, high] = sequence.interval();
        out ||= low > 0.1 || high < 0.1;
      }
    }
    if (out) missed += 1;
    const [low, high] = sequence.interval();
    width += (high - low) / 60;
  }
  assert.ok(missed <= 6, `${missed} of 60 at 5 %`);
  assert.ok(width < 0.35, `${width}`);
});

test("bounds of a share, after Clopper and Pearson", () => {
  const table: readonly [number, number, number, number][] = [
    [0, 10, 0, 0.3085],
    [5, 10, 0.1871, 0.8129],
    [10, 10, 0.6915, 1],
    [950, 1000, 0.9346, 0.9627],
    [3, 1000, 0.0006, 0.0087],
  ];
  for (const [hits, runs, low, high] of table) {
    const bounds = binomialBounds(hits, runs);
    assert.ok(
      Math.abs(bounds[0] - low) < 1e-3 && Math.abs(bounds[1] - high) < 1e-3,
      `${hits} of ${runs}: ${bounds}`,
    );
  }
});

/** Blocks until the next conclusion, of a server where acting does `effect`. */
function conclude(experiment: Experiment, random: Random, effect: number, most = 5000): void {
  const before = experiment.concluded.length;
  for (let block = 0; block < most && experiment.concluded.length === before; block++) {
    const acts = experiment.next();
    const level = acts ? 1 + effect : 1;
    experiment.record(acts, {
      latency: 100 * level * (1 + 0.2 * random.normal()),
      cpu: 1 + 0.03 * random.normal(),
      memory: level * (1 + 0.03 * random.normal()),
    });
  }
}

test("latency: nothing acts in the baseline; what gains is adopted, watched, and revoked once it harms", () => {
  const random = new Random(5);
  const experiment = new Experiment("latency", () => random.next());
  for (let block = 0; block < BASELINE_BLOCKS; block++) {
    assert.is(experiment.next(), false);
    experiment.record(false, { latency: 90 + 20 * random.next(), cpu: 1, memory: 1 });
  }
  conclude(experiment, random, -0.4);
  assert.is(experiment.concluded[0]!.verdict, "adopted");
  assert.is(experiment.isAdopted("quiet"), true);
  assert.is(experiment.resting, true);
  let held = 0;
  for (let block = 0; block < 1000; block++) if (!experiment.next()) held += 1;
  assert.ok(held > 60 && held < 140, `${held} of 1000 hold`);
  conclude(experiment, random, 0.6);
  assert.is(experiment.concluded[1]!.verdict, "revoked");
  assert.is(experiment.isAdopted("quiet"), false);
  experiment.again();
  assert.equal([experiment.resting, experiment.round], [false, 2]);
});

test("several that are adopted are watched by turns: whichever stops to gain is revoked, not the last one", () => {
  const random = new Random(8);
  const experiment = new Experiment("memory", () => random.next());
  for (const effect of [-0.3, -0.3, 0.3]) conclude(experiment, random, effect);
  assert.equal(experiment.adopted, ["quiet", "trim"]);
  const turns = [experiment.policy];
  experiment.record(true, { latency: 100, cpu: 1, memory: 0.7 });
  turns.push(experiment.policy);
  experiment.pass();
  turns.push(experiment.policy);
  assert.equal(turns, ["trim", "quiet", "trim"], "one without an opportunity makes room too");
  assert.is(experiment.concluded.length, 3, "that concludes nothing");
  for (let block = 0; block < 4000 && experiment.adopted.length === 2; block++) {
    const harms = experiment.policy === "trim";
    const acts = experiment.next();
    const memory = (acts && harms ? 1.3 : 1) * (1 + 0.03 * random.normal());
    experiment.record(acts, { latency: 100, cpu: 1, memory });
  }
  assert.equal(experiment.adopted, ["quiet"]);
  assert.is(experiment.concluded.at(-1)!.verdict, "revoked");
});

test("a block whose outcome cannot be read takes nothing off the effect", () => {
  const challenger = new Challenger("memory", 1e-9);
  const outcomes = (memory: number) => ({ latency: Number.NaN, cpu: Number.NaN, memory });
  for (let i = 0; i < BASELINE_BLOCKS; i++) challenger.learn(outcomes(i % 2 === 0 ? 0.9 : 1.1));
  for (let i = 0; i < 60; i++) {
    const acts = i % 2 === 0;
    challenger.record(acts, outcomes(acts ? 0.95 : 1.05));
    challenger.record(acts, outcomes(Number.NaN));
  }
  assert.ok(Math.abs(challenger.effect()!.share + 0.1) < 0.01, `${challenger.effect()!.share}`);
});

test("memory: three challengers, one at a time; the error rate is shared between them and over rounds", () => {
  const random = new Random(6);
  const experiment = new Experiment("memory", () => random.next());
  assert.is(experiment.policy, "trim");
  conclude(experiment, random, 0);
  assert.is(experiment.policy, "quiet");
  conclude(experiment, random, -0.3);
  assert.is(experiment.policy, "early");
  conclude(experiment, random, 0.3);
  assert.equal(
    experiment.concluded.map(({ policy, verdict }) => `${policy} ${verdict}`),
    ["trim no gain", "quiet adopted", "early harmful"],
  );
  assert.is(experiment.resting, true);
  experiment.again();
  assert.equal([experiment.policy, experiment.round], ["trim", 2], "the adopted one is not tried again");
});

test.run();
