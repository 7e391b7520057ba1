import type { Logger } from "../shared/logger.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { Reading } from "../shared/reading.ts";

/** How a collection went, as the GC optimizer tells it. */
export interface Collected {
  readonly performed: boolean;
  readonly reason: string | undefined;
  readonly collectionTimeMs: number | undefined;
  readonly freedBytes: number | undefined;
}

type GovernorReading = Pick<
  Reading,
  "rssBytes" | "heapUsedBytes" | "externalBytes" | "usedBytes" | "limitBytes" | "heapLimitBytes"
>;

/** Finished requests, and their mean duration in µs. */
export interface Latency {
  readonly count: number;
  readonly mean: number | undefined;
}

/** What the governor sees of the server, and what it may do: filled by the optimizer. */
export interface GovernorHost {
  readonly port: RuntimePort;
  readonly logger: Logger;
  /** When a request last started or ended, and whom to tell about the next start, once. */
  readonly traffic: { lastMs: number; onActivity: (() => void) | undefined };
  flight(): { readonly inFlight: number; readonly started: number };
  latency(): Latency;
  /** Copies the histogram of durations to `target`, which holds `histogramNumbers`. */
  copyLatency(target: Float64Array): void;
  readonly histogramNumbers: number;
  read(nowMs: number, maxAgeMs: number): GovernorReading;
  /** `all`: a major collection that gives back to the system what it can. */
  collect(reach: "major" | "all"): Collected;
  /** When the last major collection ended that this library made, for whatever reason. */
  lastMajorMs(): number | undefined;
  /** 1: what pools and caches did not need; 2: all that is idle. */
  trimStores(step: 1 | 2): void;
  collectByCount(): void;
  countsCollect(): boolean;
}

/** Bytes in use outside the young generation. Cost: a few µs. */
export function oldBytes(port: RuntimePort): number {
  const spaces = port.readHeapSpaces();
  if (!spaces) return Number.NaN;
  let old = 0;
  for (const space of spaces) if (!space.name.includes("new_")) old += space.usedBytes;
  return old;
}
