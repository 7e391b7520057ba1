import { spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { top } from "../support/attached.ts";
import { spawned } from "../support/spawned.ts";

const HIDE = "umount -l /proc";
/** In a mount namespace of its own, which takes root. Bun and Deno do not start without `/proc`. */
const mayHide = spawnSync("unshare", ["-m", "/bin/sh", "-c", HIDE]).status === 0;

const PROGRAM = `
import { enableMemoryOptimizations, getMemoryStats } from "${top}dist/runtimes/node/index.js";
enableMemoryOptimizations();
console.log(JSON.stringify(getMemoryStats().systemMemory));
process.exit(0);`;

if (!mayHide) console.log("skipped: a mount namespace without /proc takes root and unshare");

(mayHide ? test : test.skip)(
  "Node without /proc: its heap is read all the same, and nothing is made up",
  async () => {
    const script = `${HIDE}; exec "$0" "$@"`;
    const words = ["-m", "/bin/sh", "-c", script, process.execPath, "--input-type=module", "-e", PROGRAM];
    const { child, stdout, stderr } = spawned("unshare", words);
    await once(child, "close");
    assert.is(child.exitCode, 0, stderr());
    const read = JSON.parse(stdout()) as Record<string, number | undefined>;
    assert.ok(read.heapUsedMb! > 1, stdout());
    assert.ok(read.heapTotalMb! > 1, stdout());
    assert.equal([read.rssMb, read.vmsMb], [undefined, undefined]);
  },
);

test.run();
