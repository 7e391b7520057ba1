/**
 * Heap snapshots to files. Node, Bun and Deno each write their own engine's through `node:v8`; a format that
 * DevTools opens on all three.
 *
 * @module
 */
import { closeSync, openSync, renameSync, statSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import v8 from "node:v8";
import { attempt } from "./shared.ts";

/**
 * Writes `<directory>/<name>.heapsnapshot`, which nobody else may read. It gets its name when it is whole;
 * where writing fails, nothing is left. Blocks for seconds.
 *
 * @throws what the file system throws
 */
export function writeHeapSnapshot(directory: string, name: string): { path: string; bytes: number } {
  const path = join(directory, `${name}.heapsnapshot`);
  const unfinished = `${path}.unfinished`;
  // First: Deno may be permitted to write alone, and then neither names what it wrote nor tells its size.
  statSync(directory);
  // "wx": never through a link that somebody else put there.
  closeSync(openSync(unfinished, "wx", 0o600));
  try {
    v8.writeHeapSnapshot(unfinished);
    const bytes = statSync(unfinished).size;
    if (bytes === 0) throw new Error("the runtime wrote an empty snapshot");
    renameSync(unfinished, path);
    return { path, bytes };
  } catch (error) {
    // Not `rmSync`: on Deno it reads first, and where it may not it leaves the file and says nothing.
    attempt(() => unlinkSync(unfinished));
    throw error;
  }
}
