import { createGovernorCore } from "../../src/core/governor.ts";
import { Judge, type Judgement } from "../../src/verdict/judge.ts";
import { Random } from "./random.ts";
import { daily, PLAIN, randomLoad, type Server, simulate } from "./simulator.ts";

const HOUR = 3600;

/** A leak that fills 700 MB in 5 minutes to 2 hours. */
const fillSeconds = (random: Random): number => 300 * 10 ** (random.next() * 1.4);

function meanOf(load: (t: number) => number, seconds: number): number {
  let sum = 0;
  for (let i = 0; i < 500; i++) sum += load((i * seconds) / 500) / 500;
  return sum;
}

/** What is planted, and the verdict that is right at the end. */
export const PLANTED: Record<string, { right: string; server: (random: Random) => Server }> = {
  "a map that requests fill": {
    right: "growing heap",
    server: (random) => {
      const load = randomLoad(random);
      return {
        ...PLAIN,
        seconds: 3 * HOUR,
        step: 2,
        load,
        baseMb: 20 + 80 * random.next(),
        warmUpMb: 40 * random.next(),
        leakMbPerRequest: 700 / fillSeconds(random) / meanOf(load, HOUR),
        noise: 0.003 + 0.02 * random.next(),
        counted: random.chance(0.7),
      };
    },
  },
  "closures that a timer piles up": {
    right: "growing heap",
    server: (random) => ({
      ...PLAIN,
      seconds: 3 * HOUR,
      step: 2,
      load: randomLoad(random),
      baseMb: 20 + 80 * random.next(),
      warmUpMb: 40 * random.next(),
      leakMbPerSecond: 700 / fillSeconds(random),
      counted: random.chance(0.7),
    }),
  },
  "buffers that are never freed": {
    right: "growing external",
    server: (random) => {
      const load = randomLoad(random);
      return {
        ...PLAIN,
        seconds: 3 * HOUR,
        step: 2,
        load,
        garbageMbPerRequest: 0.05 + 0.2 * random.next(),
        leakExternalMbPerRequest: 700 / fillSeconds(random) / meanOf(load, HOUR),
      };
    },
  },
  "a slow leak": {
    right: "growing heap",
    server: (random) => ({
      ...PLAIN,
      seconds: 12 * HOUR,
      step: 10,
      load: randomLoad(random),
      leakMbPerSecond: (15 + 40 * random.next()) / HOUR,
    }),
  },
  "a native leak": {
    right: "growing rss",
    server: (random) => ({
      ...PLAIN,
      seconds: 8 * HOUR,
      step: 10,
      load: randomLoad(random),
      nativeLeakMbPerSecond: (40 + 200 * random.next()) / HOUR,
    }),
  },
  "a heap that is collected seldom": {
    right: "lazy-gc",
    server: (random) => ({
      ...PLAIN,
      seconds: HOUR,
      load: () => 60,
      factor: 6 + 4 * random.next(),
      headroomMb: 300 + 200 * random.next(),
      garbageMbPerRequest: 0.02 + 0.02 * random.next(),
      idle: false,
    }),
  },
  "pages that the allocator keeps after a burst": {
    right: "allocator-retention",
    server: (random) => ({
      ...PLAIN,
      seconds: 1.5 * HOUR,
      load: (t) => (t > 1200 && t < 1500 ? 600 : 40),
      latency: 0.5,
      perRequestMb: 1,
      retainedRatio: 0.5 + 0.4 * random.next(),
    }),
  },
  "growth of a start": {
    right: "stable",
    server: (random) => ({
      ...PLAIN,
      step: 2,
      load: randomLoad(random),
      warmUpMb: 40 + 160 * random.next(),
      warmUpSeconds: 10 + 700 * random.next(),
    }),
  },
  "a sawtooth": {
    right: "stable",
    server: (random) => ({
      ...PLAIN,
      step: 2,
      load: () => 60,
      garbageMbPerRequest: 0.1 + 0.4 * random.next(),
      factor: 1.3 + 0.5 * random.next(),
      headroomMb: 16 + 40 * random.next(),
    }),
  },
  "a daily pattern": {
    right: "stable",
    server: (random) => ({
      ...PLAIN,
      seconds: 60 * HOUR,
      step: 30,
      load: daily(50 + 100 * random.next(), random.next()),
      sessionMb: 0.0008 * random.next(),
      sessionSeconds: 600 + 1200 * random.next(),
      latency: 0.1 + 0.4 * random.next(),
      counted: random.chance(0.5),
    }),
  },
};

export interface Outcome {
  /** State and part at the end. */
  last: string;
  judgement: Judgement;
  /** The first time it was called growing. */
  growing: { afterMs: number; judgement: Judgement } | undefined;
}

/** Runs a server and asks for a verdict every so often. */
export function watchServer(server: Server, seed: number, everyMs = 30_000): Outcome {
  const core = createGovernorCore();
  const judge = new Judge(core);
  let started = Number.NaN;
  let asked = Number.NEGATIVE_INFINITY;
  let judgement = judge.decide(0);
  let growing: Outcome["growing"];
  const watcher = {
    floor: judge.floor.bind(judge),
    sample: judge.sample.bind(judge),
    wantsFloor: (now: number) => core.exports.verdictWantsFloor(now) === 1,
  };
  simulate(server, new Random(seed), watcher, (now) => {
    if (Number.isNaN(started)) started = now;
    if (now - asked < everyMs) return;
    asked = now;
    judgement = judge.decide(now);
    if (judgement.state === "growing") growing ??= { afterMs: now - started, judgement };
  });
  return { last: [judgement.state, judgement.part].filter(Boolean).join(" "), judgement, growing };
}
