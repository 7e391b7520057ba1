import type { GovernorCore } from "../core/governor.ts";
import { known, orNaN } from "../core/unknown.ts";

/**
 * `stable`: nothing grows. `growing`: what major collections leave, or RSS without the heap, keeps rising.
 * `lazy-gc`: memory is high because the engine rarely collects. `allocator-retention`: memory outside the heap that
 * the program once used is not returned. `unknown`: too early to tell.
 */
export type VerdictState = "stable" | "growing" | "lazy-gc" | "allocator-retention" | "unknown";

/** What grows: the heap, memory outside the heap that it holds (buffers), or RSS without both. */
export type GrowingPart = "heap" | "external" | "rss";

const STATES: readonly VerdictState[] = ["unknown", "stable", "growing", "lazy-gc", "allocator-retention"];
const PARTS: readonly GrowingPart[] = ["heap", "external", "rss"];
const MS_PER_HOUR = 3_600_000;

/** The judgement in numbers. */
export interface Judgement {
  /** What memory is doing. */
  readonly state: VerdictState;
  /** What grows; `undefined` unless `growing`, like the next four. */
  readonly part: GrowingPart | undefined;
  /** How fast it grows. */
  readonly bytesPerHour: number | undefined;
  /** Probability that the slope is not chance, 0 to 1 (Student's t). */
  readonly confidence: number | undefined;
  /** Time until the limit at this rate; `undefined` without a limit. */
  readonly timeToLimitMs: number | undefined;
  /** The time over which the growth was seen. */
  readonly windowMs: number | undefined;
  /** What the last major collection left of the heap. */
  readonly heapFloorBytes: number | undefined;
  /** What it left of the memory outside the heap. */
  readonly externalFloorBytes: number | undefined;
  /** RSS without heap and external memory. */
  readonly restBytes: number | undefined;
  /** The lowest that this has been. */
  readonly lowestRestBytes: number | undefined;
  /** Heap and external memory in use, mean over some minutes. */
  readonly meanInUseBytes: number | undefined;
  /** Major collections seen. */
  readonly majorCollections: number;
  /** Time since the last one. */
  readonly sinceMajorMs: number | undefined;
  /** Mean time between them. */
  readonly majorIntervalMs: number | undefined;
  /** Time since the first sample. */
  readonly observedMs: number | undefined;
}

/** One sample. Bytes; `undefined` where not known. */
export interface VerdictSample {
  /** What `externalBytes` counts left out. */
  readonly heapUsedBytes: number | undefined;
  readonly heapTotalBytes: number | undefined;
  readonly externalBytes: number | undefined;
  readonly rssBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly limitBytes: number | undefined;
  readonly heapLimitBytes: number | undefined;
  readonly inFlight: number;
  readonly requestsPerSecond: number | undefined;
  readonly finishedRequests: number;
}

/** Decides in assembly/governor/verdict.ts. One for each governor core: it begins anew in there. */
export class Judge {
  readonly #core: GovernorCore;

  constructor(core: GovernorCore) {
    this.#core = core;
    core.exports.verdictReset();
  }

  /** What a major collection left. */
  floor(nowMs: number, heapBytes: number, externalBytes: number | undefined): void {
    this.#core.exports.verdictFloor(nowMs, heapBytes, orNaN(externalBytes));
  }

  /** Cost: under 1 µs; every five seconds some tens of µs. */
  sample(nowMs: number, s: VerdictSample): void {
    const outside = s.externalBytes ?? 0;
    // Below 0 where the heap has reserved pages that it never touched: then it is not known.
    const left = orNaN(s.rssBytes) - orNaN(s.heapTotalBytes) - outside;
    const rest = left > 0 ? left : Number.NaN;
    this.#core.exports.verdictSample(
      nowMs,
      orNaN(s.heapUsedBytes) + outside,
      rest,
      orNaN(s.rssBytes),
      orNaN(s.usedBytes),
      orNaN(s.limitBytes),
      orNaN(s.heapLimitBytes),
      s.inFlight,
      orNaN(s.requestsPerSecond),
      s.finishedRequests,
    );
  }

  /**
   * Whether to collect now, asked once a sample: memory rises, the engine collects too seldom to see why, and no
   * request is in flight (`idle`).
   */
  collects(nowMs: number, idle: boolean): boolean {
    return this.#core.exports.verdictCollects(nowMs, idle ? 1 : 0) === 1;
  }

  decide(nowMs: number): Judgement {
    const state = STATES[this.#core.exports.verdictDecide(nowMs)]!;
    const s = this.#core.scratch;
    const slope = known(s[1]);
    return {
      state,
      part: PARTS[s[0]!],
      bytesPerHour: slope === undefined ? undefined : slope * MS_PER_HOUR,
      confidence: known(s[2]),
      timeToLimitMs: known(s[3]),
      windowMs: known(s[4]),
      heapFloorBytes: known(s[5]),
      externalFloorBytes: known(s[6]),
      restBytes: known(s[7]),
      lowestRestBytes: known(s[8]),
      meanInUseBytes: known(s[9]),
      majorCollections: s[10]!,
      sinceMajorMs: known(s[11]),
      majorIntervalMs: known(s[12]),
      observedMs: known(s[13]),
    };
  }
}
