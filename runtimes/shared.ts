/**
 * What the ports of Node, Bun and Deno have in common: all three carry Node's modules.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { closeSync, openSync, readSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import timers from "node:timers";
import v8 from "node:v8";
import vm from "node:vm";
import type { AsyncContext, Capability, Closable, HeapSpace, TextFile } from "../src/shared/port.ts";

/** Held, because looking up the global `performance` is dearer than asking it. */
export const clock: Performance = performance;

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

export function after(delayMs: number, task: () => void, awaited = false): Closable {
  const timer = timers.setTimeout(task, delayMs);
  if (!awaited) timer.unref();
  return { close: () => timers.clearTimeout(timer) };
}

export function readCpuMs(): number | undefined {
  return attempt(() => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  });
}

/**
 * Not unreferenced: on Node it would then wait for the next timer or for I/O, on Deno under load for tens of ms,
 * and it holds the process for no more than this turn.
 */
export function defer(task: () => void): void {
  timers.setImmediate(task);
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

/** `--freeze-flags-after-init`: to set a flag would abort the process. */
export const flagsFrozen: boolean = /freeze[-_]flags[-_]after[-_]init/.test(
  `${process.execArgv.join(" ")} ${environmentVariable("NODE_OPTIONS") ?? ""}`,
);

/** V8's own; without options it runs a major collection. */
export type CollectionFunction = (
  options?: { readonly type: "minor" } | { readonly type: "major"; readonly flavor: "last-resort" },
) => void;

/** Gives pages back to the system, those of the young generation above all: a plain one keeps it as large as it grew. */
export const LAST_RESORT = { type: "major", flavor: "last-resort" } as const;

/** V8's collection function without a start flag. */
export function exposedGc(): CollectionFunction | undefined {
  const present = (globalThis as { gc?: () => void }).gc;
  if (typeof present === "function") return present;
  if (flagsFrozen) return undefined;
  return attempt(() => {
    v8.setFlagsFromString("--expose-gc");
    return vm.runInNewContext("gc") as () => void;
  });
}

/** Longer than any of the kernel's files that are read here, `memory.stat` included. */
const buffer = new Uint8Array(16_384);
const decoder = new TextDecoder();

/** Deno asks the person at the terminal for a permission that was not given; a library must not make it ask. */
const { permissions } =
  (globalThis as { Deno?: { permissions: { querySync(asked: object): { state: string } } } }).Deno ?? {};

/** False where asking for it would make somebody at the terminal answer. */
export function mayRead(path: string): boolean {
  return permissions?.querySync({ name: "read", path }).state !== "prompt";
}

export function openText(path: string): TextFile | undefined {
  if (!mayRead(path)) return undefined;
  const descriptor = attempt(() => openSync(path, "r"));
  if (descriptor === undefined) return undefined;
  let open = true;
  return {
    read: () =>
      attempt(() => {
        if (!open) return undefined;
        return decoder.decode(buffer.subarray(0, readSync(descriptor, buffer, 0, buffer.length, 0)));
      }),
    close() {
      if (open) closeSync(descriptor);
      open = false;
    },
  };
}

/** Tried with the file that tells which cgroup this process is in. */
export const kernelFiles: Capability = (() => {
  const file = openText("/proc/self/cgroup");
  file?.close();
  return file
    ? available
    : unavailable("/proc/self/cgroup cannot be read: not Linux, or Deno without --allow-all");
})();

export function readHeapLimitBytes(): number | undefined {
  const limit = v8.getHeapStatistics().heap_size_limit;
  return limit > 0 ? limit : undefined;
}

/**
 * The heap limit is that of the old generation and three young half-spaces, so a small old generation ends the
 * process at 40 to 70 % of it (measured: 127 of 176 MB on Node 20, of 320 on Node 24, of 224 on Deno). Without a
 * flag the young part is scaled down with the old one, except on Deno, whose flags cannot be seen.
 */
export function heapReserveBytes(unseenBytes: number): number {
  const flags = [
    process.execArgv.join(" "),
    environmentVariable("NODE_OPTIONS"),
    environmentVariable("DENO_V8_FLAGS"),
  ];
  const old = /--max[-_]old[-_]space[-_]size[= ](\d+)/.exec(flags.join(" "))?.[1];
  if (old === undefined) return unseenBytes;
  return Math.max(0, (readHeapLimitBytes() ?? 0) - Number(old) * 1024 * 1024);
}

export function readHeapSpaces(): HeapSpace[] {
  return v8.getHeapSpaceStatistics().map((space) => ({
    name: space.space_name,
    usedBytes: space.space_used_size,
    totalBytes: space.space_size,
    availableBytes: space.space_available_size,
    young: space.space_name.startsWith("new_"),
  }));
}

/** On Deno this needs the permission that the limit itself needs. */
const machineBytes = attempt(() => os.totalmem()) ?? 0;

/**
 * Where there is no limit, `constrainedMemory` answers 0, the machine's memory, or 2^63 and 2^64 with their neighbours: a
 * limit is below the machine's memory.
 */
export function readMemoryLimitBytes(): number | undefined {
  const limit = attempt(() => process.constrainedMemory()) ?? 0;
  return limit > 0 && limit < machineBytes ? limit : undefined;
}
