/**
 * Heap snapshots to files. Node, Bun and Deno each write their own engine's through `node:v8`; a format that
 * DevTools opens on all three.
 *
 * @module
 */
import { closeSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import v8 from "node:v8";

/**
 * Writes `<directory>/<name>.heapsnapshot`, which nobody else may read. It gets its name when it is whole;
 * where writing fails, nothing is left. Blocks for seconds.
 *
 * @throws what the file system throws
 */
export function writeHeapSnapshot(directory: string, name: string): { path: string; bytes: number } {
  const path = join(directory, `${name}.heapsnapshot`);
  const unfinished = `${path}.unfinished`;
  // "wx": never through a link that somebody else put there.
  closeSync(openSync(unfinished, "wx", 0o600));
  try {
    v8.writeHeapSnapshot(unfinished);
    const bytes = statSync(unfinished).size;
    if (bytes === 0) throw new Error("the runtime wrote an empty snapshot");
    renameSync(unfinished, path);
    return { path, bytes };
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
