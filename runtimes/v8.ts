/**
 * What Node and Deno share because both carry V8.
 *
 * @module
 */
import v8 from "node:v8";
import type { CollectionProfile, ObservedCollection, ProfiledCollection } from "../src/shared/port.ts";
import { attempt } from "./shared.ts";

const KINDS: Readonly<Record<string, ObservedCollection["kind"]>> = {
  Scavenge: "minor",
  MinorMarkCompact: "minor",
  MinorMarkSweep: "minor",
  MarkSweepCompact: "major",
  MarkCompact: "major",
  IncrementalMarking: "incremental",
};

interface ProfiledHeap {
  readonly heapStatistics: { readonly usedHeapSize: number };
}

/** A profiled collection takes about 70 µs more, a third of it for the report's text. After many the profiler rests, to stay within its share of time. */
const PROFILED_MS = 0.07;
const MAX_SHARE = 0.0005;
/** Between two takes, by the sampler. */
const TAKE_INTERVAL_MS = 1000;

/**
 * Collections by `v8.GCProfiler`. It only adds up: each take stops it and starts it anew.
 *
 * @param costsPerMs its unit of time: µs on Node, ns on Deno
 * @param mayRest whether it may leave collections out to stay within its share of time
 */
export function profileCollections(costsPerMs: number, mayRest: boolean): CollectionProfile | undefined {
  const make = (): v8.GCProfiler | undefined =>
    attempt(() => {
      const made = new v8.GCProfiler();
      made.start();
      return made;
    });
  let profiler = make();
  let restUntilMs = 0;
  if (!profiler) return undefined;
  return {
    take() {
      const report = attempt(() => profiler?.stop());
      profiler = undefined;
      const taken: ProfiledCollection[] = (report?.statistics ?? []).map((each) => {
        const before = (each.beforeGC as ProfiledHeap).heapStatistics.usedHeapSize;
        const after = (each.afterGC as ProfiledHeap).heapStatistics.usedHeapSize;
        return {
          kind: KINDS[each.gcType] ?? "other",
          durationMs: each.cost / costsPerMs,
          freedBytes: before - after,
          heapAfterBytes: after,
        };
      });
      const now = performance.now();
      if (mayRest && report) restUntilMs = now + (taken.length * PROFILED_MS) / MAX_SHARE - TAKE_INTERVAL_MS;
      if (now >= restUntilMs) profiler = make();
      return taken;
    },
    close() {
      attempt(() => profiler?.stop());
      profiler = undefined;
      restUntilMs = Number.POSITIVE_INFINITY;
    },
  };
}
