import { edenGC, heapStats } from "bun:jsc";
import os from "node:os";
import type { CollectionKind, RuntimePort } from "../../src/shared/port.ts";
import {
  available,
  countsWasmMemory,
  createAsyncContext,
  defer,
  environment,
  environmentVariable,
  every,
  openStatm,
  readConstrainedMemory,
  readProcessMemory,
  unavailable,
} from "../shared.ts";

const statm = openStatm();

/** The types that hono's helpers set on a body that is a whole text. A streamed one says `transfer-encoding`. */
const WHOLE = /^(?:text\/(?:plain|html)|application\/json)/;

/** Bun's port: JavaScriptCore through `Bun.gc` and `bun:jsc`. */
export const bunPort: RuntimePort = {
  name: "bun",
  version: Bun.version,
  capabilities: {
    minorCollection: available,
    majorCollection: available,
    observeCollections: unavailable(
      "Bun reports no collections, and a profiler would slow allocation by 15 to 20 %",
    ),
    rss: available,
    virtualSize: statm ? available : unavailable("/proc/self/statm cannot be read"),
    heapUsed: unavailable(
      "Bun's heap figures lag behind by a collection or more, so they cannot tell what one freed",
    ),
    objectCount: available,
    memoryLimit: available,
    responseEnd: unavailable("Bun has no event at the end of a response; a streamed body is wrapped instead"),
    environment,
  },
  countsWasmMemory,
  now: () => performance.now(),
  collect(kind: CollectionKind) {
    if (kind === "minor") edenGC();
    else Bun.gc(true);
  },
  readMemory: () => readProcessMemory(statm),
  readHeapUsedBytes: () => undefined,
  countObjects: () => heapStats().objectCount,
  readMemoryLimitBytes: () => readConstrainedMemory(os.totalmem()),
  observeCollections: () => undefined,
  onResponseEnd: () => false,
  // `body` of a whole text is a stream here too, so only its print tells them apart (3 µs): it is asked for
  // where the headers leave it open.
  isStreaming(response) {
    const headers = response.headers;
    if (headers.has("content-length")) return false;
    const type = headers.get("content-type");
    if (type !== null && WHOLE.test(type) && !headers.has("transfer-encoding")) return false;
    return Bun.inspect(response, { depth: 0 }).includes("ReadableStream {");
  },
  every,
  defer,
  createAsyncContext,
  environmentVariable,
};
