import { PerformanceObserver } from "node:perf_hooks";
import { setImmediate as turn } from "node:timers/promises";
import v8 from "node:v8";
import type { Runtime } from "../runtimes.ts";
import type { ServerReport } from "./server-report.ts";

interface HeapPoint {
  readonly heapStatistics: { readonly usedHeapSize: number };
}
interface Collection {
  readonly gcType: string;
  readonly cost: number;
  readonly beforeGC: HeapPoint;
  readonly afterGC: HeapPoint;
}
interface Profiler {
  start(): void;
  stop(): { readonly statistics: readonly Collection[] };
}

const YOUNG = /Scavenge|Minor/;
const MAJOR = /^(?!Minor).*Mark(Sweep|Compact)/;
/** Turns of the handlers, on and off, as the last few collections may need them. */
const SPANS = 8192;

class BusySpans {
  readonly #from = new Float64Array(SPANS);
  readonly #to = new Float64Array(SPANS);
  #at = 0;
  #open = 0;

  enter(): void {
    if (this.#open++ === 0) {
      this.#at = (this.#at + 1) % SPANS;
      this.#from[this.#at] = performance.now();
      this.#to[this.#at] = Number.POSITIVE_INFINITY;
    }
  }

  leave(): void {
    if (--this.#open === 0) this.#to[this.#at] = performance.now();
  }

  covers(time: number): boolean {
    for (let i = 0; i < SPANS; i++) {
      const k = (this.#at - i + SPANS) % SPANS;
      if (this.#from[k]! <= time) return this.#from[k]! > 0 && time < this.#to[k]!;
    }
    return false;
  }
}

/**
 * Collections of a window, by `v8.GCProfiler`: of each its type, its time and the heap around it, but not when it was. That the
 * performance observer tells on Node, which sees the same ones in the same order: with both, what they took inside requests.
 */
export class Collections {
  readonly spans: BusySpans = new BusySpans();
  readonly #runtime: Runtime;
  readonly #observer: PerformanceObserver | undefined;
  #profiler: Profiler | undefined;
  #beganMs = 0;
  /** Of each that the observer saw: when it began, its time, and whether a request was at work. */
  #seen: { readonly atMs: number; readonly ms: number; readonly isInside: boolean }[] = [];

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    if (runtime !== "node") return;
    this.#observer = new PerformanceObserver((list) => this.#note(list.getEntries()));
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  #note(entries: readonly { readonly startTime: number; readonly duration: number }[]): void {
    for (const { startTime, duration } of entries) {
      this.#seen.push({ atMs: startTime, ms: duration, isInside: this.spans.covers(startTime) });
    }
  }

  begin(): void {
    this.#seen = [];
    this.#beganMs = performance.now();
    // On Bun the profiler costs what it measures.
    if (this.#runtime === "bun") return;
    this.#profiler = new (v8 as unknown as { GCProfiler: new () => Profiler }).GCProfiler();
    this.#profiler.start();
  }

  async report(): Promise<ServerReport> {
    const endedMs = performance.now();
    const all = this.#profiler?.stop().statistics;
    this.#profiler = undefined;
    // What the observer saw comes in a later turn.
    await turn();
    this.#note(this.#observer?.takeRecords() ?? []);
    const inWindow = this.#seen.filter(({ atMs }) => atMs >= this.#beganMs && atMs < endedMs);
    const observed = this.#observer && inWindow;
    const msOf = ({ cost }: Collection) => cost * (this.#runtime === "deno" ? 1e-6 : 1e-3);
    const sum = (of: (one: Collection, index: number) => number) =>
      all?.reduce((total, one, index) => total + of(one, index), 0);
    const used = ({ heapStatistics }: HeapPoint) => heapStatistics.usedHeapSize;
    let before: number | undefined;
    return {
      collections: all?.length,
      majors: all?.filter(({ gcType }) => MAJOR.test(gcType)).length,
      youngMs: sum((one) => (YOUNG.test(one.gcType) ? msOf(one) : 0)),
      oldMs: sum((one) => (YOUNG.test(one.gcType) ? 0 : msOf(one))),
      insideMs:
        observed?.length === all?.length
          ? sum((one, i) => (observed?.[i]?.isInside ? msOf(one) : 0))
          : undefined,
      insideObservedMs: observed?.reduce((total, { ms, isInside }) => total + (isInside ? ms : 0), 0),
      longestMs: all?.reduce((longest, one) => Math.max(longest, msOf(one)), 0),
      allocatedBytes: sum(({ beforeGC, afterGC }) => {
        const grown = before === undefined ? 0 : Math.max(0, used(beforeGC) - before);
        before = used(afterGC);
        return grown;
      }),
      freedBytes: sum(({ beforeGC, afterGC }) => Math.max(0, used(beforeGC) - used(afterGC))),
    };
  }
}
