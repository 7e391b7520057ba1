import type { PressureLevel } from "../../pressure/level.ts";
import { type DashboardState, pressureOf } from "../state.ts";
import { duration, megabytes, percent } from "./format.ts";

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
  const { usedMb, limitMb } = systemMemory;
  return usedMb === undefined || limitMb === undefined ? undefined : usedMb / limitMb;
}

export const PRESSURE_TONES: Readonly<Record<PressureLevel, Tone>> = {
  normal: "good",
  elevated: "watch",
  high: "bad",
  critical: "bad",
};

const MORE_ROOM = "Raise the memory limit, add a server, or let less in at a time.";

/** What each level does by itself, and what is left to do. */
const PRESSURE_ADVICE: Readonly<Record<PressureLevel, string>> = {
  normal: "Nothing to do.",
  elevated: "Idle pool objects and cold cache entries are being let go of. Watch whether it goes on growing.",
  high: `Idle memory is being given back, and the server reports that it is not ready, so a balancer sends requests elsewhere. If it comes back: ${MORE_ROOM}`,
  critical: `Requests of lower priority are turned away where load shedding is mounted. ${MORE_ROOM}`,
};

function underPressure(state: DashboardState): Finding | undefined {
  const pressure = pressureOf(state.stats);
  if (pressure === undefined || pressure.level === "normal") return undefined;
  const { level, reason, timeToLimitMs } = pressure;
  const left =
    timeToLimitMs === undefined
      ? ""
      : ` At this rate the limit is ${duration(timeToLimitMs / 3_600_000)} away.`;
  return {
    tone: PRESSURE_TONES[level],
    title: `Memory pressure is ${level}`,
    advice: `${sentence(reason)}${left} ${PRESSURE_ADVICE[level]}`,
  };
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

/** The most urgent thing to say. */
export function findingOf(state: DashboardState): Finding {
  const { systemMemory, memoryThreshold } = state.stats;
  const ratio = limitRatio(state);
  const tone = toneOf(ratio);
  const size = megabytes(systemMemory.usedMb);
  const pressed = underPressure(state);
  if (pressed) return pressed;
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
  if (systemMemory.usedMb === undefined) {
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
