// A worker whose optimizer serves requests as fast as it can, once all of them stand at the barrier.
import { parentPort, workerData } from "node:worker_threads";

const { SharedRequests } = await import(workerData.core);
const { createMemoryOptimizer } = await import(workerData.library);
const { handle, barrier, workers, events, ends } = workerData;
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
parentPort.postMessage({ index: member.index, inFlight, finished });
