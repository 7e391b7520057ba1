// Takes samples while no file can be opened any more, and once some can be again.
import { closeSync, openSync } from "node:fs";
import { createMemoryOptimizer } from "../../src/default.ts";
import { loadPort } from "./port.ts";

const optimizer = createMemoryOptimizer({ port: await loadPort() }).enable();
const open: number[] = [];
try {
  for (;;) open.push(openSync("/dev/null", "r"));
} catch {
  // As many as the limit allows.
}
const rssMb = (): number | undefined => {
  optimizer.monitor.sample();
  return optimizer.getMemoryStats().systemMemory.rssMb;
};
const without = rssMb();
for (const descriptor of open) closeSync(descriptor);
console.log(JSON.stringify({ without, with: rssMb() }));
optimizer.disable();
