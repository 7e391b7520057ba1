import type { MemoryReading, RuntimePort } from "../shared/port.ts";

/** @internal What the port reads, less `coreBytes` of our own WASM memory where a reading counts them. */
export function readWithoutCore(port: RuntimePort, coreBytes: number): MemoryReading {
  const memory = port.readMemory();
  const { external, arrayBuffers } = port.countsWasmMemory;
  if (external === 0 && arrayBuffers === 0) return memory;
  const without = (bytes: number | undefined, times: number): number | undefined =>
    bytes === undefined ? undefined : Math.max(0, bytes - times * coreBytes);
  return {
    rssBytes: memory.rssBytes,
    virtualBytes: memory.virtualBytes,
    heapUsedBytes: without(memory.heapUsedBytes, port.heapUsedCountsExternal ? external : 0),
    heapTotalBytes: memory.heapTotalBytes,
    externalBytes: without(memory.externalBytes, external),
    arrayBuffersBytes: without(memory.arrayBuffersBytes, arrayBuffers),
  };
}
