import type { DashboardState } from "../state.ts";
import { megabytes, percent } from "./format.ts";

export type Tone = "good" | "watch" | "bad" | "unknown";

/** What is the matter, and what to do next. */
export interface Finding {
  readonly tone: Tone;
  readonly title: string;
  readonly advice: string;
}

/** Of the memory limit. */
const NEAR_LIMIT_RATIO = 0.75;
const AT_LIMIT_RATIO = 0.9;

export function toneOf(ratio: number | undefined): Tone {
  if (ratio === undefined) return "unknown";
  if (ratio >= AT_LIMIT_RATIO) return "bad";
  return ratio >= NEAR_LIMIT_RATIO ? "watch" : "good";
}

export function limitRatio({ stats: { systemMemory } }: DashboardState): number | undefined {
  const { rssMb, limitMb } = systemMemory;
  return rssMb === undefined || limitMb === undefined ? undefined : rssMb / limitMb;
}

/** The most urgent thing to say. */
export function findingOf(state: DashboardState): Finding {
  const { systemMemory, memoryThreshold } = state.stats;
  const ratio = limitRatio(state);
  const tone = toneOf(ratio);
  const size = megabytes(systemMemory.rssMb);
  if (tone === "bad") {
    return {
      tone,
      title: `Memory is at ${percent(ratio)} of its limit`,
      advice: `The server reports that it is not ready, so a balancer sends requests elsewhere. Raise the limit of ${megabytes(systemMemory.limitMb)}, add a server, or send less at a time.`,
    };
  }
  if (memoryThreshold?.above) {
    return {
      tone: "watch",
      title: `Memory is above its threshold of ${megabytes(memoryThreshold.thresholdMb)}`,
      advice: `${memoryThreshold.cleanups} clean-ups ran for it. If it stays there, the server needs more than the threshold allows: raise it, or find what holds the memory.`,
    };
  }
  if (tone === "watch") {
    return {
      tone,
      title: `Memory is at ${percent(ratio)} of its limit`,
      advice: "Still fine. Watch whether it goes on growing over the next minutes.",
    };
  }
  if (systemMemory.rssMb === undefined) {
    return {
      tone: "unknown",
      title: "This runtime does not tell how much memory it has",
      advice: "Nothing can be said about it here.",
    };
  }
  return {
    tone: "good",
    title: `Memory is fine: ${size}${ratio === undefined ? "" : `, ${percent(ratio)} of the limit`}`,
    advice:
      ratio === undefined
        ? "Nothing to do. No memory limit is set or can be read; with one, this page says how far away it is."
        : "Nothing to do.",
  };
}
