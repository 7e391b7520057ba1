import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { enableMemoryOptimizations, getMemoryOptimizer } from "velithon";
import { shutDown, shutDownOnSignal } from "../../examples/shutdown.ts";

function server(drains: Promise<unknown>) {
  const calls: string[] = [];
  return {
    calls,
    drain: () => {
      calls.push("drain");
      return drains;
    },
    abort: () => calls.push("abort"),
  };
}

test("drains, lets go of idle objects, collects, and stops what was started", async () => {
  const optimizer = enableMemoryOptimizations();
  const pool = optimizer.createObjectPool({ name: "maps", factory: () => new Map() });
  pool.release(pool.acquire());
  const open = server(Promise.resolve());
  const cleanup = await shutDown(open);
  assert.equal(open.calls, ["drain"]);
  assert.equal(cleanup.objectPools, { maps: 1 });
  assert.is(cleanup.gcStats.generation, 2);
  assert.is(cleanup.gcStats.performed, true);
  assert.is(getMemoryOptimizer().enabled, false);
});

test("cuts off what is open for too long", async () => {
  const open = server(new Promise(() => {}));
  await shutDown(open, 10);
  assert.equal(open.calls, ["drain", "abort"]);
});

test("a signal starts it once", async () => {
  const open = server(Promise.resolve());
  const cleanup = new Promise<{ cleanupTimeMs: number }>((resolve) => shutDownOnSignal(open, resolve));
  process.kill(process.pid, "SIGTERM");
  // A signal does not keep the process alive by itself.
  const alive = setInterval(() => {}, 1000);
  assert.ok((await cleanup).cleanupTimeMs >= 0);
  clearInterval(alive);
  assert.equal(open.calls, ["drain"]);
  process.removeAllListeners("SIGTERM");
  process.removeAllListeners("SIGINT");
});

test.run();
