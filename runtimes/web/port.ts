import type {
  AsyncContext,
  Capability,
  Closable,
  CollectionKind,
  MemoryReading,
  RuntimePort,
} from "../../src/shared/port.ts";

/** What a web host may have beside what all have. None of it is taken for granted. */
interface Host {
  readonly gc?: (options?: { type: "minor" }) => void;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: {
    readonly env?: Readonly<Record<string, string | undefined>>;
    getBuiltinModule?(name: string): { AsyncLocalStorage?: new () => AsyncContext<never> } | undefined;
  };
}

const host = globalThis as unknown as Host;
/** Held, because looking up the global `performance` is dearer than asking it. */
const clock = performance;
const gc = typeof host.gc === "function" ? host.gc : undefined;
const available: Capability = { available: true };
const unavailable = (reason: string): Capability => ({ available: false, reason });
const collection = gc
  ? available
  : unavailable("a web host offers a collection only where it was started with --expose-gc");
/** Deno, where it is bundled for the web, refuses what is not permitted. */
function environmentVariable(name: string): string | undefined {
  try {
    return host.process?.env?.[name];
  } catch {
    return undefined;
  }
}

const noReading = unavailable("a web host gives a program no figures of its memory");
const unknown: MemoryReading = {
  rssBytes: undefined,
  virtualBytes: undefined,
  heapUsedBytes: undefined,
  heapTotalBytes: undefined,
  externalBytes: undefined,
};

/** Reaches what runs before the first `await`, and no more: truthful, where nothing carries it further. */
class SynchronousContext<T> implements AsyncContext<T> {
  #store: T | undefined;

  run<R>(store: T, fn: () => R): R {
    const outer = this.#store;
    this.#store = store;
    try {
      return fn();
    } finally {
      this.#store = outer;
    }
  }

  getStore(): T | undefined {
    return this.#store;
  }
}

/** workerd refuses timers outside a request, and ends those of a request with it: then there is none. */
function timer<T>(start: () => T, stop: (id: T) => void): Closable {
  try {
    const id = start();
    return { close: () => stop(id) };
  } catch {
    return { close() {} };
  }
}

/** The port for browsers, web workers and hosts like workerd: pools, caches and counts work, readings are `undefined`. */
export const webPort: RuntimePort = {
  name: "web",
  version: host.navigator?.userAgent ?? "",
  capabilities: {
    minorCollection: collection,
    majorCollection: collection,
    observeCollections: unavailable("a web host reports no collections"),
    profileCollections: unavailable("a web host reports no collections"),
    allocationSites: noReading,
    classCounts: noReading,
    heapSnapshot: noReading,
    rss: noReading,
    virtualSize: noReading,
    heapUsed: noReading,
    liveHeap: noReading,
    objectCount: noReading,
    memoryLimit: noReading,
    kernelFiles: unavailable("a web host has no files"),
    heapLimit: noReading,
    heapSpaces: noReading,
    responseEnd: unavailable(
      "there is no event at the end of a response; a streamed body is wrapped instead",
    ),
    environment: host.process?.env ? available : unavailable("this host has no environment variables"),
  },
  countsWasmMemory: { external: 0, arrayBuffers: 0 },
  heapUsedCountsExternal: false,
  now: () => clock.now(),
  random: Math.random,
  collect: (kind: CollectionKind) => (kind === "minor" ? gc?.({ type: "minor" }) : gc?.()),
  collectAll: () => gc?.(),
  readMemory: () => unknown,
  readArrayBuffersBytes: () => undefined,
  readCpuMs: () => undefined,
  readProcess: () => undefined,
  readHeapUsedBytes: () => undefined,
  countObjects: () => undefined,
  readMemoryLimitBytes: () => undefined,
  readHeapLimitBytes: () => undefined,
  readHeapSpaces: () => undefined,
  openText: () => undefined,
  observeCollections: () => undefined,
  profileCollections: () => undefined,
  profileAllocations: async () => undefined,
  countClasses: () => undefined,
  writeHeapSnapshot() {
    throw new Error("a web host has no files");
  },
  onResponseEnd: () => false,
  isStreaming: (response) => response.body !== null && !response.headers.has("content-length"),
  every: (intervalMs, tick) =>
    timer(
      () => setInterval(tick, intervalMs),
      (id) => clearInterval(id),
    ),
  after: (delayMs, task) =>
    timer(
      () => setTimeout(task, delayMs),
      (id) => clearTimeout(id),
    ),
  defer: (task) => void setTimeout(task, 0),
  createAsyncContext<T>(): AsyncContext<T> {
    const Storage = host.process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
    return Storage ? (new Storage() as unknown as AsyncContext<T>) : new SynchronousContext<T>();
  },
  environmentVariable,
  readStartSettings: () => undefined,
};
