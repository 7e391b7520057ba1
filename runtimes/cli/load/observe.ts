import { readdirSync, readFileSync } from "node:fs";

/** From outside the process, so alike for every runtime and arm. Linux. */
export interface ProcessSample {
  readonly atMs: number;
  /** User and system time of all threads. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** Time that its threads were ready to run and had no core. */
  readonly runQueueWaitMs: number;
}

/** The step of `cpuMs`. */
export const TICK_MS = 10;

/** What all threads waited for a core, in ns. */
function waitNs(pid: number): number {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[1]);
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return sum;
}

/** In KB, so without knowing the size of a page. */
function rssBytes(pid: number): number {
  const kb = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kb === undefined) throw new Error(`process ${pid} has no memory any more`);
  return Number(kb) * 1024;
}

/** What `/proc` says of a process now. CPU time is in ticks of 10 ms. @throws where it cannot be read */
export function sample(pid: number): ProcessSample {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return {
    atMs: performance.now(),
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    rssBytes: rssBytes(pid),
    runQueueWaitMs: waitNs(pid) / 1e6,
  };
}

/** Samples every so often until stopped. */
export function watch(pid: number, intervalMs: number): { samples: ProcessSample[]; stop(): void } {
  const samples = [sample(pid)];
  const timer = setInterval(() => {
    try {
      samples.push(sample(pid));
    } catch {
      clearInterval(timer);
    }
  }, intervalMs);
  return {
    samples,
    stop() {
      clearInterval(timer);
      try {
        samples.push(sample(pid));
      } catch {
        // It has ended: what was seen until then counts.
      }
    },
  };
}

/** Mean resident set over time, by trapezoids. */
export function meanRssBytes(samples: readonly ProcessSample[]): number {
  let area = 0;
  for (let i = 1; i < samples.length; i++) {
    const a = samples[i - 1]!;
    const b = samples[i]!;
    area += ((a.rssBytes + b.rssBytes) / 2) * (b.atMs - a.atMs);
  }
  const length = samples.at(-1)!.atMs - samples[0]!.atMs;
  return length > 0 ? area / length : samples[0]!.rssBytes;
}
