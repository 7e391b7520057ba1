/**
 * Runs one subject in this process and prints its report as one line of JSON.
 *
 * @module
 */
import process from "node:process";
import { checksum, full, quick } from "./harness.ts";
import type { Runtime } from "./runtimes.ts";
import { subjects } from "./subjects.ts";

const [name, runtime, mode] = process.argv.slice(2) as [string, Runtime, string];
const subject = await subjects[name]!();
const settings = mode === "quick" ? quick : full;
const report = await subject.run({ ...settings, quick: mode === "quick", runtime });
console.log(JSON.stringify({ ...report, checksum: checksum() }));
process.exit(0);
