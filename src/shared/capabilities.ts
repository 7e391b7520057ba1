/**
 * Something that a runtime may or may not allow, found out by trying when the port is made. If it is not available,
 * `reason` says why and what would change it.
 */
export interface Capability {
  readonly available: boolean;
  readonly reason?: string;
}

export interface Capabilities {
  /** A minor collection on request. */
  readonly minorCollection: Capability;
  /** A major collection on request. */
  readonly majorCollection: Capability;
  /** Collections that the engine runs by itself are seen, with their pauses. */
  readonly observeCollections: Capability;
  /** What each major collection left on the heap, from the engine's own account. */
  readonly profileCollections: Capability;
  /** Which functions allocated the objects that are alive. */
  readonly allocationSites: Capability;
  /** How many objects of each class are alive. */
  readonly classCounts: Capability;
  /** A heap snapshot, written to a file. */
  readonly heapSnapshot: Capability;
  /** Resident set size. */
  readonly rss: Capability;
  /** Virtual memory size. */
  readonly virtualSize: Capability;
  /** Heap in use right now (not a figure that lags behind). */
  readonly heapUsed: Capability;
  /** What is alive on the heap, fine enough to tell what one request left. */
  readonly liveHeap: Capability;
  /** Number of objects on the heap. */
  readonly objectCount: Capability;
  /** The process's own memory limit, as the runtime reports it. */
  readonly memoryLimit: Capability;
  /** The kernel's files about this process and its cgroup: they tell limit, working set and pressure stalls. */
  readonly kernelFiles: Capability;
  /** The limit of the engine's heap. */
  readonly heapLimit: Capability;
  /** The parts of the engine's heap. */
  readonly heapSpaces: Capability;
  /** An event when a response has been sent, without touching its body. */
  readonly responseEnd: Capability;
  /** Environment variables can be read. */
  readonly environment: Capability;
}
