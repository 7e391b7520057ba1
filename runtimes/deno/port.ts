import process from "node:process";
import v8 from "node:v8";
import type { CollectionKind, RuntimePort } from "../../src/shared/port.ts";
import { commonPort, virtualSize } from "../common-port.ts";
import { allocationSites, profileAllocations } from "../inspector.ts";
import { readV8Memory, triedWasmMemory } from "../memory.ts";
import {
  attempt,
  available,
  type CollectionFunction,
  environment,
  exposedGc,
  heapReserveBytes,
  kernelFiles,
  LAST_RESORT,
  readHeapLimitBytes,
  readHeapSpaces,
  unavailable,
} from "../shared.ts";
import { denoSettings } from "../start-settings.ts";
import { profileCollections } from "../v8.ts";
import { mayStream } from "./may-stream.ts";

/** V8's own function, there with the start flag `--v8-flags=--expose-gc-as=__vgc`: it alone knows minor collections. */
const flagged = (globalThis as { __vgc?: CollectionFunction }).__vgc;
const gc = flagged ?? exposedGc();
const noGc = "this Deno exposes no collection function";
const limit = attempt(() => process.constrainedMemory()) !== undefined;

/** What `Deno.serve` passes beside the request. */
interface Served {
  readonly completed?: Promise<void>;
}

/** Deno's port: V8 through the start flag or `node:v8`, response ends by `info.completed`. */
export const denoPort: RuntimePort = {
  ...commonPort,
  readMemory: readV8Memory,
  name: "deno",
  version: process.versions.deno ?? "",
  capabilities: {
    minorCollection: flagged
      ? available
      : unavailable(
          "Deno collects the young generation on request only with --v8-flags=--expose-gc-as=__vgc",
        ),
    majorCollection: gc ? available : unavailable(noGc),
    observeCollections: unavailable("Deno lists gc performance entries and delivers none"),
    profileCollections: available,
    allocationSites,
    classCounts: unavailable("V8 counts no objects by class"),
    heapSnapshot: available,
    rss: available,
    virtualSize: virtualSize("; --allow-all permits it"),
    heapUsed: available,
    liveHeap: gc ? available : unavailable(noGc),
    objectCount: unavailable("V8 has no count of objects"),
    memoryLimit: limit ? available : unavailable("the limit cannot be read; --allow-sys permits it"),
    kernelFiles,
    heapLimit: available,
    heapSpaces: available,
    responseEnd: available,
    environment,
  },
  countsWasmMemory: triedWasmMemory(),
  heapUsedCountsExternal: false,
  // A minor collection leaves the heap counted in steps of 30 KB.
  liveHeap: { after: "major", drifts: true, readBytes: () => v8.getHeapStatistics().used_heap_size },
  collect: (kind: CollectionKind) => (kind === "minor" ? flagged?.({ type: "minor" }) : gc?.()),
  collectAll: () => gc?.(LAST_RESORT),
  readHeapUsedBytes: () => v8.getHeapStatistics().used_heap_size,
  countObjects: () => undefined,
  readHeapLimitBytes,
  heapReserveBytes: heapReserveBytes(96 * 1024 * 1024),
  readHeapSpaces,
  observeCollections: () => undefined,
  profileCollections: () => profileCollections(1_000_000, false),
  profileAllocations,
  countClasses: () => undefined,
  onResponseEnd(environment, watcher) {
    const completed = (environment as Served | null | undefined)?.completed;
    if (!(completed instanceof Promise)) return false;
    // Rejects where the response could not be sent: an end as well.
    const ended = (failure: unknown) => watcher.responseEnded(failure === undefined);
    completed.then(ended, ended);
    return true;
  },
  /**
   * `request.signal` fires on success as well, and `completed` is then settled within the same turn: a client
   * that leaves while its handler still works leaves it open. One that leaves a stream midway looks as one that
   * read it to the end; the stream itself is cancelled then.
   */
  clientSignal(request, environment) {
    const { signal } = request as { signal?: AbortSignal };
    const completed = (environment as Served | null | undefined)?.completed;
    if (!signal || !(completed instanceof Promise)) return signal;
    const gone = new AbortController();
    let over = false;
    const end = () => {
      over = true;
    };
    completed.then(end, end);
    signal.addEventListener("abort", () => void setTimeout(() => over || gone.abort(signal.reason), 0), {
      once: true,
    });
    return gone.signal;
  },
  // A stream that the client left midway completes as one that was read to the end, while it is still written.
  endsUnseen: mayStream,
  // Asked only where there is no `completed`: outside a server, where reading `body` costs nothing.
  isStreaming: (response) => response.body !== null && !response.headers.has("content-length"),
  readStartSettings: denoSettings,
};
