import type { Experiment } from "./experiment.ts";
import { type Stage, VERDICTS } from "./experiment-stats.ts";
import { BASELINE_BLOCKS } from "./metric.ts";

/** What an experiment does and why, in one sentence. `pressed`: memory is near its limit. */
export function reasonOf(stage: Stage, experiment: Experiment, pressed: boolean): string {
  const { adopted, challenger, concluded, policy, resting } = experiment;
  if (stage === "stopped") return "it tries nothing more: its lifetime harm budget is used up";
  if (pressed) return "it tries nothing while memory is near its limit";
  if (stage === "warming up") return "it waits for requests before it measures what is usual";
  if (stage === "freezing the p99") return "it measures what is usual before anything is tried";
  if (!resting && challenger?.learning) {
    return `it measures blocks without action before it tries ${policy}: ${challenger.baselineBlocks} of ${BASELINE_BLOCKS}`;
  }
  if (!resting) return `it tries ${policy} against doing nothing, block by block, by a fair coin`;
  if (adopted.length > 0) {
    return `it acts by ${adopted.join(", ")}, which gained in its experiment, and holds in one block of ten to see that it still does`;
  }
  const last = concluded.at(-1);
  return `it only measures: ${last ? `${last.policy} was tried and ${VERDICTS[last.verdict]}` : "nothing is left to try"}`;
}
