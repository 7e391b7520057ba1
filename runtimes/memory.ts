/**
 * What a process reads of its own memory, each reading in the cheapest way that its runtime has. It is taken once a
 * second, or 40 times near a limit, by code that is cold then: that costs ten times what it does in a loop.
 *
 * @module
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";
import v8 from "node:v8";
import type { MemoryReading } from "../src/shared/port.ts";
import { attempt, mayRead } from "./shared.ts";

/** The page size from the auxiliary vector of this process (entry 6), exact on every Linux. */
function pageSize(): number | undefined {
  return attempt(() => {
    const words = new BigUint64Array(new Uint8Array(readFileSync("/proc/self/auxv")).buffer);
    for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === 6n) return Number(words[i + 1]);
    return undefined;
  });
}

/** `undefined` where no descriptor is left: Node and Bun open a file for it, and throw. */
export function memoryUsage(): NodeJS.MemoryUsage | undefined {
  return attempt(() => process.memoryUsage());
}

interface Sizes {
  readonly virtualBytes: number;
  readonly rssBytes: number;
}

const bytes = new Uint8Array(128);
let end = 0;

/** The number in `bytes` from there on; `end` is behind it. */
function numberFrom(start: number): number {
  let value = 0;
  for (end = start; bytes[end]! >= 48 && bytes[end]! <= 57; end++) value = value * 10 + bytes[end]! - 48;
  return value;
}

/** `/proc/self/statm` on a descriptor that stays open, of which no text is made: 1 to 6 µs a reading. */
function openStatm(): (() => Sizes | undefined) | undefined {
  const path = "/proc/self/statm";
  const page = mayRead(path) ? pageSize() : undefined;
  const descriptor = page === undefined ? undefined : attempt(() => openSync(path, "r"));
  if (page === undefined || descriptor === undefined) return undefined;
  const read = (): Sizes | undefined =>
    attempt(() => {
      bytes[readSync(descriptor, bytes, 0, bytes.length - 1, 0)] = 0;
      const virtualBytes = numberFrom(0) * page;
      const rssBytes = numberFrom(end + 1) * page;
      return rssBytes > 0 ? { virtualBytes, rssBytes } : undefined;
    });
  if (read()) return read;
  closeSync(descriptor);
  return undefined;
}

/** `undefined` where the file cannot be read. */
export const readSizes: (() => Sizes | undefined) | undefined = openStatm();

/** Deno answers 0 whatever there is, Bun leaves out those of typed arrays. Tried with 4 MB that are never touched. */
const tellsArrayBuffers = (() => {
  const before = memoryUsage();
  const made = new Uint8Array(4 * 1024 * 1024);
  const after = memoryUsage();
  return (after?.arrayBuffers ?? 0) - (before?.arrayBuffers ?? 0) > made.byteLength * 0.9;
})();

/** Only `process.memoryUsage` tells it. */
export function readArrayBuffersBytes(): number | undefined {
  return tellsArrayBuffers ? memoryUsage()?.arrayBuffers : undefined;
}

/** What every runtime tells; virtual size only where statm can be read. */
export function readProcessMemory(): MemoryReading {
  const usage = memoryUsage();
  const sizes = readSizes?.();
  return {
    rssBytes: usage?.rss ?? sizes?.rssBytes,
    virtualBytes: sizes?.virtualBytes,
    heapUsedBytes: usage?.heapUsed,
    heapTotalBytes: usage?.heapTotal,
    externalBytes: usage?.external,
  };
}

/** The same from V8, which opens no file for it: it tells of its heap where `/proc` is missing, too. */
export function readV8Memory(): MemoryReading {
  const sizes = readSizes?.();
  const heap = v8.getHeapStatistics();
  return {
    rssBytes: sizes?.rssBytes ?? memoryUsage()?.rss,
    virtualBytes: sizes?.virtualBytes,
    heapUsedBytes: heap.used_heap_size,
    heapTotalBytes: heap.total_heap_size,
    externalBytes: heap.external_memory,
  };
}

/** Tried with 4 MB that are reserved and never touched. For engines that count at once, not with a collection. */
export function triedWasmMemory(): { external: number; arrayBuffers: number } {
  const before = memoryUsage();
  // Without WebAssembly (--jitless) there is nothing to count.
  const byteLength = attempt(() => new WebAssembly.Memory({ initial: 64 }).buffer.byteLength) ?? 0;
  const after = memoryUsage();
  const times = (of: "external" | "arrayBuffers"): number =>
    before && after && byteLength > 0 ? Math.max(0, Math.round((after[of] - before[of]) / byteLength)) : 0;
  return { external: times("external"), arrayBuffers: tellsArrayBuffers ? times("arrayBuffers") : 0 };
}
