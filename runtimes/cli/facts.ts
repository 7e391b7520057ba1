/**
 * What can be found out about the runtime, the machine and the limits before an app runs. Every fact is measured
 * or read, or is `undefined`.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import os from "node:os";
import process from "node:process";
import { Worker } from "node:worker_threads";
import { MemoryMonitor } from "../../src/monitor/memory-monitor.ts";
import type { Capabilities, RuntimePort, StartSettings } from "../../src/shared/port.ts";
import type { LimitSource } from "../../src/shared/reading.ts";
import { MB } from "../../src/shared/units.ts";
import { attempt, environmentVariable } from "../shared.ts";
import { visibleFlags } from "../start-settings.ts";

export type RuntimeName = "node" | "bun" | "deno";
export const RUNTIMES: readonly RuntimeName[] = ["node", "bun", "deno"];

interface Allocator {
  /** `glibc`, `musl`, or a replacement that was loaded before it: `jemalloc`, `mimalloc`, `tcmalloc`. */
  readonly name: string;
  /** Of `MALLOC_ARENA_MAX`; `undefined` where it is not set. */
  readonly arenaMax: number | undefined;
}

export interface Facts {
  readonly runtime: RuntimeName;
  readonly version: string;
  readonly platform: string;
  readonly cpus: number | undefined;
  readonly machineBytes: number | undefined;
  /** The container's, or what the runtime says. */
  readonly limitBytes: number | undefined;
  readonly limitSource: LimitSource | undefined;
  readonly usedBytes: number | undefined;
  readonly heapLimitBytes: number | undefined;
  /** One half of the young generation: what V8 calls a semi-space. */
  readonly youngHalfBytes: number | undefined;
  readonly youngSource: "flag" | "default" | undefined;
  /** What only a start flag can set, as this runtime spells it. */
  readonly settings: StartSettings | undefined;
  readonly hasWebAssembly: boolean;
  /** Start flags of the engine that can be seen. */
  readonly flags: readonly string[];
  readonly allocator: Allocator | undefined;
  readonly capabilities: Capabilities;
  /** One forced collection of each kind, here and now, on a nearly empty heap. */
  readonly minorMs: number | undefined;
  readonly majorMs: number | undefined;
}

/** The port of the runtime that runs this. Deno and Bun set Node's version too, so they come first. */
export async function loadPort(): Promise<RuntimePort> {
  if ("Deno" in globalThis) return (await import("../deno/port.ts")).denoPort;
  if ("Bun" in globalThis) return (await import("../bun/port.ts")).bunPort;
  return (await import("../node/port.ts")).nodePort;
}

/** The value in MB of the last flag of this name. */
export function flagMb(flags: readonly string[], name: string): number | undefined {
  const found = flags.findLast((flag) => flag.startsWith(`--${name}=`));
  const value = Number(found?.slice(name.length + 3));
  return found !== undefined && value > 0 ? value : undefined;
}

/** The facts as they will be for an app that is started with these flags. */
export function factsWith(facts: Facts, flags: readonly string[]): Facts {
  const engine = flags.flatMap((flag) => flag.replace(/^--v8-flags=/, "").split(","));
  const heapMb = flagMb(engine, "max-old-space-size");
  const youngMb = flagMb(engine, "max-semi-space-size");
  return {
    ...facts,
    ...(heapMb !== undefined && { heapLimitBytes: heapMb * MB }),
    ...(youngMb !== undefined && { youngHalfBytes: youngMb * MB, youngSource: "flag" as const }),
  };
}

/**
 * The size of a semi-space that this version of Node gives by default: a worker without limits of its own
 * reports its young generation, three of them. Elsewhere it is not told.
 */
async function defaultYoungHalfBytes(runtime: RuntimeName): Promise<number | undefined> {
  if (runtime !== "node") return undefined;
  const worker = new Worker("setTimeout(() => {}, 1000)", { eval: true });
  try {
    await new Promise<void>((resolve, reject) => {
      worker.once("online", resolve);
      worker.once("error", reject);
    });
    const young = worker.resourceLimits?.maxYoungGenerationSizeMb ?? 0;
    return young > 0 ? (young * MB) / 3 : undefined;
  } finally {
    await worker.terminate();
  }
}

const REPLACEMENTS = ["jemalloc", "mimalloc", "tcmalloc"];

/** From the libraries that are mapped into this process. `undefined` off Linux, and without the permission. */
export function allocatorIn(maps: string, arenaMax: string | undefined): Allocator | undefined {
  const libraries = new Set(Array.from(maps.matchAll(/\/[^\s]+\.so[.\d]*$/gm), ([path]) => path));
  const loaded = (part: string) =>
    [...libraries].some((path) => path.slice(path.lastIndexOf("/")).includes(part));
  const replacement = REPLACEMENTS.find(loaded);
  const name = replacement ?? (loaded("musl") ? "musl" : loaded("libc.so") ? "glibc" : undefined);
  const arenas = Number(arenaMax);
  return name === undefined ? undefined : { name, arenaMax: arenaMax && arenas > 0 ? arenas : undefined };
}

function timed(port: RuntimePort, kind: "minor" | "major"): number | undefined {
  const able = kind === "minor" ? port.capabilities.minorCollection : port.capabilities.majorCollection;
  if (!able.available) return undefined;
  const start = port.now();
  port.collect(kind);
  return port.now() - start;
}

/** Cost: about 50 ms. */
export async function findFacts(port: RuntimePort): Promise<Facts> {
  const runtime = port.name as RuntimeName;
  const monitor = new MemoryMonitor(
    port,
    () => 0,
    () => {},
  );
  const reading = monitor.read(port.now(), 0);
  const flags = visibleFlags(process.execArgv, [
    environmentVariable(runtime === "deno" ? "DENO_V8_FLAGS" : "NODE_OPTIONS"),
  ]);
  const flagged = flagMb(flags, "max-semi-space-size");
  const young =
    flagged === undefined ? await defaultYoungHalfBytes(runtime).catch(() => undefined) : flagged * MB;
  const maps = attempt(() => readFileSync("/proc/self/maps", "utf8"));
  return {
    runtime,
    version: port.version,
    platform: `${process.platform} ${process.arch}`,
    cpus: attempt(() => os.availableParallelism()),
    machineBytes: attempt(() => os.totalmem()),
    limitBytes: reading.limitBytes,
    limitSource: reading.limitSource,
    usedBytes: reading.usedBytes,
    heapLimitBytes: reading.heapLimitBytes,
    youngHalfBytes: young,
    youngSource: young === undefined ? undefined : flagged === undefined ? "default" : "flag",
    settings: port.readStartSettings(),
    hasWebAssembly: typeof WebAssembly !== "undefined",
    flags,
    allocator: maps === undefined ? undefined : allocatorIn(maps, environmentVariable("MALLOC_ARENA_MAX")),
    capabilities: port.capabilities,
    minorMs: timed(port, "minor"),
    majorMs: timed(port, "major"),
  };
}
