/**
 * The experiment of `policy: "auto"` against servers with planted effects: 1,000 runs each, with 95 % bounds.
 * `node --import tsx test/verify/experiment.ts [RUNS]`; exit code 1 where a claim does not hold.
 *
 * @module
 */
import process from "node:process";
import { HORIZON_BLOCKS } from "../../src/governor/challenger.ts";
import { ALPHA } from "../../src/governor/experiment.ts";
import { BASELINE_BLOCKS } from "../../src/governor/metric.ts";
import { binomialBounds, type Decision, decide, type Planted, TRAPS, WORLDS } from "../support/planted.ts";

const RUNS = Number(process.argv[2] ?? 1000);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
let failed = false;

function report(name: string, planted: Planted, adopts: boolean): void {
  const decisions: Decision[] = [];
  // The level of the first of the attempts that share the error rate.
  for (let run = 0; run < RUNS; run++) decisions.push(decide(planted, 7919 * run + 1, ALPHA / 2));
  const adopted = decisions.filter(({ verdict }) => verdict === "adopted");
  const share = adopted.length / RUNS;
  const [low, high] = binomialBounds(adopted.length, RUNS);
  const holds = adopts ? share >= 0.95 : share <= 0.01;
  if (!holds) failed = true;
  const blocks = adopted.map((decision) => decision.blocks).sort((a, b) => a - b);
  const when =
    adopts && blocks.length > 0
      ? `, after ${blocks[blocks.length >> 1]} blocks (median), ${blocks[Math.floor(blocks.length * 0.95)]} (p95)`
      : "";
  console.log(
    `${holds ? "ok  " : "FAIL"} ${name}: adopted ${adopted.length} of ${RUNS}, ${percent(share)} (${percent(low)} to ${percent(high)}), claim ${adopts ? ">= 95 %" : "<= 1 %"}${when}`,
  );
}

console.log(
  `metric: capped time above the frozen p99 per 1,000 requests, a block's mean; horizon ${HORIZON_BLOCKS} blocks after ${BASELINE_BLOCKS} of baseline; alpha ${ALPHA}`,
);
for (const [name, world] of Object.entries(WORLDS)) {
  report(`${name}: a gain of 25 %`, { ...world, effect: -0.25 }, true);
  report(`${name}: nothing`, { ...world, effect: 0, cpuEffect: 0 }, false);
  report(`${name}: a harm of 25 %`, { ...world, effect: 0.25 }, false);
}
for (const [name, trap] of Object.entries(TRAPS)) report(name, trap, false);
process.exit(failed ? 1 : 0);
