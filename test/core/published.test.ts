import { readFileSync } from "node:fs";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { coreBytes } from "../../src/core/bytes.ts";
import { governorBytes } from "../../src/core/governor-bytes.ts";
import * as declaredRare from "../../src/core/governor-entry.ts";
import * as declared from "../../src/core/index.ts";

test("the built velithon/core exports what its types name, and nothing else", async () => {
  const built: object = await import(String(new URL("../../dist/src/core/index.mjs", import.meta.url)));
  assert.equal(Object.keys(built).sort(), Object.keys(declared).sort());
  const { VelithonError } = built as typeof declared;
  assert.equal(Object.keys(VelithonError), []);
});

test("the built velithon/core/governor exports what its types name, and works without the core's entry point", async () => {
  const file = new URL("../../dist/src/core/governor-entry.js", import.meta.url);
  const built = (await import(String(file))) as typeof declaredRare;
  assert.equal(Object.keys(built).sort(), Object.keys(declaredRare).sort());
  const trend = new built.Trend(built.createGovernorCore(), 3);
  for (let x = 0; x < 3; x++) trend.add(x, 2 * x);
  assert.is(trend.fit().slope, 2);
});

test("the built core is loaded without the governor's bytes", () => {
  const built = readFileSync(new URL("../../dist/src/core/index.mjs", import.meta.url), "utf8");
  assert.ok(built.includes(coreBytes));
  assert.not.ok(built.includes(governorBytes.slice(0, 1000)));
});

test.run();
