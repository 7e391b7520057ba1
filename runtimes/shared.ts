/**
 * What the ports of Node, Bun and Deno have in common: all three carry Node's modules.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import process from "node:process";
import timers from "node:timers";
import v8 from "node:v8";
import vm from "node:vm";
import type { AsyncContext, Capability, Closable, MemoryReading } from "../src/shared/port.ts";

export const available: Capability = { available: true };

export function unavailable(reason: string): Capability {
  return { available: false, reason };
}

/** `undefined` where `read` throws: a missing file, a missing permission. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

export function every(intervalMs: number, tick: () => void): Closable {
  const timer = timers.setInterval(tick, intervalMs);
  timer.unref();
  return { close: () => timers.clearInterval(timer) };
}

export function defer(task: () => void): void {
  timers.setImmediate(task).unref();
}

export function createAsyncContext<T>(): AsyncContext<T> {
  return new AsyncLocalStorage<T>();
}

export function environmentVariable(name: string): string | undefined {
  return attempt(() => process.env[name]);
}

export const environment: Capability =
  attempt(() => {
    process.env.VELITHON_MEMORY_OPTIMIZATION;
    return true;
  }) === true
    ? available
    : unavailable("environment variables cannot be read; --allow-env permits it");

/**
 * V8's collection function without a start flag. `--freeze-flags-after-init` would make setting a flag
 * abort the process, so it is looked for first.
 */
export function exposedGc(): ((options?: { type: "minor" }) => void) | undefined {
  const flags = `${process.execArgv.join(" ")} ${environmentVariable("NODE_OPTIONS") ?? ""}`;
  const present = (globalThis as { gc?: () => void }).gc;
  if (typeof present === "function") return present;
  if (flags.includes("freeze-flags-after-init") || flags.includes("freeze_flags_after_init"))
    return undefined;
  return attempt(() => {
    v8.setFlagsFromString("--expose-gc");
    return vm.runInNewContext("gc") as () => void;
  });
}

/** The page size from the auxiliary vector of this process (entry 6), exact on every Linux. */
function pageSize(): number | undefined {
  return attempt(() => {
    const words = new BigUint64Array(new Uint8Array(readFileSync("/proc/self/auxv")).buffer);
    for (let i = 0; i + 1 < words.length; i += 2) if (words[i] === 6n) return Number(words[i + 1]);
    return undefined;
  });
}

export interface Statm {
  /** Virtual size and resident set in bytes. */
  read(): { virtualBytes: number; rssBytes: number } | undefined;
}

/** `/proc/self/statm` on a descriptor that stays open: 1.3 µs a reading. `undefined` where it cannot be read. */
export function openStatm(): Statm | undefined {
  const page = pageSize();
  const descriptor = attempt(() => openSync("/proc/self/statm", "r"));
  if (page === undefined || descriptor === undefined) {
    if (descriptor !== undefined) closeSync(descriptor);
    return undefined;
  }
  const buffer = new Uint8Array(128);
  const decoder = new TextDecoder();
  const statm: Statm = {
    read: () =>
      attempt(() => {
        const length = readSync(descriptor, buffer, 0, buffer.length, 0);
        const [size, resident] = decoder.decode(buffer.subarray(0, length)).split(" ", 2).map(Number);
        return { virtualBytes: size! * page, rssBytes: resident! * page };
      }),
  };
  return statm.read() ? statm : undefined;
}

/** Deno answers 0 whatever there is. Tried with 4 MB that are reserved and never touched. */
const tellsArrayBuffers = (() => {
  const before = process.memoryUsage().arrayBuffers;
  const made = new ArrayBuffer(4 * 1024 * 1024);
  return process.memoryUsage().arrayBuffers - before > made.byteLength * 0.9;
})();

/** The process's whole reading; virtual size only where statm can be read. */
export function readProcessMemory(statm: Statm | undefined): MemoryReading {
  const usage = process.memoryUsage();
  const sizes = statm?.read();
  return {
    rssBytes: usage.rss,
    virtualBytes: sizes?.virtualBytes,
    heapUsedBytes: usage.heapUsed,
    heapTotalBytes: usage.heapTotal,
    externalBytes: usage.external,
    arrayBuffersBytes: tellsArrayBuffers ? usage.arrayBuffers : undefined,
  };
}

/** Tried with 4 MB that are reserved and never touched. */
export const countsWasmMemory: { external: boolean; arrayBuffers: boolean } = (() => {
  const pages = 64;
  const enough = pages * 65_536 * 0.9;
  const before = process.memoryUsage();
  const memory = new WebAssembly.Memory({ initial: pages });
  const after = process.memoryUsage();
  return {
    external: memory.buffer.byteLength > 0 && after.external - before.external > enough,
    arrayBuffers: after.arrayBuffers - before.arrayBuffers > enough,
  };
})();

/** What `constrainedMemory` answers where there is no limit: 2^63 or 2^64 and their neighbours, 0, or the machine's RAM. */
export function readConstrainedMemory(machineBytes: number | undefined): number | undefined {
  const limit = attempt(() => process.constrainedMemory());
  if (limit === undefined || limit <= 0 || limit >= 2 ** 62 || limit === machineBytes) return undefined;
  return limit;
}
