import type { GovernorCore } from "../core/governor.ts";
import { known, orNaN } from "../core/unknown.ts";
import {
  CAUSES,
  LEVELS,
  type PressureCause,
  type PressureInfo,
  type PressureInputs,
  type PressureLevel,
} from "./level.ts";
import { reasonFor } from "./reason.ts";

/** A level is left one step at a time, each after the inputs were below it for so long. */
export const HOLD_MS = 2000;
/** Shares of the limit at which memory, and the heap, are elevated, high, critical. */
export const DEFAULT_RATIOS: readonly [number, number, number] = [0.7, 0.8, 0.9];

/** What became due with a sample. */
export interface Relief {
  /** The level whose clean-up it is: what the last readings ask for, which is below a level that is only held. */
  readonly cleanup: PressureLevel | undefined;
  /** `all`: it also gives back to the system what it can. */
  readonly collection: "major" | "all" | undefined;
  /** Once: critical for so long that only a restart helps. */
  readonly drain: boolean;
}

const NOTHING: Relief = { cleanup: undefined, collection: undefined, drain: false };

/** A collection that has ended. */
export interface LastCollection {
  readonly endedAtMs: number;
  readonly tookMs: number;
}

/** How often and how long memory was short. */
export interface PressureCounts {
  /** How often each level was entered. */
  readonly entries: Readonly<Record<PressureLevel, number>>;
  /** How long each level lasted in all, in ms, up to the last sample. */
  readonly durationMs: Readonly<Record<PressureLevel, number>>;
}

/** What was done while memory was short, and what it freed. */
export interface ReliefStats {
  /** Clean-ups under pressure. */
  readonly cleanups: number;
  /** Of these, the ones that freed less than 2 % of memory: each doubles the wait for the next. */
  readonly cleanupsFreedLittle: number;
  /** Major collections under pressure. */
  readonly collections: number;
  /** Of these, the ones that freed little, likewise. */
  readonly collectionsFreedLittle: number;
  /** By how much memory fell during them; they need not have freed all of it. */
  readonly freedBytes: number;
}

const byLevel = (read: (i: number) => number): Record<PressureLevel, number> => ({
  normal: read(0),
  elevated: read(1),
  high: read(2),
  critical: read(3),
});

/** The level of memory pressure, decided in the governor core (assembly/governor/pressure.ts and relief.ts). */
export class Pressure {
  readonly #core: GovernorCore;
  #inputs: PressureInputs = {
    usedBytes: undefined,
    limitBytes: undefined,
    heapUsedBytes: undefined,
    heapLimitBytes: undefined,
    stallRatio: undefined,
    lagMs: undefined,
  };
  #level: PressureLevel = "normal";

  constructor(core: GovernorCore, ratios: readonly [number, number, number] = DEFAULT_RATIOS) {
    this.#core = core;
    core.exports.pressureConfigure(ratios[0], ratios[1], ratios[2], HOLD_MS);
    core.exports.reliefConfigure();
  }

  get level(): PressureLevel {
    return this.#level;
  }

  /** Whether memory is to be looked at more often. */
  get tense(): boolean {
    return this.#core.exports.pressureTense() === 1;
  }

  /** Of what pools and caches hold, the share that they give back with the clean-up of a level. */
  giveRatio(level: PressureLevel): number {
    return this.#core.exports.reliefGiveRatio(LEVELS.indexOf(level));
  }

  /** From now on a drain becomes due after so long at critical without a break; 0: never. */
  drainAfter(ms: number): void {
    this.#core.exports.reliefDrainAfter(ms);
  }

  /** A set of readings. Cost: a fraction of a µs. */
  sample(nowMs: number, inputs: PressureInputs): PressureLevel {
    this.#inputs = inputs;
    const level = this.#core.exports.pressureSample(
      nowMs,
      orNaN(inputs.usedBytes),
      orNaN(inputs.limitBytes),
      orNaN(inputs.heapUsedBytes),
      orNaN(inputs.heapLimitBytes),
      orNaN(inputs.stallRatio),
      orNaN(inputs.lagMs),
    );
    this.#core.exports.shedFollow(nowMs);
    this.#level = LEVELS[level]!;
    return this.#level;
  }

  /** The last major collection of ours, whoever asked for it; to be told before `due`. */
  collected({ endedAtMs, tookMs }: LastCollection): void {
    this.#core.exports.reliefCollected(endedAtMs, tookMs);
  }

  /** What is due now; what is performed is answered with `relieved`. */
  due(nowMs: number): Relief {
    const due = this.#core.exports.reliefDue(nowMs);
    return due === 0
      ? NOTHING
      : {
          cleanup: (due & 3) === 0 ? undefined : LEVELS[due & 3],
          collection: (due & 4) === 0 ? undefined : (due & 16) === 0 ? "major" : "all",
          drain: (due & 8) !== 0,
        };
  }

  /** How long it took, and what memory fell by over the clean-up or the collection that was due. */
  relieved(
    what: "cleanup" | "collection",
    nowMs: number,
    tookMs: number,
    freedBytes: number | undefined,
  ): void {
    this.#core.exports.reliefDone(what === "collection" ? 0 : 1, nowMs, tookMs, orNaN(freedBytes));
  }

  info(): PressureInfo {
    this.#core.exports.pressureStats();
    const s = this.#core.scratch;
    const cause: PressureCause | undefined = CAUSES[s[2]!];
    const timeToLimitMs = known(s[3]!);
    return {
      level: this.#level,
      enteredAtMs: known(s[1]!),
      cause,
      reason: reasonFor(this.#level, cause, this.#inputs, s[6] === 1 ? timeToLimitMs : undefined),
      inputs: this.#inputs,
      timeToLimitMs,
      strain: s[4]!,
    };
  }

  counts(): PressureCounts {
    this.#core.exports.pressureStats();
    const s = this.#core.scratch;
    return { entries: byLevel((i) => s[11 + i]!), durationMs: byLevel((i) => s[15 + i]!) };
  }

  relief(): ReliefStats {
    this.#core.exports.reliefStats();
    const s = this.#core.scratch;
    return {
      cleanups: s[0]!,
      cleanupsFreedLittle: s[1]!,
      collections: s[2]!,
      collectionsFreedLittle: s[3]!,
      freedBytes: s[4]!,
    };
  }
}
