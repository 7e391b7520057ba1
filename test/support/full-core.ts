import type { Core } from "../../src/core/index.ts";

const SMALLEST_BLOCK = 64;

/** Uses a core's memory up to its last byte: one more block, and it grows. */
export function fillCore(core: Core): void {
  while (core.exports.sieveCreate(0) + SMALLEST_BLOCK < core.memoryBytes);
}
