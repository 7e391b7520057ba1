/**
 * From nothing to the first call into the core, in a fresh process. Prints the ms of the import and of all.
 *
 * @module
 */
const start = performance.now();
const { createCore } = await import("../../src/core/index.ts");
const imported = performance.now();
createCore().schedule.requestStart(imported);
const called = performance.now();
console.log(JSON.stringify([imported - start, called - start]));
