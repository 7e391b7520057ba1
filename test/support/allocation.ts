/**
 * For Bun without its collector (`BUN_JSC_useGC=0`), where the heap in use tells what was allocated, in steps of 16 KB:
 * prints the bytes of a governed request's own object, and of a whole request through `governFetch`.
 *
 * @module
 */
import process from "node:process";
import { createMemoryOptimizer, governFetch } from "../../runtimes/bun/index.ts";
import { GovernedRequest } from "../../src/requests/governed.ts";

const CALLS = 4000;
const BATCHES = 60;
const optimizer = createMemoryOptimizer();
const request = new Request("http://host/orders/12");
const response = new Response("ok");
const fetch = governFetch((_: Request) => response, {
  optimizer,
  memoryOptimization: { cleanupThreshold: 0 },
  memoryMonitoring: { logInterval: 1_000_000_000 },
});
// Nobody measures one request in 64 for `topRoutes`, which makes a text and an object.
Object.defineProperty(optimizer.requests, "sampling", { value: false });

/** The least of some batches: the engine boxes numbers until it has compiled what is hot. */
function leastBytes(act: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let batch = 0; batch < BATCHES; batch++) {
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < CALLS; i++) act();
    least = Math.min(least, (process.memoryUsage().heapUsed - before) / CALLS);
  }
  return least;
}

export const kept: { request?: GovernedRequest } = {};
let nowMs = 0.5;
const object = leastBytes(() => {
  nowMs += 1.5;
  kept.request = new GovernedRequest(optimizer.requests, nowMs);
});
const whole = leastBytes(() => void fetch(request));
console.log(JSON.stringify({ object, whole }));
process.exit(0);
