import type { Capabilities, Capability, MemoryReading } from "../../src/shared/port.ts";
import type { ProcessReading } from "../../src/shared/process.ts";

const MB = 1024 * 1024;

/** What the fake port reads unless a test says otherwise. */
export const MEMORY: MemoryReading = {
  rssBytes: 100 * MB,
  virtualBytes: 1000 * MB,
  heapUsedBytes: 40 * MB,
  heapTotalBytes: 60 * MB,
  externalBytes: 5 * MB,
};

export const PROCESS: ProcessReading = {
  userCpuMs: 1500,
  systemCpuMs: 500,
  openFiles: 20,
  maxFiles: 1024,
  dataBytes: 300 * MB,
  resources: { TCPServerWrap: 1, Timeout: 2 },
  handles: { Server: 1 },
  operations: {},
  nodeVersion: "v20.20.2",
};

export function capabilitiesWithout(lacks: readonly (keyof Capabilities)[]): Capabilities {
  const can = (name: keyof Capabilities): Capability =>
    lacks.includes(name) ? { available: false, reason: `this fake lacks ${name}` } : { available: true };
  return {
    minorCollection: can("minorCollection"),
    majorCollection: can("majorCollection"),
    observeCollections: can("observeCollections"),
    profileCollections: can("profileCollections"),
    allocationSites: can("allocationSites"),
    classCounts: can("classCounts"),
    heapSnapshot: can("heapSnapshot"),
    rss: can("rss"),
    virtualSize: can("virtualSize"),
    heapUsed: can("heapUsed"),
    liveHeap: can("liveHeap"),
    objectCount: can("objectCount"),
    memoryLimit: can("memoryLimit"),
    kernelFiles: can("kernelFiles"),
    heapLimit: can("heapLimit"),
    heapSpaces: can("heapSpaces"),
    responseEnd: can("responseEnd"),
    environment: can("environment"),
  };
}
