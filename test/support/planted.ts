import { Challenger, type Verdict } from "../../src/governor/challenger.ts";
import type { GovernorObjective } from "../../src/governor/options.ts";
import { Random } from "./random.ts";

/**
 * A server whose truth is known: outcomes of blocks with a planted effect of acting. All figures are shares
 * of the usual level; deviations are of one block.
 */
export interface Planted {
  /** Default `latency`. */
  readonly objective?: GovernorObjective;
  /** Of acting, on the objective: -0.25 is a quarter less. */
  readonly effect: number;
  /** Deviation of a block's latency outcome. Default 0.5: 20 exceedances in 2,000 requests, in clusters of five. */
  readonly deviation?: number;
  /** On the block after one that acted. */
  readonly carryOver?: number;
  /** Of acting, on CPU time where that is not the objective. Default 0.01; a block deviates by 0.05. */
  readonly cpuEffect?: number;
  /** The same of latency. Default 0. */
  readonly latencyEffect?: number;
  /** No request is slow, but in this share of the blocks that act. */
  readonly onlyStalls?: number;
  /** The level doubles over so many blocks, and halves over the next. */
  readonly driftBlocks?: number;
  /** Share of blocks that begin a burst of ten at three times the level. */
  readonly bursts?: number;
  /** Share of blocks at a Pareto multiple (shape 1.5) of the level. */
  readonly tails?: number;
  /** First-order correlation of the logarithms of neighbouring blocks. */
  readonly correlation?: number;
}

export interface Decision {
  readonly verdict: Verdict;
  /** Trial blocks until then. */
  readonly blocks: number;
}

/** A number of mean 1 and this deviation, from a standard normal one. */
function lognormal(deviation: number, normal: number): number {
  const variance = Math.log(1 + deviation * deviation);
  return Math.exp(Math.sqrt(variance) * normal - variance / 2);
}

/** One experiment from its first block to its decision. */
export function decide(planted: Planted, seed: number, alpha: number): Decision {
  const random = new Random(seed);
  const { objective = "latency", effect, deviation = 0.5, carryOver = 0 } = planted;
  const { cpuEffect = 0.01, latencyEffect = 0, onlyStalls } = planted;
  const { driftBlocks = 0, bursts = 0, tails = 0, correlation = 0 } = planted;
  let block = random.int(0, 10_000);
  let burst = 0;
  let noise = random.normal();
  let actedBefore = false;
  const outcomes = (acts: boolean) => {
    noise = correlation * noise + Math.sqrt(1 - correlation * correlation) * random.normal();
    const share = 1 + (acts ? effect : 0) + (actedBefore ? carryOver : 0);
    const beside = (name: GovernorObjective, other: number) =>
      name === objective ? share : acts ? 1 + other : 1;
    let level = 1;
    if (driftBlocks > 0) level *= 2 ** Math.abs(((block / driftBlocks) % 2) - 1);
    if (burst === 0 && random.chance(bursts)) burst = 10;
    if (burst > 0) {
      burst -= 1;
      level *= 3;
    }
    if (random.chance(tails)) level *= (1 - random.next()) ** (-1 / 1.5);
    block += 1;
    actedBefore = acts;
    const stall = 100 * level * beside("latency", latencyEffect) * lognormal(deviation, noise);
    const stalls = onlyStalls === undefined || (acts && random.chance(onlyStalls));
    return {
      latency: stalls ? stall : 0,
      cpu: beside("cpu", cpuEffect) * lognormal(0.05, random.normal()),
      memory: beside("memory", 0) * lognormal(0.03, random.normal()),
    };
  };
  const challenger = new Challenger(objective, alpha);
  while (challenger.learning) challenger.learn(outcomes(false));
  while (challenger.verdict === "running") {
    const acts = random.chance(0.5);
    challenger.record(acts, outcomes(acts));
  }
  return { verdict: challenger.verdict, blocks: challenger.blocks };
}

/** Kinds of servers; each is tried with a gain, with nothing, and with a harm. */
export const WORLDS: Readonly<Record<string, Omit<Planted, "effect">>> = {
  plain: {},
  drift: { driftBlocks: 150 },
  bursts: { bursts: 0.01 },
  "heavy tails": { deviation: 0.4, tails: 0.1 },
  autocorrelation: { correlation: 0.7 },
  "drift, bursts, tails and autocorrelation": {
    deviation: 0.4,
    driftBlocks: 300,
    bursts: 0.005,
    tails: 0.05,
    correlation: 0.5,
  },
  "memory for its objective": { objective: "memory" },
  "CPU time for its objective": { objective: "cpu" },
};

/** Harms behind a gain: each must not be adopted. */
export const TRAPS: Readonly<Record<string, Planted>> = {
  "a gain that the next block gives back": { effect: -0.25, carryOver: 0.25 },
  "a gain that the next block more than gives back": { effect: -0.25, carryOver: 0.4 },
  "a gain of latency for 10 % more CPU time": { effect: -0.25, cpuEffect: 0.1 },
  "a gain of memory for 25 % more stalls": { objective: "memory", effect: -0.25, latencyEffect: 0.25 },
  "a gain of memory for the first stalls there are": { objective: "memory", effect: -0.25, onlyStalls: 0.3 },
  "a harm that grows with drift": { effect: 0.1, driftBlocks: 150 },
};

/** The interval that holds a probability with 95 % confidence, after Clopper and Pearson. */
export function binomialBounds(hits: number, runs: number): readonly [number, number] {
  const tail = (p: number, most: number): number => {
    // P(at most `most` of `runs`), summed from logarithms.
    let log = runs * Math.log1p(-p);
    let sum = Math.exp(log);
    for (let k = 1; k <= most; k++) {
      log += Math.log((runs - k + 1) / k) + Math.log(p) - Math.log1p(-p);
      sum += Math.exp(log);
    }
    return sum;
  };
  const solve = (tooLow: (p: number) => boolean): number => {
    let [low, high] = [0, 1];
    for (let i = 0; i < 50; i++) {
      const middle = (low + high) / 2;
      if (tooLow(middle)) low = middle;
      else high = middle;
    }
    return low;
  };
  return [
    hits === 0 ? 0 : solve((p) => 1 - tail(p, hits - 1) < 0.025),
    hits === runs ? 1 : solve((p) => tail(p, hits) > 0.025),
  ];
}
