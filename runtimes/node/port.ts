import { PerformanceObserver } from "node:perf_hooks";
import process from "node:process";
import v8 from "node:v8";
import { onceClosed } from "../../src/shared/closing.ts";
import type { CollectionKind, ObservedCollection, RuntimePort } from "../../src/shared/port.ts";
import { commonPort, virtualSize } from "../common-port.ts";
import { allocationSites, profileAllocations } from "../inspector.ts";
import { readV8Memory, triedWasmMemory } from "../memory.ts";
import {
  attempt,
  available,
  environment,
  exposedGc,
  flagsFrozen,
  heapReserveBytes,
  kernelFiles,
  LAST_RESORT,
  readHeapLimitBytes,
  readHeapSpaces,
  unavailable,
} from "../shared.ts";
import { nodeSettings } from "../start-settings.ts";
import { profileCollections } from "../v8.ts";
import { discardBody, type Incoming } from "./discard-body.ts";
import { collectReducing } from "./reduce.ts";

const gc = exposedGc();
const noGc = "this process forbids --expose-gc at run time (--freeze-flags-after-init)";

/** `detail.kind` of a `gc` performance entry (perf_hooks.constants). */
const KINDS: Readonly<Record<number, ObservedCollection["kind"]>> = {
  1: "minor",
  4: "major",
  8: "incremental",
};
/** Forced, or asked for as all available garbage: Node 26 tells a last-resort collection by the second alone. */
const FORCED_FLAGS = 4 | 16;

/** When `collectAll` ran last: of its parts Node reports some without a flag. */
let ownFromMs = Number.NaN;
let ownToMs = Number.NaN;

function collectAll(): void {
  if (!gc) return;
  ownFromMs = performance.now();
  if (!flagsFrozen) collectReducing(gc);
  // Node 20 answers a flavour with a minor collection.
  else if (Number.parseInt(process.versions.node, 10) < 22) gc();
  else gc(LAST_RESORT);
  ownToMs = performance.now();
}

/** What the hono server adapter passes beside the request. */
interface Outgoing {
  readonly closed: boolean;
  readonly destroyed: boolean;
  readonly writableFinished: boolean;
  on(event: "close", listener: () => void): unknown;
}

/** The request and the response of `node:http`, as the hono server adapter passes them. */
function served(environment: unknown): { incoming?: Incoming; outgoing?: Outgoing } {
  return environment ?? {};
}

/** Node's port: V8 through `node:v8`, collections seen by a `PerformanceObserver`. */
export const nodePort: RuntimePort = {
  ...commonPort,
  readMemory: readV8Memory,
  name: "node",
  version: process.versions.node,
  capabilities: {
    minorCollection: gc ? available : unavailable(noGc),
    majorCollection: gc ? available : unavailable(noGc),
    observeCollections: available,
    profileCollections: available,
    allocationSites,
    classCounts: unavailable("V8 counts no objects by class"),
    heapSnapshot: available,
    rss: available,
    virtualSize: virtualSize(),
    heapUsed: available,
    liveHeap: gc ? available : unavailable(noGc),
    objectCount: unavailable("V8 has no count of objects"),
    memoryLimit: available,
    kernelFiles,
    heapLimit: available,
    heapSpaces: available,
    responseEnd: available,
    environment,
  },
  countsWasmMemory: triedWasmMemory(),
  heapUsedCountsExternal: false,
  liveHeap: { after: "minor", readBytes: () => v8.getHeapStatistics().used_heap_size },
  // On Node 20 `gc({ type: "major" })` collects the young generation only; without options it is a major on each.
  collect: (kind: CollectionKind) => (kind === "minor" ? gc?.({ type: "minor" }) : gc?.()),
  collectAll,
  readHeapUsedBytes: () => v8.getHeapStatistics().used_heap_size,
  countObjects: () => undefined,
  readHeapLimitBytes,
  heapReserveBytes: heapReserveBytes(0),
  readHeapSpaces,
  observeCollections(seen) {
    const observer = attempt(() => {
      const made = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const { detail } = entry as unknown as { detail: { kind: number; flags: number } };
          seen({
            kind: KINDS[detail.kind] ?? "other",
            forced:
              (detail.flags & FORCED_FLAGS) !== 0 ||
              (entry.startTime >= ownFromMs && entry.startTime <= ownToMs),
            durationMs: entry.duration,
            startedAtMs: entry.startTime,
          });
        }
      });
      made.observe({ entryTypes: ["gc"] });
      return made;
    });
    return observer ? { close: () => observer.disconnect() } : undefined;
  },
  profileCollections: () => profileCollections(1000, true),
  profileAllocations,
  countClasses: () => undefined,
  onResponseEnd(environment, watcher) {
    const { incoming, outgoing } = served(environment);
    if (typeof outgoing?.on !== "function" || outgoing.closed || outgoing.destroyed) return false;
    onceClosed(incoming, outgoing, () => watcher.responseEnded(outgoing.writableFinished));
    return true;
  },
  discardBody: (environment) => discardBody(served(environment).incoming),
  // Asked only where there is no `outgoing`: outside a server, where reading `body` costs nothing.
  isStreaming: (response) => response.body !== null && !response.headers.has("content-length"),
  // 0: V8 works it out. Deno takes the flag too, but only its start changes anything.
  setHeapGrowth: flagsFrozen
    ? undefined
    : (percent) => v8.setFlagsFromString(`--heap-growing-percent=${percent ?? 0}`),
  readStartSettings: nodeSettings,
};
