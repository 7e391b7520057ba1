/**
 * From nothing to the first call into the core as the package has it, in a fresh process; before it, an empty
 * module, which is what the runtime takes for any import at all. Prints the ms of each step.
 *
 * @module
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const folder = mkdtempSync(join(tmpdir(), "velithon-probe-"));
const empty = join(folder, "empty.mjs");
writeFileSync(empty, "export const nothing = 0;\n");
const core = pathToFileURL(join(process.cwd(), "dist/src/core/index.js")).href;
const none = pathToFileURL(empty).href;

const start = performance.now();
await import(none);
const floor = performance.now();
const { createCore } = (await import(core)) as typeof import("../../src/core/index.ts");
const imported = performance.now();
createCore().schedule.requestStart(imported);
const called = performance.now();
rmSync(folder, { recursive: true });
console.log(JSON.stringify([floor - start, imported - floor, called - floor]));
