import type { MemoryReading, RuntimePort } from "../shared/port.ts";

function without(bytes: number | undefined, ownBytes: number): number | undefined {
  return bytes === undefined ? undefined : Math.max(0, bytes - ownBytes);
}

/** @internal What the port reads, less `coreBytes` of our own WASM memory where a reading counts them. */
export function readWithoutCore(port: RuntimePort, coreBytes: number): MemoryReading {
  const memory = port.readMemory();
  const ownBytes = port.countsWasmMemory.external * coreBytes;
  if (ownBytes === 0) return memory;
  return {
    rssBytes: memory.rssBytes,
    virtualBytes: memory.virtualBytes,
    heapUsedBytes: without(memory.heapUsedBytes, port.heapUsedCountsExternal ? ownBytes : 0),
    heapTotalBytes: memory.heapTotalBytes,
    externalBytes: without(memory.externalBytes, ownBytes),
  };
}

/** @internal The same for array buffers. */
export function readArrayBuffersWithoutCore(port: RuntimePort, coreBytes: number): number | undefined {
  return without(port.readArrayBuffersBytes(), port.countsWasmMemory.arrayBuffers * coreBytes);
}
