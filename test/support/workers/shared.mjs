// A worker that counts in a shard of its own as fast as it can, once all of them stand at the barrier.
import { parentPort, workerData } from "node:worker_threads";

const { SharedCounters } = await import(workerData.module);
const { handle, barrier, workers, events, keep } = workerData;
const shard = new SharedCounters(handle).claim();
const gate = new Int32Array(barrier);
if (Atomics.add(gate, 0, 1) === workers - 1) Atomics.notify(gate, 0);
for (let there = Atomics.load(gate, 0); there < workers; there = Atomics.load(gate, 0))
  Atomics.wait(gate, 0, there);
const started = performance.now();
for (let i = 0; i < events; i++) {
  shard.add(0);
  shard.add(1, 2);
  shard.record(1 + (i % 1000));
}
const tookMs = performance.now() - started;
if (!keep) shard.release();
parentPort.postMessage({ index: shard.index, tookMs });
