import { having, number, optional, options, parseOptions } from "../shared/options.ts";
import type { RuntimePort } from "../shared/port.ts";
import type { Reading } from "../shared/reading.ts";
import { size } from "./words.ts";

/** Where and how often heap snapshots are written. */
export interface HeapSnapshotOptions {
  /** Where they are written; it must exist. They contain everything in the heap: passwords, tokens, personal data. */
  directory: string;
  /** Minutes between two snapshots, 1 to 100,000. Default 60. */
  cooldownMinutes?: number | undefined;
}

/** Checked, with its defaults. */
export interface SnapshotSettings {
  readonly directory: string;
  readonly cooldownMinutes: number;
}

/** What is known when one is asked for. */
type SnapshotOutlook = Pick<Reading, "heapUsedBytes" | "usedBytes" | "limitBytes">;

/** A snapshot that was written, or why none was. */
export type SnapshotResult =
  | { readonly written: true; readonly path: string; readonly bytes: number; readonly tookMs: number }
  | { readonly written: false; readonly reason: string };

/** While it is made a snapshot takes as much memory again as the heap, and more: measured 1.2 to 1.9 times on V8. */
const MEMORY_RATIO = 2;

const schema = options({
  directory: having<string>("a path", (value) => typeof value === "string" && value !== ""),
  cooldownMinutes: optional(number(1, 100_000), 60),
});

/** @throws `INVALID_OPTION` */
export function parseSnapshotOptions(given: unknown): SnapshotSettings {
  return parseOptions("heapSnapshots", schema, given) as SnapshotSettings;
}

/** Writes heap snapshots, rarely, and only if there is memory for it. */
export class Snapshots {
  readonly #port: RuntimePort;
  readonly #settings: SnapshotSettings | undefined;
  #notBeforeMs = Number.NEGATIVE_INFINITY;
  #written = 0;

  constructor(port: RuntimePort, settings: SnapshotSettings | undefined) {
    this.#port = port;
    this.#settings = settings;
  }

  get enabled(): boolean {
    return this.#settings !== undefined;
  }

  /** Blocks for seconds if it writes one. The cool-down counts from failures too. */
  take(outlook: SnapshotOutlook): SnapshotResult {
    const refuse = (reason: string): SnapshotResult => ({ written: false, reason });
    const settings = this.#settings;
    const can = this.#port.capabilities.heapSnapshot;
    const now = this.#port.now();
    if (!settings) return refuse("heapSnapshots is not set");
    if (!can.available) return refuse(can.reason ?? "this runtime cannot write heap snapshots");
    if (now < this.#notBeforeMs) {
      return refuse(`the last one was tried less than ${settings.cooldownMinutes} min ago`);
    }
    const shortage = this.#shortage(outlook);
    if (shortage) return refuse(shortage);
    this.#notBeforeMs = now + settings.cooldownMinutes * 60_000;
    const at = new Date().toISOString().replaceAll(/[:.]/g, "-");
    this.#written += 1;
    try {
      const file = this.#port.writeHeapSnapshot(settings.directory, `heap-${at}-${this.#written}`);
      return { written: true, ...file, tookMs: this.#port.now() - now };
    } catch (error) {
      return refuse(`it could not be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Why there is no room for one; `undefined` where there is. What cannot be told is no room. */
  #shortage({ heapUsedBytes, usedBytes, limitBytes }: SnapshotOutlook): string | undefined {
    if (heapUsedBytes === undefined) return "the size of the heap is not known";
    const free = [
      limitBytes !== undefined && usedBytes !== undefined ? limitBytes - usedBytes : undefined,
      this.#machineFreeBytes(),
    ].filter((bytes) => bytes !== undefined);
    if (free.length === 0) return "it is not known how much memory is free: set limitBytes";
    const least = Math.min(...free);
    const needed = heapUsedBytes * MEMORY_RATIO;
    return least >= needed
      ? undefined
      : `it needs about ${size(needed)}, and ${size(Math.max(0, least))} are free`;
  }

  #machineFreeBytes(): number | undefined {
    const file = this.#port.openText("/proc/meminfo");
    const kib = /^MemAvailable:\s+(\d+) kB$/m.exec(file?.read() ?? "")?.[1];
    file?.close();
    return kib === undefined ? undefined : Number(kib) * 1024;
  }
}
