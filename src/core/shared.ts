/**
 * Counters and a histogram that several workers fill and anybody adds up.
 *
 * @module
 */
import { reading, requireFields, requireInteger, show, VelithonError } from "../shared/errors.ts";
import { checkNumber } from "./check.ts";
import { HISTOGRAM_NUMBERS, Histogram } from "./histogram.ts";
import { decode, failToLoad } from "./instance.ts";
import { createCore } from "./load.ts";
import { sharedBytes } from "./shared-bytes.ts";

/** What the compiled module exports (assembly/shared.ts). */
interface SharedExports {
  shardAddress(shard: number): number;
  bytesFor(shards: number): number;
  claim(shards: number): number;
  unclaim(shard: number): number;
  add(shard: number, counter: number, amount: number): void;
  record(shard: number, value: number): void;
  openIn(shard: number, begun: number, ended: number, left: number): number;
}

/** As in the module: counters of a shard, and most shards. */
const MAX_COUNTERS = 32;
export const MAX_SHARDS = 256;
export const DEFAULT_SHARDS = 32;
const PAGE_BYTES = 65_536;
/** A little more than a shard takes. */
const SHARD_BYTES = 9216;
/** What the module says of its memory: 4 MB at most. */
const MAX_PAGES = 64;

let compiled: WebAssembly.Module | undefined;

function instantiate(memory: WebAssembly.Memory): SharedExports {
  try {
    compiled ??= new WebAssembly.Module(decode(sharedBytes));
    return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as SharedExports;
  } catch (cause) {
    return failToLoad(cause);
  }
}

/** What a worker needs to take part: goes through `postMessage` and `workerData`. */
export interface SharedCountersHandle {
  /** The shared memory that the counts lie in. */
  readonly memory: WebAssembly.Memory;
  /** The names, in order. */
  readonly counters: readonly string[];
  /** For how many workers there is room. */
  readonly shards: number;
}

/** Options of `SharedCounters`. */
export interface SharedCountersOptions {
  /** 1 to 32 names. */
  readonly counters: readonly string[];
  /** Workers that may take part at the same time, 1 to 256; 9 KB each. Default 32. */
  readonly shards?: number | undefined;
}

/** All shards added up. */
export interface SharedTotals {
  /** Sums by name. */
  readonly counters: Readonly<Record<string, number>>;
  /** Of all recorded values. */
  readonly histogram: Histogram;
}

function makeMemory(shards: number): WebAssembly.Memory {
  const initial = 1 + Math.ceil((shards * SHARD_BYTES) / PAGE_BYTES);
  try {
    return new WebAssembly.Memory({ initial, maximum: MAX_PAGES, shared: true });
  } catch (cause) {
    return failToLoad(cause);
  }
}

function checkMemory(memory: unknown): WebAssembly.Memory {
  if (memory instanceof WebAssembly.Memory) return memory;
  throw new VelithonError(
    "INVALID_OPTION",
    `SharedCounters: memory is ${show(memory)}; accepted: the handle of SharedCounters in another worker`,
  );
}

function checkNames(names: unknown): readonly string[] {
  const fits =
    Array.isArray(names) &&
    names.length >= 1 &&
    names.length <= MAX_COUNTERS &&
    names.every((name) => typeof name === "string" && name !== "") &&
    new Set(names).size === names.length;
  if (fits) return [...names] as string[];
  throw new VelithonError(
    "INVALID_OPTION",
    `SharedCounters: counters is ${show(names)}; accepted: 1 to ${MAX_COUNTERS} different names`,
  );
}

/**
 * One block of shared memory, in which each worker counts in a shard of its own: plain writes, nobody waits.
 * A reading is exact for all that happened before the reader heard of it (a message, a join); of a worker that
 * is counting at that moment it may miss the last events.
 *
 * Needs shared memory: every server runtime has it, a page only where it is cross-origin isolated.
 *
 * @example
 * ```ts
 * const counters = new SharedCounters({ counters: ["requests", "errors"] });
 * const worker = new Worker(file, { workerData: counters.handle });
 * // in the worker
 * const shard = new SharedCounters(workerData).claim();
 * shard.add(0);
 * // anywhere
 * counters.read().counters.requests;
 * ```
 */
export class SharedCounters {
  /** For the workers. */
  readonly handle: SharedCountersHandle;
  readonly #exports: SharedExports;

