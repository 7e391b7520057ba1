import { boolean, having, integer, name, optional, options, parseOptions } from "../shared/options.ts";

/** The smallest size class. */
export const MIN_BUFFER_BYTES = 1024;
const MAX_BUFFER_BYTES = 64 * 1024 * 1024;
const MAX_IDLE_BYTES = 2 ** 40;

/** Options of `createBufferPool`. */
export interface BufferPoolOptions {
  /** Unique within its optimizer, among object pools too; the key in the statistics. */
  name: string;
  /** Bytes kept idle over all size classes, 0 to 2^40; 0 keeps none. Default 16 MiB. */
  maxIdleBytes?: number | undefined;
  /** The largest size class: a power of two from 1 KiB to 64 MiB. Larger buffers are made anew each time. Default 1 MiB. */
  maxBufferBytes?: number | undefined;
  /** False: a buffer shows its next holder what was last in it. Only where all holders may see all bytes. Default true. */
  zeroOnRelease?: boolean | undefined;
  /** True: the buffers are resizable, up to their size class. Default false. */
  resizable?: boolean | undefined;
  /** Idle bytes that the optimizer's budget leaves it in any case, 0 to 2^40. Default 0. */
  pinnedBytes?: number | undefined;
}

/** One size class. */
export interface BufferClassStats {
  /** The size of its buffers. */
  readonly bufferBytes: number;
  /** Kept idle now. */
  readonly idle: number;
  /** Handed out now. */
  readonly inUse: number;
}

/** Statistics of a buffer pool, counted since it was made. */
export interface BufferPoolStats {
  /** Kept idle now: whole buffers of their size classes. */
  readonly idleBytes: number;
  /** The most kept idle: the option, or less if the budget has taken some. */
  readonly maxIdleBytes: number;
  /** Handed out now. */
  readonly inUse: number;
  /** Of the buffers in use, not of the views handed out. */
  readonly inUseBytes: number;
  /** Buffers that were made. */
  readonly created: number;
  /** Times that an idle buffer was handed out again. */
  readonly reused: number;
  /** Reused out of all acquired, 0 .. 1; `undefined` before the first acquire. */
  readonly reuseRatio: number | undefined;
  /** Let go of. `created` = `inUse` + idle ones + `discarded`. */
  readonly discarded: number;
  /** Of the created: larger than `maxBufferBytes`. */
  readonly oversize: number;
  /** Of the discarded: their holder had transferred them away, to a worker for instance. */
  readonly detached: number;
  /** Of the discarded: the runtime could not take them away from their holder, so nobody else gets them. */
  readonly unrevoked: number;
  /** Refused: the buffer was given back before. */
  readonly doubleReleases: number;
  /** The size classes that were used, from small to large. */
  readonly classes: readonly BufferClassStats[];
}

const isPowerOfTwo = (value: number): boolean => Number.isInteger(value) && (value & (value - 1)) === 0;

const schema = options({
  name: name(),
  maxIdleBytes: optional(integer(0, MAX_IDLE_BYTES), 16 * 1024 * 1024),
  maxBufferBytes: optional(
    having<number>(
      `a power of two from ${MIN_BUFFER_BYTES} to ${MAX_BUFFER_BYTES}`,
      (value) =>
        typeof value === "number" &&
        value >= MIN_BUFFER_BYTES &&
        value <= MAX_BUFFER_BYTES &&
        isPowerOfTwo(value),
    ),
    1024 * 1024,
  ),
  zeroOnRelease: optional(boolean(), true),
  resizable: optional(boolean(), false),
  pinnedBytes: optional(integer(0, MAX_IDLE_BYTES), 0),
});

/** @internal Checked. */
export type BufferPoolSettings = {
  readonly [K in keyof BufferPoolOptions]-?: Exclude<BufferPoolOptions[K], undefined>;
};

/** @internal @throws `INVALID_OPTION` */
export function parseBufferPoolOptions(given: BufferPoolOptions): BufferPoolSettings {
  return parseOptions("createBufferPool", schema, given);
}
