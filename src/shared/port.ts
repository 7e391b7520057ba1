/**
 * The one border to a runtime. The library owns this type; each runtime has one object that fills it
 * (`runtimes/<name>/port.ts`) and passes it in.
 *
 * @module
 */

import type { Capabilities } from "./capabilities.ts";
import type { ProcessReading } from "./process.ts";

export type { Capabilities, Capability } from "./capabilities.ts";

/** Something started that must be stopped. */
export interface Closable {
  close(): void;
}

/** `minor`: the young generation only. `major`: the whole heap. */
export type CollectionKind = "minor" | "major";

/** What a collection observer saw: one collection that the engine started or was told to run. */
export interface ObservedCollection {
  readonly kind: CollectionKind | "incremental" | "other";
  /** True where a program asked for it; `undefined` where the runtime cannot tell. */
  readonly forced: boolean | undefined;
  readonly durationMs: number;
  /** On the port's clock; `undefined` where the runtime cannot tell. */
  readonly startedAtMs: number | undefined;
}

/** One collection as the engine accounts for it. `undefined` where it does not tell. */
export interface ProfiledCollection {
  readonly kind: ObservedCollection["kind"];
  readonly durationMs: number | undefined;
  /** Negative where the heap grew meanwhile. */
  readonly freedBytes: number | undefined;
  /** What it left on the heap. */
  readonly heapAfterBytes: number | undefined;
}

/** The engine's own account of its collections. */
export interface CollectionProfile extends Closable {
  /** Those since it was last asked. To be called about once a second. Cost: 5 µs, and 20 µs a collection. */
  take(): readonly ProfiledCollection[];
}

/** Where memory that is alive was allocated. */
export interface AllocationSite {
  /** Empty for an anonymous function. */
  readonly functionName: string;
  /** As the engine names it. */
  readonly file: string;
  /** Where the function begins, from 1 on. */
  readonly line: number;
  /** From 1 on. */
  readonly column: number;
  /** Alive and of its making, from samples. */
  readonly bytes: number;
  /** The call stack, nearest caller first. */
  readonly callers: readonly string[];
}

/** Allocations, sampled until it is closed. */
export interface AllocationProfile {
  /** What was allocated since the beginning and is alive. Costs a major collection. */
  take(): Promise<readonly AllocationSite[]>;
  close(): Promise<void>;
}

/** Bytes, or `undefined` where the runtime cannot tell. Never a made-up 0. */
export interface MemoryReading {
  /** Resident set size. */
  readonly rssBytes: number | undefined;
  /** Virtual memory size. */
  readonly virtualBytes: number | undefined;
  /** Heap in use, live and dead objects. */
  readonly heapUsedBytes: number | undefined;
  /** Heap reserved by the engine. */
  readonly heapTotalBytes: number | undefined;
  /** Memory outside the heap that objects on it hold. */
  readonly externalBytes: number | undefined;
}

/** One part of the engine's heap. */
export interface HeapSpace {
  /** The part's name in the engine. */
  readonly name: string;
  readonly usedBytes: number;
  readonly totalBytes: number;
  /** What may be put into it before it must grow. */
  readonly availableBytes?: number;
  /** Part of the young generation: what a major collection leaves lies in the others. */
  readonly young?: boolean;
}

/** How to read what is alive on the heap, fine enough to tell what one request left. */
export interface LiveHeap {
  /** The collection that must come right before. */
  readonly after: CollectionKind;
  readBytes(): number | undefined;
  /** Whether a collection also frees what earlier requests made: one sample may be below zero, the middle of many tells. Default false. */
  readonly drifts?: boolean;
}

/** A text file that stays open. */
export interface TextFile extends Closable {
  /** All of it, up to 16 KB, as it is now; `undefined` where it cannot be read any more. Cost: one system call. */
  read(): string | undefined;
}

/** An `AsyncLocalStorage`, as far as the library uses it. */
export interface AsyncContext<T> {
  run<R>(store: T, fn: () => R): R;
  getStore(): T | undefined;
}

/** A setting that only a start can change, as this runtime spells it. */
export interface StartSetting {
  /** The start flag. */
  readonly flag: string;
  /** An environment variable that does the same, `NAME=value`; `undefined` where none does. */
  readonly variable: string | undefined;
  /** A command that shows whether it is in force. */
  readonly verify: string;
}

/** What only the start of this process could set. */
export interface StartSettings {
  /** Half of the young generation, in MB. */
  youngGeneration(halfMb: number): StartSetting;
  /** The bound of the old generation, in MB. */
  heapLimit(mb: number): StartSetting;
  /** What the old generation may hold before its first major collection, in MB. */
  initialOldGeneration(mb: number): StartSetting;
  /** Which of them whoever started this process has set. */
  readonly given: {
    readonly youngGeneration: boolean;
    readonly heapLimit: boolean;
    readonly initialOldGeneration: boolean;
  };
  /** Where this version is known to be worse than another; `undefined`: none is known to be better. */
  readonly betterVersion:
    | { readonly why: string; readonly instead: string; readonly verify: string }
    | undefined;
}

/** Who waits for the end of a response. */
export interface ResponseWatcher {
  /** `sent` is false where the client went away first. */
  responseEnded(sent: boolean): void;
}

