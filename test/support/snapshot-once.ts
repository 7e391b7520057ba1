/** Takes one heap snapshot to the directory that it is given, on Deno, and prints what became of it. */
import process from "node:process";
import { denoPort as port } from "../../runtimes/deno/port.ts";
import { createMemoryOptimizer } from "../../src/index.ts";

const heapSnapshots = { directory: process.argv[2]! };
const optimizer = createMemoryOptimizer({ port, heapSnapshots, limitBytes: 2 ** 40 });
console.log(JSON.stringify(optimizer.takeHeapSnapshot()));
