import { collect } from "./harness.ts";
import type { Row, Section } from "./report.ts";

/** Heap and buffers in use, in bytes, after collections; modules of WebAssembly left out. Bun's heap counts its buffers. */
async function usedBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 1));
    collect();
  }
  if (typeof Bun !== "undefined") {
    const { heapSize } = (await import("bun:jsc" as string)) as { heapSize(): number };
    return heapSize();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + (arrayBuffers ?? 0);
}

export interface Filled {
  readonly held: object;
  /** What it takes of memory that the heap does not count. */
  ownBytes(): number;
}

const kept = new Set<object>();

/** A function of its own: a local of an async function keeps its object alive across every `await`. */
function hold(make: () => Filled): () => number {
  const { held, ownBytes } = make();
  kept.add(held);
  return ownBytes;
}

/** What one entry takes, keys and values left out: they are held elsewhere. */
export async function bytesPerEntry(
  entries: number,
  filled: Readonly<Record<string, () => Filled>>,
): Promise<Section> {
  const rows: Row[] = [];
  for (const [name, make] of Object.entries(filled)) {
    let bytes = 0;
    // The first round warms up what the engine keeps for itself.
    for (let round = 0; round < 2; round++) {
      kept.clear();
      const before = await usedBytes();
      const ownBytes = hold(make);
      bytes = (await usedBytes()) - before + ownBytes();
    }
    rows.push({ name, value: bytes / entries });
  }
  kept.clear();
  return { title: `memory of an entry, of ${entries}, beside key and value`, unit: "bytes", rows };
}
