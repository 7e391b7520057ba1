/**
 * From nothing to the first call into the core as the package has it, in a fresh process; before it, an empty
 * module, which is what the runtime takes for any import at all. Prints the ms of each step.
 *
 * What to import comes as arguments, the empty module first. It does nothing else: what a program allocates before
 * an import decides whether the runtime's next collection, about a ms, falls into it.
 *
 * @module
 */
const [none, core] = process.argv.slice(2) as [string, string];

const start = performance.now();
await import(none);
const floor = performance.now();
const { createCore } = (await import(core)) as typeof import("../../src/core/index.ts");
const imported = performance.now();
createCore().schedule.requestStart(imported);
const called = performance.now();
console.log(JSON.stringify([floor - start, imported - floor, called - floor]));
