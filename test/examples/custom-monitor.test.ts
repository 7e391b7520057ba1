import { test } from "uvu";
import * as assert from "uvu/assert";
import { disableMemoryOptimizations, getMemoryOptimizer } from "velithon";
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

test("cleans up near the peak, behind the response, and less and less while it frees little", async () => {
  const monitor = new PeakMonitor({ everyRequests: 1, nearPeakRatio: 0.01, floorMb: 1 });
  const app = createMonitoredApp(monitor);
  const manual = () => getMemoryOptimizer().getMemoryStats().gcStats.major.manual;
  const before = manual();
  await app.request("/");
  assert.is(monitor.cleanups, 0, "not before the response");
  await turn();
  assert.is(monitor.cleanups, 1);
  assert.is(manual(), before + 1);
  for (let i = 0; i < 60; i++) {
    await app.request("/");
    await turn();
  }
  // 61 looks: at most 1, 2, 4, 8, 16 apart once a clean-up frees less than 1 MB.
  assert.ok(monitor.cleanups > 1 && monitor.cleanups < 20, `${monitor.cleanups} clean-ups`);
});

test.after(disableMemoryOptimizations);
test.run();
