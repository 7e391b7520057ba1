import type { StartSettings } from "../shared/port.ts";
import { MB } from "../shared/units.ts";

/** What was seen of this server so far. Each `undefined` where the runtime cannot tell. */
export interface Evidence {
  readonly observedMs: number;
  readonly requests: number;
  /** Collections of the young generation that the engine ran, and their pauses. */
  readonly minors: number | undefined;
  readonly minorPauseMs: number | undefined;
  /** Major collections that the engine ran by itself. */
  readonly majors: number | undefined;
  /** The old generation at its smallest. */
  readonly leastOldBytes: number | undefined;
  /** Half of the young generation, at its largest. */
  readonly youngHalfBytes: number | undefined;
  /** What one of them moved to the old generation, on the mean. */
  readonly promotedPerMinorBytes: number | undefined;
  readonly limitBytes: number | undefined;
  /** The most that counted against the limit. */
  readonly peakUsedBytes: number | undefined;
  readonly heapLimitBytes: number | undefined;
  readonly peakHeapBytes: number | undefined;
  readonly settings: StartSettings | undefined;
}

/** Something that only a start of the process can change: suggested, never applied. */
export interface Suggestion {
  /** Which rule made the suggestion, such as `heap-limit`. */
  readonly rule: string;
  /** One sentence. */
  readonly what: string;
  /** The figures it rests on. */
  readonly evidence: string;
  /** The start flag of this runtime; `undefined` where another thing is to be done. */
  readonly flag: string | undefined;
  /** An environment variable that does the same, `NAME=value`. */
  readonly variable: string | undefined;
  /** Where it is no flag: what to do. */
  readonly instead: string | undefined;
  /** A command that shows whether it is done. */
  readonly verify: string;
}

/** One heuristic: a suggestion, or nothing where it has nothing to say or cannot know. */
export interface Rule {
  readonly name: string;
  suggest(evidence: Evidence): Suggestion | undefined;
}

export function showMb(bytes: number): string {
  return `${(bytes / MB).toFixed(bytes < 10 * MB ? 1 : 0)} MB`;
}
