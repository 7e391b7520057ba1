import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";

const top = fileURLToPath(new URL("../..", import.meta.url));
/** A step of 16 KB is 4 bytes a call. */
const NOTHING_BYTES = 20;

// On Node and Deno test/governor/floor.test.ts does it, where the heap can be read.
test("bun: a request through governFetch allocates its own object and nothing beside it", () => {
  const output = execFileSync(`${top}node_modules/.bin/bun`, ["test/support/allocation.ts"], {
    cwd: top,
    encoding: "utf8",
    env: { ...process.env, BUN_JSC_useGC: "0" },
  });
  const { object, whole } = JSON.parse(output) as { object: number; whole: number };
  assert.ok(object > 100, `the collector ran, or the heap in use is not told: ${object} bytes`);
  assert.ok(whole < object + NOTHING_BYTES, `${whole} bytes a request, of which its object takes ${object}`);
});

test.run();
