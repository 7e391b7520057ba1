import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { spawned } from "../support/spawned.ts";

const bin = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/.bin/${name}`, import.meta.url));

// Deno's runtime ends the process by itself where no descriptor is left.
const runtimes: Record<string, string> = {
  node: `${process.execPath} --import tsx`,
  bun: bin("bun"),
};

for (const [name, command] of Object.entries(runtimes)) {
  test(`a server that has no descriptor left on ${name} is not ended by a reading of its memory`, async () => {
    const script = `ulimit -n 128; exec ${command} test/support/no-descriptor.ts`;
    const { child, stdout, stderr } = spawned("/bin/sh", ["-c", script]);
    await once(child, "close");
    assert.is(child.exitCode, 0, stderr());
    const read = JSON.parse(stdout()) as { without?: number; with?: number };
    // From a file that was open before.
    assert.ok(read.without !== undefined && read.without > 1, stdout());
    assert.ok(read.with !== undefined && read.with > 1, stdout());
  });
}

test.run();
