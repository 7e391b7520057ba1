import { edenGC, estimateShallowMemoryUsageOf, heapSize, heapStats } from "bun:jsc";
import type { CollectionKind, RuntimePort } from "../../src/shared/port.ts";
import { commonPort, virtualSize } from "../common-port.ts";
import { available, environment, kernelFiles, unavailable } from "../shared.ts";
import { watchFullCollections } from "./full-collections.ts";

/** The part of Bun's global that is used here; its own types are unknown where the package is checked by Deno. */
declare const Bun: {
  readonly version: string;
  gc(force: boolean): number;
  inspect(value: unknown, options: { depth: number }): string;
};

/**
 * What a response without bytes of its own weighs: null, empty, a file, or a stream. One with a whole text
 * weighs more, which takes 10 ns to see; the rest is told apart by its print (3 µs). `body` says nothing
 * here: of a whole text it is a stream as well.
 */
const bare = estimateShallowMemoryUsageOf(new Response(null));
const weightTells =
  estimateShallowMemoryUsageOf(new Response("x")) > bare &&
  estimateShallowMemoryUsageOf(new Response(new ReadableStream())) === bare;

/** Bun's port: JavaScriptCore through `Bun.gc` and `bun:jsc`. */
export const bunPort: RuntimePort = {
  ...commonPort,
  name: "bun",
  version: Bun.version,
  capabilities: {
    minorCollection: available,
    majorCollection: available,
    observeCollections: unavailable(
      "Bun reports no collections, and a profiler would slow allocation by 15 to 20 %",
    ),
    profileCollections: available,
    allocationSites: unavailable("JavaScriptCore samples no allocations"),
    classCounts: available,
    heapSnapshot: available,
    rss: available,
    virtualSize: virtualSize(),
    heapUsed: unavailable(
      "Bun's heap figures lag behind by a collection or more, so they cannot tell what one freed",
    ),
    liveHeap: available,
    objectCount: available,
    memoryLimit: available,
    kernelFiles,
    heapLimit: unavailable("JavaScriptCore has no bound of its own"),
    heapSpaces: unavailable("Bun's heap statistics take milliseconds and know no spaces"),
    responseEnd: unavailable("Bun has no event at the end of a response; a streamed body is wrapped instead"),
    environment,
  },
  // Once itself, which shows after a full collection, and once more its buffer.
  countsWasmMemory: { external: 2, arrayBuffers: 0 },
  heapUsedCountsExternal: true,
  // Buffers included, once.
  liveHeap: { after: "major", readBytes: heapSize },
  collect(kind: CollectionKind) {
    if (kind === "minor") edenGC();
    else Bun.gc(true);
  },
  collectAll: () => void Bun.gc(true),
  readHeapUsedBytes: () => undefined,
  countObjects: () => heapStats().objectCount,
  readHeapLimitBytes: () => undefined,
  readHeapSpaces: () => undefined,
  observeCollections: () => undefined,
  profileCollections: watchFullCollections,
  profileAllocations: async () => undefined,
  countClasses() {
    Bun.gc(true);
    return heapStats().objectTypeCounts;
  },
  onResponseEnd: () => false,
  isStreaming(response) {
    if (weightTells && estimateShallowMemoryUsageOf(response) > bare) return false;
    return Bun.inspect(response, { depth: 0 }).includes("ReadableStream {");
  },
  readStartSettings: () => undefined,
};
