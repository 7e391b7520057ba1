import { AsyncLocalStorage } from "node:async_hooks";
import type {
  AllocationProfile,
  AllocationSite,
  AsyncContext,
  Capabilities,
  Closable,
  CollectionKind,
  CollectionProfile,
  HeapSpace,
  LiveHeap,
  MemoryReading,
  ObservedCollection,
  ProfiledCollection,
  ResponseWatcher,
  RuntimePort,
  StartSettings,
} from "../../src/shared/port.ts";
import type { ProcessReading } from "../../src/shared/process.ts";
import { FakeFiles } from "./fake-files.ts";
import { capabilitiesWithout, MEMORY, PROCESS } from "./fake-readings.ts";
import { Random } from "./random.ts";

/** The port of the runtime that runs this test. Deno and Bun set Node's version too, so they come first. */
export async function loadPort(): Promise<RuntimePort> {
  if ("Deno" in globalThis) return (await import("../../runtimes/deno/port.ts")).denoPort;
  if ("Bun" in globalThis) return (await import("../../runtimes/bun/port.ts")).bunPort;
  return (await import("../../runtimes/node/port.ts")).nodePort;
}

const MB = 1024 * 1024;

export interface FakeSettings {
  /** Names of capabilities that are not there. */
  lacks?: readonly (keyof Capabilities)[];
  variables?: Record<string, string>;
  limitBytes?: number;
  /** The kernel's files, by path. */
  files?: Record<string, string>;
  /** No setting for the growth of its heap. */
  fixedHeap?: boolean;
  countsWasmMemory?: RuntimePort["countsWasmMemory"];
}

/**
 * A runtime under the test's hand: the clock stands still until `advance`, deferred tasks wait for
 * `runDeferred`, a collection takes and frees what the test says, and all that was started is counted.
 */
export class FakePort extends FakeFiles implements RuntimePort {
  readonly name = "fake";
  readonly version = "1.0.0";
  readonly capabilities: Capabilities;
  readonly countsWasmMemory: RuntimePort["countsWasmMemory"];
  readonly variables: Record<string, string>;
  /** All collections so far, in order. */
  readonly collections: CollectionKind[] = [];
  pauseMs: Record<CollectionKind, number> = { minor: 1, major: 10 };
  freedBytes: Record<CollectionKind, number> = { minor: 4 * MB, major: 40 * MB };
  heapUsedBytes: number = 400 * MB;
  objects = 100_000;
  memory: { -readonly [K in keyof MemoryReading]: MemoryReading[K] } = { ...MEMORY };
  arrayBuffersBytes: number | undefined = 4 * MB;
  readings = 0;
  heapUsedCountsExternal = false;
  liveHeap: LiveHeap = { after: "minor", readBytes: () => this.heapUsedBytes };
  readonly #random = new Random(20_261_128);
  /** Seeded; a test may set its own. */
  random = (): number => this.#random.next();
  /** What the engine tells of at the next take. */
  readonly profiled: ProfiledCollection[] = [];
  openProfiles = 0;
  openAllocationProfiles = 0;
  allocationSites: readonly AllocationSite[] = [];
  classes: Record<string, number> = {};
  /** Names of the snapshots that were written. */
  readonly snapshots: string[] = [];
  snapshotError: Error | undefined;
  heapLimitBytes: number | undefined;
  heapSpaces: readonly HeapSpace[] | undefined;
  process: ProcessReading | undefined = { ...PROCESS };
  processReadings = 0;
  /** CPU time of the process; a test moves it on. */
  cpuMs: number | undefined = 0;
  /** Of the collections: those that gave back all they could. */
  lastResorts = 0;
  /** Called at each collection, before it frees. */
  onCollect: (() => void) | undefined;
  readonly #limitBytes: number | undefined;
  readonly #observers = new Set<(seen: ObservedCollection) => void>();

  constructor({
    lacks = [],
    variables = {},
    limitBytes,
    files = {},
    countsWasmMemory,
    fixedHeap,
  }: FakeSettings = {}) {
    super(files);
    this.capabilities = capabilitiesWithout(lacks);
    if (fixedHeap) this.setHeapGrowth = undefined;
    this.variables = variables;
    this.#limitBytes = limitBytes;
    this.countsWasmMemory = countsWasmMemory ?? { external: 0, arrayBuffers: 0 };
  }

