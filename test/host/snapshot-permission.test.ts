import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import type { SnapshotResult } from "../../src/index.ts";
import { spawned } from "../support/spawned.ts";

const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));

test("Deno writes a snapshot where it may read and write; where it may not, it says so and leaves nothing", async () => {
  const directory = mkdtempSync(join(tmpdir(), "snapshots-"));
  const cases: [string[], RegExp | undefined][] = [
    [[], /^it could not be written: .*--allow-read/],
    [[`--allow-read=${directory}`], /^it could not be written: .*--allow-write/],
    [[`--allow-write=${directory}`], /^it could not be written: .*--allow-read/],
    [[`--allow-read=${directory}`, `--allow-write=${directory}`], undefined],
  ];
  try {
    for (const [permissions, reason] of cases) {
      const args = ["run", "--no-prompt", "--no-lock", "--allow-env", ...permissions];
      const { child, stdout, stderr } = spawned(deno, [...args, "test/support/snapshot-once.ts", directory]);
      await once(child, "close");
      assert.is(child.exitCode, 0, stderr());
      const result = JSON.parse(stdout()) as SnapshotResult;
      const what = `${permissions}: ${stdout()}`;
      assert.is(result.written, reason === undefined, what);
      if (result.written) assert.equal(readdirSync(directory).length, 1);
      else {
        assert.match(result.reason, reason!, what);
        assert.equal(readdirSync(directory), [], what);
      }
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test.run();