/** A runtime, as the library sees it. `velithon` brings one for Node, Bun, Deno, browsers and workerd; `port` in the options takes another. */
export interface RuntimePort {
  /** Such as `node`. */
  readonly name: string;
  /** The runtime's version. */
  readonly version: string;
  /** What it can do and read, found out by trying. */
  readonly capabilities: Capabilities;
  /** How many times a reading counts the memory of a WASM instance that is in use, so that the core's own can be left out. */
  readonly countsWasmMemory: { readonly external: number; readonly arrayBuffers: number };
  /** Whether `heapUsedBytes` counts what the heap holds outside of itself as well: all that `externalBytes` does. */
  readonly heapUsedCountsExternal: boolean;
  /** Where `capabilities` has it. */
  readonly liveHeap?: LiveHeap;
  /** A monotonic clock in ms, with a fraction. */
  now(): number;
  /** 0 to 1, 1 excluded; no secret hangs on it. */
  random(): number;
  /** Collects at once, synchronously. Only what `capabilities` declares available. */
  collect(kind: CollectionKind): void;
  /** A major collection that also gives back to the system what it can; as `collect`. */
  collectAll(): void;
  /** A few µs (one system call). */
  readMemory(): MemoryReading;
  /** What array buffers hold, apart from a reading because it costs more; `undefined` where the runtime cannot tell. */
  readArrayBuffersBytes(): number | undefined;
  /** Bytes used by live and dead objects on the heap now; `undefined` where the runtime cannot tell at the moment of asking. */
  readHeapUsedBytes(): number | undefined;
  /** CPU time of the whole process so far, helper threads included. A few µs; `undefined` where it cannot be read. */
  readCpuMs(): number | undefined;
  /** For a scrape: tens of µs, and more with many open files. */
  readProcess(): ProcessReading | undefined;
  /** Slow: milliseconds. `undefined` where the runtime cannot tell. */
  countObjects(): number | undefined;
  /** The process's memory limit in bytes as the runtime tells it; `undefined` where there is none or it cannot be read. */
  readMemoryLimitBytes(): number | undefined;
  /** The engine ends the process above this heap size; `undefined` where it has no such bound. Under 1 µs. */
  readHeapLimitBytes(): number | undefined;
  /** Of the heap limit, what only young objects may use: the engine ends the process when old ones fill the rest. */
  readonly heapReserveBytes?: number | undefined;
  /** A few µs. `undefined` where the runtime cannot tell, or not cheaply. */
  readHeapSpaces(): readonly HeapSpace[] | undefined;
  /** `undefined` where there is no such file, or no permission; never asks a person for one. */
  openText(path: string): TextFile | undefined;
  /** Calls back for each collection the engine reports, until closed; `undefined` where it reports none. */
  observeCollections(seen: (collection: ObservedCollection) => void): Closable | undefined;
  /** What collections took, freed and left, from now on; `undefined` where the engine does not tell. */
  profileCollections(): CollectionProfile | undefined;
  /** Begins to sample allocations, one for so many bytes; `undefined` where there is no such profiler. */
  profileAllocations(everyBytes: number): Promise<AllocationProfile | undefined>;
  /** Objects alive by class; `undefined` where the runtime cannot tell. Costs a major collection and more. */
  countClasses(): Readonly<Record<string, number>> | undefined;
  /**
   * Writes `<directory>/<name>.heapsnapshot`, for the owner's eyes alone; it gets its name when it is whole.
   * Blocks for seconds. Throws what the file system throws; then nothing is left.
   */
  writeHeapSnapshot(directory: string, name: string): { readonly path: string; readonly bytes: number };
  /**
   * Tells the watcher once when the response to this request has been sent, has failed or was given up.
   * `environment` is what the server adapter passed beside the request (hono's `c.env`).
   * False where there is no such event, or it has passed: then the caller watches the body.
   */
  onResponseEnd(environment: unknown, watcher: ResponseWatcher): boolean;
  /**
   * Reads what is still to come of a request's body and drops it, until it has come or the client is gone. `undefined`
   * where nothing is to come; absent where an answer may go out before.
   */
  discardBody?(environment: unknown): Promise<void> | undefined;
  /**
   * A signal that fires when the client goes away, for ports whose `onResponseEnd` cannot tell so; asked for
   * only where somebody needs it.
   */
  clientSignal?(request: object, environment: unknown): AbortSignal | undefined;
  /**
   * Whether what `onResponseEnd` tells of this response may come while it is still being written; absent where it
   * never does. Asked behind the end, and only where something was leased.
   */
  endsUnseen?(response: Response): boolean;
  /** True where the body is a stream that is still to be read; must not turn a plain body into one. */
  isStreaming(response: Response): boolean;
  /** Repeats until closed; does not keep the process alive. */
  every(intervalMs: number, tick: () => void): Closable;
  /** Runs once, unless closed; keeps the process alive only where a caller waits for it (`awaited`). */
  after(delayMs: number, task: () => void, awaited?: boolean): Closable;
  /** Runs after the current turn of the event loop, behind I/O that is ready, and before the process ends. */
  defer(task: () => void): void;
  /** A store that follows asynchronous calls, such as an `AsyncLocalStorage`. */
  createAsyncContext<T>(): AsyncContext<T>;
  /** `undefined` if it is not set or cannot be read. */
  environmentVariable(name: string): string | undefined;
  /**
   * How much the old generation may grow between two major collections, in percent of what the last one left; `undefined`:
   * as the engine would have it. In force from the next major collection on; absent where no program can set it.
   */
  readonly setHeapGrowth?: ((percent: number | undefined) => void) | undefined;
  /** `undefined` where the runtime has no such settings. */
  readStartSettings(): StartSettings | undefined;
}
