// A worker that joins the others and serves requests with a pool, as fast as it can, once all stand at the barrier.
import { parentPort, workerData } from "node:worker_threads";

const { library, workers: module, directory, barrier, count, events } = workerData;
const { createMemoryOptimizer } = await import(library);
const { joinWorkers } = await import(module);
const optimizer = createMemoryOptimizer();
await joinWorkers(optimizer, { directory });
const pool = optimizer.createObjectPool({ name: "maps", mode: "pooling", factory: () => new Map() });
const gate = new Int32Array(barrier);
if (Atomics.add(gate, 0, 1) === count - 1) Atomics.notify(gate, 0);
for (let there = Atomics.load(gate, 0); there < count; there = Atomics.load(gate, 0))
  Atomics.wait(gate, 0, there);
const { requests } = optimizer;
for (let i = 0; i < events; i++) {
  const request = requests.start();
  pool.release(pool.acquire());
  requests.end(request);
}
requests.start();
parentPort.postMessage("done");
// Joining keeps nobody alive.
setInterval(() => {}, 1000);
