/** What the usual metrics of a process tell beside its memory. `undefined` where the runtime cannot tell. */
export interface ProcessReading {
  readonly userCpuMs: number | undefined;
  readonly systemCpuMs: number | undefined;
  /** File descriptors: open now, and at most. */
  readonly openFiles: number | undefined;
  readonly maxFiles: number | undefined;
  /** Virtual memory for data: `VmData` of the kernel. */
  readonly dataBytes: number | undefined;
  /** What keeps the event loop alive, by type. */
  readonly resources: Readonly<Record<string, number>> | undefined;
  /** Of these, sockets, servers, pipes and the like by class; and operations that are under way. */
  readonly handles: Readonly<Record<string, number>> | undefined;
  readonly operations: Readonly<Record<string, number>> | undefined;
  /** The version of Node, or the one that the runtime says it is compatible with. */
  readonly nodeVersion: string | undefined;
}
