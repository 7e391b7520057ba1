import { test } from "uvu";
import * as assert from "uvu/assert";
import * as declared from "../../src/core/index.ts";

test("the built velithon/core exports what its types name, and nothing else", async () => {
  const built: object = await import(String(new URL("../../dist/src/core/index.mjs", import.meta.url)));
  assert.equal(Object.keys(built).sort(), Object.keys(declared).sort());
  const { VelithonError } = built as typeof declared;
  assert.equal(Object.keys(VelithonError), []);
});

test.run();
