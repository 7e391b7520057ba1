import type { Reading } from "../../src/index.ts";
import { MemoryMonitor } from "../../src/monitor/memory-monitor.ts";
import type { FakePort } from "./port.ts";

const MB = 1024 * 1024;

/** A monitor whose owner has 3 MB of WASM memory, and what it sampled. */
export function monitored(port: FakePort): {
  monitor: MemoryMonitor;
  samples: { at: number; reading: Reading }[];
} {
  const samples: { at: number; reading: Reading }[] = [];
  const monitor = new MemoryMonitor(
    port,
    () => 3 * MB,
    (at, reading) => samples.push({ at, reading }),
  );
  return { monitor, samples };
}

/** How many ticks the timers of this runtime have had from now on. */
export function countTicks(port: FakePort): () => number {
  let ticks = 0;
  const { every } = port;
  port.every = (intervalMs, tick) =>
    every.call(port, intervalMs, () => {
      ticks += 1;
      tick();
    });
  return () => ticks;
}
