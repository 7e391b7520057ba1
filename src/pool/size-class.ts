import type { Core } from "../core/load.ts";
import { type SlotStats, SlotTable } from "../core/slots.ts";
import { MIN_BUFFER_BYTES } from "./buffer-options.ts";

/** Idle and in use together; 16 bytes in the core for each. What finds no place is made anew, and let go of when given back. */
const MIN_PLACES = 1000;
const MAX_PLACES = 65_536;

/** The number of the smallest class that holds so many bytes: 0 holds 1 KiB, each next one twice as much. */
export function classOf(byteLength: number): number {
  return Math.max(0, 22 - Math.clz32(byteLength - 1));
}

/** One size of a buffer pool. Slot accounting is the core's. */
export class SizeClass {
  readonly bufferBytes: number;
  readonly #slots: SlotTable;
  /** By slot. A buffer in use is not kept alive by its pool. */
  readonly #idle: (ArrayBuffer | undefined)[] = [];

  /** @param number as `classOf` answers */
  constructor(core: Core, number: number, maxIdleBytes: number) {
    this.bufferBytes = MIN_BUFFER_BYTES * 2 ** number;
    const maxIdle = Math.min(MAX_PLACES, Math.floor(maxIdleBytes / this.bufferBytes));
    this.#slots = new SlotTable(core, { maxIdle, capacity: Math.max(MIN_PLACES, maxIdle) });
  }

  /** As `SlotTable.acquire`: `undefined` where every place is taken. */
  acquire(): number | undefined {
    return this.#slots.acquire();
  }

  /** The idle buffer of a slot, which is leased by now. */
  take(index: number): ArrayBuffer {
    const buffer = this.#idle[index]!;
    this.#idle[index] = undefined;
    return buffer;
  }

  /** Takes back an acquire whose buffer could not be made. */
  abandon(index: number): void {
    this.#slots.abandon(index);
  }

  /** Ends a lease; false where the buffer is not kept. */
  keep(index: number, buffer: ArrayBuffer): boolean {
    const kept = this.#slots.release(index) === "kept";
    if (kept) this.#idle[index] = buffer;
    return kept;
  }

  /** Ends a lease without keeping the buffer. */
  discard(index: number): void {
    this.#slots.discard(index);
  }

  /** Lets go of the buffers that were idle longest; how many bytes. */
  drop(count: number): number {
    for (let i = 0; i < count; i++) {
      const index = this.#slots.evict();
      if (index === undefined) return i * this.bufferBytes;
      this.#idle[index] = undefined;
    }
    return count * this.bufferBytes;
  }

  /** How many idle ones nobody needed since this was last asked. */
  unneeded(): number {
    return this.#slots.unneeded();
  }

  stats(): SlotStats & { readonly bufferBytes: number } {
    return { ...this.#slots.stats(), bufferBytes: this.bufferBytes };
  }

  destroy(): void {
    this.#slots.destroy();
  }
}

/** The classes of a pool together, and what is idle and in use in each that was used. */
export function sumOf(sizes: readonly SizeClass[]): {
  inUse: number;
  created: number;
  reused: number;
  discarded: number;
  classes: { bufferBytes: number; idle: number; inUse: number }[];
} {
  const stats = sizes.map((size) => size.stats()).filter(({ created }) => created > 0);
  const sum = (field: "inUse" | "created" | "reused" | "discarded") =>
    stats.reduce((total, one) => total + one[field], 0);
  return {
    inUse: sum("inUse"),
    created: sum("created"),
    reused: sum("reused"),
    discarded: sum("discarded"),
    classes: stats.map(({ bufferBytes, idle, inUse }) => ({ bufferBytes, idle, inUse })),
  };
}
