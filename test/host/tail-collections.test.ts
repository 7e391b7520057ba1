import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Collections } from "../../bench/tail/collections.ts";

setFlagsFromString("--expose-gc");
const gc = runInNewContext("gc") as (options?: { type: "minor" }) => void;

/** Enough that its collection takes a time that clocks tell apart. */
const kept = Array.from({ length: 200_000 }, (_, i) => ({ i }));

test("collections of a window: by type, and inside requests as the profiler and as the observer have it", async () => {
  const collections = new Collections("node");
  gc();
  collections.begin();
  const beganMs = performance.now();
  collections.spans.enter();
  gc();
  gc({ type: "minor" });
  collections.spans.leave();
  const inside = await collections.report();
  assert.ok(inside.majors! >= 1 && inside.collections! > inside.majors!);
  assert.ok(inside.youngMs! > 0 && inside.oldMs! > inside.youngMs!, `${inside.youngMs} ${inside.oldMs}`);
  const all = inside.youngMs! + inside.oldMs!;
  assert.ok(inside.longestMs! > 0 && inside.longestMs! <= all);
  assert.ok(Math.abs(inside.insideMs! - all) < 1e-9, `${inside.insideMs} of ${all}`);
  const observed = inside.insideObservedMs!;
  assert.ok(observed > 0 && observed <= performance.now() - beganMs, `${observed}`);

  collections.begin();
  gc();
  collections.spans.enter();
  gc({ type: "minor" });
  collections.spans.leave();
  const mixed = await collections.report();
  assert.ok(mixed.oldMs! > 0 && mixed.youngMs! > 0);
  assert.ok(Math.abs(mixed.insideMs! - mixed.youngMs!) < 1e-9, `${mixed.insideMs} of ${mixed.youngMs}`);
  assert.is(kept.length, 200_000);
});

test("Bun tells nothing of its collections, Deno not when they were", async () => {
  const bun = new Collections("bun");
  bun.begin();
  const { collections, youngMs, insideMs, insideObservedMs } = await bun.report();
  assert.equal([collections, youngMs, insideMs, insideObservedMs], Array(4).fill(undefined));
  const deno = new Collections("deno");
  deno.begin();
  gc();
  const report = await deno.report();
  assert.ok(report.oldMs! > 0);
  assert.equal([report.insideMs, report.insideObservedMs], [undefined, undefined]);
});

test.run();
