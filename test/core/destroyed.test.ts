import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, Histogram } from "../../src/core/index.ts";

test("a destroyed histogram has nothing to tell, whoever has its place now", () => {
  const core = createCore();
  const [kept, gone] = [new Histogram(core), new Histogram(core)];
  kept.record(5);
  gone.record(100);
  assert.ok(gone.toNumbers().some((n) => n !== 0));
  gone.destroy();
  const next = new Histogram(core);
  next.record(7);
  kept.merge(gone);
  assert.equal([kept.summary().count, kept.quantiles(1)[0]! < 6], [1, true]);
  assert.ok(gone.toNumbers().every((n) => n === 0));
});

test.run();
