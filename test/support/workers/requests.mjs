// A worker whose optimizer serves requests as fast as it can, once all of them stand at the barrier. Of
// `worker_threads`, or one of the web's, which gets its data by a message.
import { parentPort, workerData } from "node:worker_threads";

const message = new Promise((resolve) => {
  if (!workerData) globalThis.onmessage = (event) => resolve(event.data);
});
const { core, library, handle, barrier, workers, events, ends } = workerData ?? (await message);
const { SharedRequests } = await import(core);
const { createMemoryOptimizer } = await import(library);
const optimizer = createMemoryOptimizer();
const member = new SharedRequests(handle).join(optimizer.core);
const gate = new Int32Array(barrier);
if (Atomics.add(gate, 0, 1) === workers - 1) Atomics.notify(gate, 0);
for (let there = Atomics.load(gate, 0); there < workers; there = Atomics.load(gate, 0))
  Atomics.wait(gate, 0, there);
const { requests } = optimizer;
for (let i = 0; i < events; i++) requests.end(requests.start());
requests.start();
const { inFlight, finished } = optimizer.getMemoryStats().requests;
if (ends) member.close();
(workerData ? parentPort : globalThis).postMessage({ index: member.index, inFlight, finished });
