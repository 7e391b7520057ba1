import type { Logger } from "../shared/logger.ts";
import type { HeapSpace, RuntimePort, StartSettings } from "../shared/port.ts";
import type { Evidence, Rule, Suggestion } from "./evidence.ts";
import { heapLimit } from "./rules/heap-limit.ts";
import { initialOldGeneration } from "./rules/initial-old-generation.ts";
import { runtimeVersion } from "./rules/runtime-version.ts";
import { youngGeneration } from "./rules/young-generation.ts";

const RULES: readonly Rule[] = [heapLimit, youngGeneration, initialOldGeneration, runtimeVersion];
/** Silent until a server was seen at work for so long. */
const MIN_OBSERVED_MS = 60_000;
const MIN_REQUESTS = 1000;
/** How often the rules are asked. */
const ASK_MS = 60_000;

/** What one sample brings: totals since the start of the process, and bytes now. */
export interface AdvisorSample {
  readonly requests: number;
  readonly minors: number | undefined;
  readonly minorPauseMs: number | undefined;
  /** What so many of them promoted. */
  readonly promotion: { readonly bytes: number; readonly minors: number } | undefined;
  /** Those that nobody forced. */
  readonly majors: number | undefined;
  readonly limitBytes: number | undefined;
  readonly usedBytes: number | undefined;
  readonly heapLimitBytes: number | undefined;
  readonly heapUsedBytes: number | undefined;
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function promotedPerMinor(
  began: AdvisorSample["promotion"],
  last: AdvisorSample["promotion"],
): number | undefined {
  const minors = (last?.minors ?? 0) - (began?.minors ?? 0);
  return last && minors > 0 ? (last.bytes - (began?.bytes ?? 0)) / minors : undefined;
}

/** Gathers evidence once a second, asks the rules once a minute; says each thing once. */
export class Advisor {
  readonly #port: RuntimePort;
  readonly #logger: Logger;
  readonly #settings: StartSettings | undefined;
  readonly #suggestions: Suggestion[] = [];
  #beganMs: number | undefined;
  #began: AdvisorSample | undefined;
  #last: AdvisorSample | undefined;
  #askedMs = 0;
  #leastOldBytes: number | undefined;
  #youngHalfBytes: number | undefined;
  #peakUsedBytes: number | undefined;
  #peakHeapBytes: number | undefined;

  constructor(port: RuntimePort, logger: Logger) {
    this.#port = port;
    this.#logger = logger;
    this.#settings = port.readStartSettings();
  }

  /** Cost: one reading of the heap's spaces, 1 to 3 µs; nothing where the runtime has no start settings. */
  sample(nowMs: number, sample: AdvisorSample): void {
    if (!this.#settings) return;
    this.#beganMs ??= nowMs;
    this.#began ??= sample;
    this.#last = sample;
    this.#peakUsedBytes = larger(this.#peakUsedBytes, sample.usedBytes);
    this.#peakHeapBytes = larger(this.#peakHeapBytes, sample.heapUsedBytes);
    const spaces = this.#port.readHeapSpaces();
    if (spaces) this.#spaces(spaces);
    if (nowMs - this.#beganMs < MIN_OBSERVED_MS || nowMs - this.#askedMs < ASK_MS) return;
    if (sample.requests - this.#began.requests < MIN_REQUESTS) return;
    this.#askedMs = nowMs;
    this.#ask(nowMs);
  }

  #spaces(spaces: readonly HeapSpace[]): void {
    const young = spaces.find(({ name }) => name === "new_space");
    if (young) this.#youngHalfBytes = larger(this.#youngHalfBytes, young.totalBytes / 2);
    const old = spaces.reduce((sum, one) => (one.young ? sum : sum + one.usedBytes), 0);
    this.#leastOldBytes = Math.min(old, this.#leastOldBytes ?? old);
  }

  #ask(nowMs: number): void {
    const evidence = this.#evidence(nowMs);
    if (!evidence) return;
    for (const rule of RULES) {
      if (this.#suggestions.some((said) => said.rule === rule.name)) continue;
      const suggestion = rule.suggest(evidence);
      if (!suggestion) continue;
      this.#suggestions.push(suggestion);
      this.#logger.info({ ...suggestion, code: "ADVICE" }, suggestion.what);
    }
  }

  #evidence(nowMs: number): Evidence | undefined {
    const [began, last, beganMs] = [this.#began, this.#last, this.#beganMs];
    if (!began || !last || beganMs === undefined) return undefined;
    const since = (now: number | undefined, then: number | undefined) =>
      now === undefined ? undefined : now - (then ?? 0);
    return {
      observedMs: nowMs - beganMs,
      requests: last.requests - began.requests,
      minors: since(last.minors, began.minors),
      minorPauseMs: since(last.minorPauseMs, began.minorPauseMs),
      majors: since(last.majors, began.majors),
      leastOldBytes: this.#leastOldBytes,
      youngHalfBytes: this.#youngHalfBytes,
      promotedPerMinorBytes: promotedPerMinor(began.promotion, last.promotion),
      limitBytes: last.limitBytes,
      peakUsedBytes: this.#peakUsedBytes,
      heapLimitBytes: last.heapLimitBytes,
      peakHeapBytes: this.#peakHeapBytes,
      settings: this.#settings,
    };
  }

  /** All that was suggested so far, each once, the oldest first. */
  get suggestions(): readonly Suggestion[] {
    return [...this.#suggestions];
  }
}
