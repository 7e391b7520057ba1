/**
 * The experiment of `policy: "auto"` against servers with planted effects, block by block, and its switchback of a lasting
 * setting against servers where the effect comes and goes in time: 1,000 runs each, 10,000 of what is close to its bound,
 * with 95 % bounds. `node --import tsx test/verify/experiment.ts [RUNS]`; exit code 1 where a claim does not hold.
 *
 * @module
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { GUARDED_HORIZON_BLOCKS, HORIZON_BLOCKS } from "../../src/governor/challenger.ts";
import { ALPHA, alphaOf } from "../../src/governor/experiment.ts";
import { BASELINE_BLOCKS } from "../../src/governor/metric.ts";
import { binomialBounds, type Decision, decide, TRAPS, WORLDS } from "../support/planted.ts";
import { decideSetting, GAINS, LOSSES } from "../support/planted-setting.ts";

const RUNS = Number(process.argv[2] ?? 1000);
/** So many times as many runs where the share is close to what is claimed. */
const CLOSE = 10;

interface Case {
  readonly name: string;
  readonly adopts: boolean;
  readonly runs: number;
  readonly decide: (seed: number) => Decision;
}

// The level of the first of the attempts that share the error rate.
const ALPHA_OF_ONE = alphaOf(1, 1);

const blockwise: readonly Case[] = [
  ...Object.entries(WORLDS).flatMap(([name, world]): Case[] => [
    {
      name: `${name}: a gain of 25 %`,
      adopts: true,
      runs: RUNS,
      decide: (seed) => decide({ ...world, effect: -0.25 }, seed, ALPHA_OF_ONE),
    },
    {
      name: `${name}: nothing`,
      adopts: false,
      runs: RUNS,
      decide: (seed) => decide({ ...world, effect: 0, cpuEffect: 0 }, seed, ALPHA_OF_ONE),
    },
    {
      name: `${name}: a harm of 25 %`,
      adopts: false,
      runs: RUNS,
      decide: (seed) => decide({ ...world, effect: 0.25 }, seed, ALPHA_OF_ONE),
    },
  ]),
  ...Object.entries(TRAPS).map(
    ([name, trap]): Case => ({
      name,
      adopts: false,
      runs: name === "a gain that the next block gives back" ? CLOSE * RUNS : RUNS,
      decide: (seed) => decide(trap, seed, ALPHA_OF_ONE),
    }),
  ),
];

const ofSettings = (adopts: boolean, worlds: typeof GAINS): Case[] =>
  Object.entries(worlds).map(([name, planted]) => ({
    name: `a setting switched back and forth: ${adopts ? "a gain of 25 %, " : ""}${name}`,
    adopts,
    runs: RUNS,
    decide: (seed) => decideSetting(planted, seed),
  }));

const cases: readonly Case[] = [...blockwise, ...ofSettings(true, GAINS), ...ofSettings(false, LOSSES)];

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** One line of what came out, and whether the claim holds. */
function judge({ name, adopts, runs, decide: run }: Case): {
  readonly line: string;
  readonly holds: boolean;
} {
  const adopted: number[] = [];
  for (let i = 0; i < runs; i++) {
    const { verdict, blocks } = run(7919 * i + 1);
    if (verdict === "adopted") adopted.push(blocks);
  }
  const share = adopted.length / runs;
  const [low, high] = binomialBounds(adopted.length, runs);
  const holds = adopts ? share >= 0.95 : share <= 0.01;
  adopted.sort((a, b) => a - b);
  const when =
    adopts && adopted.length > 0
      ? `, after ${adopted[adopted.length >> 1]} blocks (median), ${adopted[Math.floor(adopted.length * 0.95)]} (p95)`
      : "";
  const line = `${holds ? "ok  " : "FAIL"} ${name}: adopted ${adopted.length} of ${runs}, ${percent(share)} (${percent(low)} to ${percent(high)}), claim ${adopts ? ">= 95 %" : "<= 1 %"}${when}`;
  return { line, holds };
}

/** One case after the other, on as many processes as there are cores; told in their order. */
async function judgeAll(): Promise<void> {
  const told = new Map<number, string>();
  let [next, shown, failed] = [0, 0, 0];
  const work = async (): Promise<void> => {
    const worker = fork(fileURLToPath(import.meta.url), [String(RUNS)], {
      env: { ...process.env, JUDGES: "1" },
    });
    for (let at = next++; at < cases.length; at = next++) {
      worker.send(at);
      const [{ line, holds }] = await once(worker, "message");
      told.set(at, line);
      if (!holds) failed += 1;
      for (; told.has(shown); shown++) console.log(told.get(shown));
    }
    worker.disconnect();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  process.exitCode = failed > 0 ? 1 : 0;
}

if (process.env.JUDGES === "1") {
  process.on("message", (at: number) => process.send!(judge(cases[at]!)));
} else {
  console.log(
    `metric of latency: capped time above the frozen p99 per 1,000 requests, of CPU time: ms per request, of memory: bytes in use, a block's mean each; horizon ${HORIZON_BLOCKS} blocks after ${BASELINE_BLOCKS} of baseline, ${GUARDED_HORIZON_BLOCKS} where the gain is sure; alpha ${ALPHA}\n` +
      "of a setting: memory, by the whole trial, blocks of 30 s and half of that to burn in; blocks of all its attempts",
  );
  await judgeAll();
}