  collect(kind: CollectionKind): void {
    const can = kind === "minor" ? this.capabilities.minorCollection : this.capabilities.majorCollection;
    if (!can.available) throw new Error(`a ${kind} collection was asked of a port without one`);
    this.collections.push(kind);
    this.onCollect?.();
    this.nowMs += this.pauseMs[kind];
    this.heapUsedBytes -= this.freedBytes[kind];
    this.objects -= 1000;
  }

  collectAll(): void {
    this.collect("major");
    this.lastResorts += 1;
  }

  readCpuMs(): number | undefined {
    return this.cpuMs;
  }

  readProcess(): ProcessReading | undefined {
    this.processReadings += 1;
    return this.process;
  }

  readMemory(): MemoryReading {
    this.readings += 1;
    return { ...this.memory };
  }

  readArrayBuffersBytes(): number | undefined {
    return this.arrayBuffersBytes;
  }

  readHeapUsedBytes(): number | undefined {
    return this.capabilities.heapUsed.available ? this.heapUsedBytes : undefined;
  }

  countObjects(): number | undefined {
    return this.capabilities.objectCount.available ? this.objects : undefined;
  }

  readMemoryLimitBytes(): number | undefined {
    return this.#limitBytes;
  }

  profileCollections(): CollectionProfile | undefined {
    if (!this.capabilities.profileCollections.available) return undefined;
    this.openProfiles += 1;
    return { take: () => this.profiled.splice(0), close: () => this.#closeProfile() };
  }

  async profileAllocations(): Promise<AllocationProfile | undefined> {
    if (!this.capabilities.allocationSites.available) return undefined;
    this.openAllocationProfiles += 1;
    return {
      take: async () => this.allocationSites,
      close: async () => {
        this.openAllocationProfiles -= 1;
      },
    };
  }

  countClasses(): Record<string, number> | undefined {
    return this.capabilities.classCounts.available ? this.classes : undefined;
  }

  writeHeapSnapshot(directory: string, name: string): { path: string; bytes: number } {
    if (this.snapshotError) throw this.snapshotError;
    this.snapshots.push(name);
    return { path: `${directory}/${name}`, bytes: 1 };
  }

  #closeProfile(): void {
    this.openProfiles -= 1;
  }

  readHeapLimitBytes(): number | undefined {
    return this.heapLimitBytes;
  }

  readHeapSpaces(): readonly HeapSpace[] | undefined {
    return this.heapSpaces;
  }

  observeCollections(seen: (collection: ObservedCollection) => void): Closable | undefined {
    if (!this.capabilities.observeCollections.available) return undefined;
    this.#observers.add(seen);
    return { close: () => this.#observers.delete(seen) };
  }

  /** What the engine would report. */
  report(collection: ObservedCollection): void {
    for (const seen of this.#observers) seen(collection);
  }

  /** The test passes `{ ended: [] }` as hono's environment and calls what it finds there. */
  onResponseEnd(environment: unknown, watcher: ResponseWatcher): boolean {
    const ended = (environment as { ended?: ((sent?: boolean) => void)[] } | undefined)?.ended;
    ended?.push((sent = true) => watcher.responseEnded(sent));
    return ended !== undefined;
  }

  isStreaming(response: Response): boolean {
    return response.headers.has("transfer-encoding");
  }

  createAsyncContext<T>(): AsyncContext<T> {
    return new AsyncLocalStorage<T>();
  }

  environmentVariable(name: string): string | undefined {
    return this.variables[name];
  }

  startSettings: StartSettings | undefined;

  /** Each setting, in order. */
  readonly heapGrowth: (number | undefined)[] = [];
  setHeapGrowth?: ((percent: number | undefined) => void) | undefined = (percent) => {
    this.heapGrowth.push(percent);
  };

  readStartSettings(): StartSettings | undefined {
    return this.startSettings;
  }

  get openObservers(): number {
    return this.#observers.size;
  }
}

export function fakePort(settings?: FakeSettings): FakePort {
  return new FakePort(settings);
}