  /**
   * @param given options for new counters, or the handle of those of another worker
   * @throws `INVALID_OPTION`; `CORE_NOT_LOADED` where the host has no shared memory
   */
  constructor(given: SharedCountersOptions | SharedCountersHandle) {
    const { counters, shards, block } = reading("SharedCounters", () => {
      const isHandle = typeof given === "object" && given !== null && "memory" in given;
      // A handle may lie among other things that a worker was given.
      if (!isHandle) requireFields("SharedCounters", given, ["counters", "shards"]);
      const { shards = DEFAULT_SHARDS } = given;
      return {
        counters: checkNames(given.counters),
        shards: requireInteger("SharedCounters: shards", shards, 1, MAX_SHARDS),
        block: isHandle ? checkMemory((given as SharedCountersHandle).memory) : undefined,
      };
    });
    const memory = block ?? makeMemory(shards);
    this.#exports = instantiate(memory);
    const needed = this.#exports.bytesFor(shards);
    if (needed > memory.buffer.byteLength) {
      throw new VelithonError(
        "INVALID_OPTION",
        `SharedCounters: memory has ${memory.buffer.byteLength} bytes; accepted: at least ${needed} for ${shards} shards`,
      );
    }
    this.handle = { memory, counters, shards };
  }

  /**
   * A shard for the calling worker, to be given back by `release()` or, for a worker that ended without, by
   * `releaseShard(shard.index)` anywhere else.
   *
   * @throws `POOL_EXHAUSTED` where every shard is taken
   */
  claim(): SharedShard {
    const index = this.#exports.claim(this.handle.shards);
    if (index < 0) {
      throw new VelithonError(
        "POOL_EXHAUSTED",
        `every one of ${this.handle.shards} shards is taken; accepted: at most as many workers at a time, or more shards`,
      );
    }
    return new SharedShard(this.#exports, index, this.handle.counters.length);
  }

  /** For a worker that has ended. Its totals stay. False where the shard was free. */
  releaseShard(index: number): boolean {
    requireInteger("releaseShard: index", index, 0, this.handle.shards - 1);
    return this.#exports.unclaim(index) === 1;
  }

  /** @internal For a worker that has ended: what is left to be written in its shard. */
  shardOf(index: number): SharedShard {
    requireInteger("release: index", index, 0, this.handle.shards - 1);
    return new SharedShard(this.#exports, index, this.handle.counters.length);
  }

  /** @internal `begun` less `ended` less `left`, three counters by place, of one shard at one moment. */
  open(index: number, begun: number, ended: number, left: number): number {
    return this.#exports.openIn(index, begun, ended, left);
  }

  /** Adds up all shards. Cost: 10 µs each. */
  read(): SharedTotals {
    const { counters, shards, memory } = this.handle;
    const histogram = new Histogram(createCore());
    const sums = counters.map(() => 0);
    for (let shard = 0; shard < shards; shard++) {
      const start = this.#exports.shardAddress(shard);
      const values = new Float64Array(memory.buffer, start, MAX_COUNTERS);
      for (let i = 0; i < sums.length; i++) sums[i]! += values[i]!;
      histogram.mergeNumbers(new Float64Array(memory.buffer, start + values.byteLength, HISTOGRAM_NUMBERS));
    }
    return { counters: Object.fromEntries(counters.map((name, i) => [name, sums[i]!])), histogram };
  }
}

/** What one worker counts in, in its own turn alone. Every call is one call into the module: about 5 ns. */
export class SharedShard {
  readonly index: number;
  readonly #exports: SharedExports;
  readonly #counters: number;
  #released = false;

  /** @internal */
  constructor(exports: SharedExports, index: number, counters: number) {
    this.#exports = exports;
    this.index = index;
    this.#counters = counters;
  }

  /**
   * @param counter its place in the list of names
   * @throws `INVALID_OPTION` for a place that is none, or an amount that is not finite; `CLOSED` after `release()`
   */
  add(counter: number, amount = 1): void {
    if (this.#released) this.#refuse();
    // Quick for what fits; what does not gets the whole sentence.
    if (!(Number.isInteger(counter) && counter >= 0 && counter < this.#counters)) {
      requireInteger("add: counter", counter, 0, this.#counters - 1);
    }
    if (!Number.isFinite(amount)) {
      throw new VelithonError("INVALID_OPTION", `add: amount is ${show(amount)}; accepted: a finite number`);
    }
    this.#exports.add(this.index, counter, amount);
  }

  /** A value from 1 to 2^33, for the histogram. @throws `INVALID_OPTION` for what is no number; `CLOSED` after `release()` */
  record(value: number): void {
    if (this.#released) this.#refuse();
    checkNumber("record: value", value);
    this.#exports.record(this.index, value);
  }

  #refuse(): never {
    throw new VelithonError("CLOSED", "this shard was released; accepted: a shard from claim()");
  }

  /** Gives the shard back. Its totals stay. Twice does no harm. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#exports.unclaim(this.index);
  }
}
