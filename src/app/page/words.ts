import type { PressureLevel } from "../../pressure/level.ts";
import type { DashboardState } from "../state.ts";
import { duration, megabytes, percent } from "./format.ts";

export type Tone = "good" | "watch" | "bad" | "unknown";

/** What is the matter, and what to do next. */
export interface Finding {
  readonly tone: Tone;
  readonly title: string;
  readonly advice: string;
  /** What to do, most useful first. */
  readonly steps: readonly string[];
}

/** Of the memory limit: where pressure is elevated, and where it is high, by default. */
const NEAR_LIMIT_RATIO = 0.7;
const AT_LIMIT_RATIO = 0.8;
const HOUR_MS = 3_600_000;

export function toneOf(ratio: number | undefined): Tone {
  if (ratio === undefined) return "unknown";
  if (ratio >= AT_LIMIT_RATIO) return "bad";
  return ratio >= NEAR_LIMIT_RATIO ? "watch" : "good";
}

export function limitRatio({ stats: { systemMemory } }: DashboardState): number | undefined {
  const { usedMb, limitMb } = systemMemory;
  return usedMb === undefined || limitMb === undefined ? undefined : usedMb / limitMb;
}

export const PRESSURE_TONES: Readonly<Record<PressureLevel, Tone>> = {
  normal: "good",
  elevated: "watch",
  high: "bad",
  critical: "bad",
};

const MORE_ROOM = "Raise the memory limit, add a server, or admit fewer requests at a time.";

/** What each level does by itself, and what is left to do. */
const PRESSURE_ADVICE: Readonly<Record<PressureLevel, string>> = {
  normal: "Nothing to do.",
  elevated:
    "Pool objects and cache entries that nobody needed are being freed. Watch whether memory keeps growing.",
  high: `Idle memory is being freed, and the server reports that it is not ready, so a load balancer sends requests elsewhere. If this happens again: ${MORE_ROOM}`,
  critical: `If load shedding is mounted, it refuses requests. ${MORE_ROOM}`,
};

/** Nothing is freed for it: what is made anew would keep it busy. */
const LATE_LOOP =
  "Memory is not short. Long collections (see the plot of pauses), long synchronous work, or too little CPU keep it busy; load shedding, where it is mounted, refuses some requests meanwhile.";

/** The levels at which the server reports that it is not ready come before all else. */
function underPressure(state: DashboardState): Finding | undefined {
  const { level, cause, reason, timeToLimitMs } = state.stats.pressure;
  if (level === "normal") return undefined;
  const { verdict } = state.stats;
  const said = sentence(reason.replace(/^\w+: /, ""));
  const steps = verdict?.state === "growing" ? [verdict.summary, ...verdict.advice] : [];
  if (cause === "lag") {
    const title = level === "elevated" ? "The event loop is late at times" : "The event loop is late";
    return { tone: PRESSURE_TONES[level], title, advice: `${said} ${LATE_LOOP}`, steps };
  }
  const left =
    timeToLimitMs === undefined
      ? ""
      : ` At this rate the limit is ${duration(timeToLimitMs / HOUR_MS)} away.`;
  return {
    tone: PRESSURE_TONES[level],
    title: `Memory pressure is ${level}`,
    // The reason opens with the level, which the title says.
    advice: `${said}${left} ${PRESSURE_ADVICE[level]}`,
    steps,
  };
}

/** What is judged over a longer time. */
function judged(state: DashboardState): Finding | undefined {
  const { verdict } = state.stats;
  if (verdict === undefined) return undefined;
  const { state: of, summary: advice, advice: steps, timeToLimitMs } = verdict;
  switch (of) {
    case "growing": {
      const soon = timeToLimitMs !== undefined && timeToLimitMs < HOUR_MS;
      return { tone: soon ? "bad" : "watch", title: "Memory grows and is not freed", advice, steps };
    }
    case "lazy-gc":
      return { tone: "good", title: "Memory is high, and most of it is garbage", advice, steps };
    case "allocator-retention":
      return { tone: "watch", title: "The allocator keeps memory that nobody uses", advice, steps };
    default:
      return undefined;
  }
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** The most urgent thing to say. */
export function findingOf(state: DashboardState): Finding {
  const { systemMemory, memoryThreshold, pressure } = state.stats;
  const ratio = limitRatio(state);
  const verdict = judged(state);
  const pressed = underPressure(state);
  const waits = pressure.cause === "lag" ? verdict !== undefined : verdict?.tone === "bad";
  if (pressed && (pressure.level !== "elevated" || !waits)) return pressed;
  if (verdict) return verdict;
  if (memoryThreshold?.above) {
    return {
      tone: "watch",
      title: `Memory is above its threshold of ${megabytes(memoryThreshold.thresholdMb)}`,
      advice: `${memoryThreshold.cleanups} clean-ups ran for it. If it stays there, the server needs more than the threshold allows: raise it, or find what holds the memory.`,
      steps: [],
    };
  }
  if (systemMemory.usedMb === undefined) {
    return {
      tone: "unknown",
      title: "This runtime does not tell how much memory it has",
      advice: "So this page cannot say how memory is doing.",
      steps: [],
    };
  }
  const share = ratio === undefined ? "" : `, ${percent(ratio)} of the limit`;
  const noLimit = "No memory limit is set or can be read; with one, this page says how far away it is.";
  const known = state.stats.verdict?.summary ?? "Nothing to do.";
  return {
    tone: "good",
    title: `Memory is fine: ${megabytes(systemMemory.usedMb)}${share}`,
    advice: ratio === undefined ? `${known} ${noLimit}` : known,
    steps: [],
  };
}
