import process from "node:process";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { runtimeNames } from "../server.ts";
import { app, find, launch, start, top } from "../support/attached.ts";

/** A program that prints "on", with the register and flags of Node. */
async function withFlags(...flags: string[]): Promise<{ code: number | null; out: string; said: string }> {
  const register = ["--import", `${top}dist/runtimes/node/register.js`];
  const program = ["--input-type=module", "-e", "console.log('on')"];
  const attached = launch(process.execPath, [...flags, ...register, ...program], {});
  return { code: await attached.ended, out: attached.stdout().trim(), said: attached.stderr() };
}

test("Node without WebAssembly: one line that says why, and the program runs", async () => {
  const { code, out, said } = await withFlags("--jitless");
  assert.is(code, 0, said);
  assert.is(out, "on");
  assert.match(
    said,
    /^velithon: no dashboard: .*this process has no WebAssembly; start it without --jitless$/m,
  );
});

test("Node that may not listen: one line that names the permission, and the program runs", async () => {
  if (!process.allowedNodeEnvironmentFlags.has("--allow-net")) return;
  const { code, out, said } = await withFlags("--permission", "--allow-fs-read=*");
  assert.is(code, 0, said);
  assert.is(out, "on");
  assert.match(said, /^velithon: no dashboard: .*--allow-net$/m);
});

for (const name of runtimeNames) {
  test(`${name}: what is logged is one line, too`, async () => {
    const attached = start(name, app("hono"), { VELITHON_ADMIN_PORT: "0", VELITHON_MEMORY_THRESHOLD: "1" });
    const all = (): string => attached.stdout() + attached.stderr();
    try {
      await find(/(cleaned up)/, attached.stderr, all);
      await find(/(admin token)/, attached.stderr, all);
      for (const line of attached.stderr().trim().split("\n")) assert.match(line, /^velithon: /, all());
      assert.match(attached.stderr(), /cleaned up .*thresholdMb=1\b/);
    } finally {
      attached.kill();
      await attached.ended;
    }
  });
}

test.run();
