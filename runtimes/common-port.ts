import type { Capability, RuntimePort } from "../src/shared/port.ts";
import { writeHeapSnapshot } from "./heap-snapshot.ts";
import { readArrayBuffersBytes, readProcessMemory, readSizes } from "./memory.ts";
import { readProcess } from "./process.ts";
import {
  after,
  available,
  clock,
  createAsyncContext,
  defer,
  environmentVariable,
  every,
  openText,
  readCpuMs,
  readMemoryLimitBytes,
} from "./shared.ts";

/** @param permit what would change it */
export function virtualSize(permit = ""): Capability {
  return readSizes ? available : { available: false, reason: `/proc/self/statm cannot be read${permit}` };
}

type Common =
  | "now"
  | "random"
  | "readMemory"
  | "readArrayBuffersBytes"
  | "readMemoryLimitBytes"
  | "readCpuMs"
  | "readProcess"
  | "openText"
  | "writeHeapSnapshot"
  | "every"
  | "after"
  | "defer"
  | "createAsyncContext"
  | "environmentVariable";

/** What the ports of Node, Bun and Deno do alike. */
export const commonPort: Pick<RuntimePort, Common> = {
  now: () => clock.now(),
  random: Math.random,
  readMemory: readProcessMemory,
  readArrayBuffersBytes,
  readMemoryLimitBytes,
  readCpuMs,
  readProcess,
  openText,
  writeHeapSnapshot,
  every,
  after,
  defer,
  createAsyncContext,
  environmentVariable,
};
