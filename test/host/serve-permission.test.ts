import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { spawned } from "../support/spawned.ts";

const deno = fileURLToPath(new URL("../../node_modules/.bin/deno", import.meta.url));

async function refusal(...permissions: string[]): Promise<string> {
  const args = ["run", "--no-prompt", "--no-lock", ...permissions, "runtimes/deno/serve.ts"];
  const { child, stderr } = spawned(deno, args, { PORT: "0" });
  await once(child, "close");
  assert.is(child.exitCode, 1, stderr());
  return stderr();
}

test("Deno without --allow-net names the port of PORT, and where it could not read that, says so", async () => {
  const told = await refusal("--allow-env");
  assert.match(told, /"127\.0\.0\.1:0".*--allow-net/);
  assert.not.match(told, "not read");
  assert.match(await refusal(), /:3000".*\(PORT and HOST were not read: .*--allow-env permits it\)/);
});

test.run();
