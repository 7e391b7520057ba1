import { test } from "uvu";
import * as assert from "uvu/assert";
import { disableMemoryOptimizations, getMemoryOptimizer, type MemoryOptimizer } from "velithon";
import { createMonitoredApp, PeakMonitor } from "../../examples/custom-monitor.ts";

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

test("looks every so many requests, and remembers the peak", async () => {
  const monitor = new PeakMonitor({ everyRequests: 3, floorMb: 1_000_000 });
  const app = createMonitoredApp(monitor);
  for (let i = 0; i < 2; i++) await app.request("/");
  assert.is(monitor.peakMb, undefined, "it has not looked yet");
  await app.request("/");
  assert.ok(monitor.peakMb! > 1);
  await turn();
  assert.is(monitor.cleanups, 0, "below the floor nothing is done");
  const body = (await (await app.request("/peak")).json()) as Record<string, unknown>;
  assert.equal(body, { peakMb: monitor.peakMb, cleanups: 0 });
});

test("cleans up near the peak, behind the response", async () => {
  const monitor = new PeakMonitor({ everyRequests: 1, nearPeakRatio: 0.01, floorMb: 1 });
  const app = createMonitoredApp(monitor);
  const manual = () => getMemoryOptimizer().getMemoryStats().gcStats.major.manual;
  const before = manual();
  await app.request("/");
  assert.is(monitor.cleanups, 0, "not before the response");
  await turn();
  assert.is(monitor.cleanups, 1);
  assert.is(manual(), before + 1);
});

test("less and less often while it frees little, and at every look again once it frees much", async () => {
  let freedBytes = 0;
  const optimizer = {
    getMemoryStats: () => ({ systemMemory: { rssMb: 500 } }),
    manualMemoryCleanup: () => ({ gcStats: { freedBytes } }),
  } as unknown as MemoryOptimizer;
  const monitor = new PeakMonitor({ everyRequests: 1, optimizer });
  const looks: number[] = [];
  for (let look = 1; look <= 33; look++) {
    if (look === 31) freedBytes = 2 * 1024 * 1024;
    const before = monitor.cleanups;
    monitor.check();
    await turn();
    if (monitor.cleanups > before) looks.push(look);
  }
  assert.equal(looks, [1, 3, 7, 15, 31, 32, 33]);
});

test.after(disableMemoryOptimizations);
test.run();
