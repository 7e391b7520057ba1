import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "velithon";
import { budgeted, buffered, cached, pooled, print, scoped } from "../../examples/earns-its-keep.ts";
import { printed } from "../support/printed.ts";

const optimizer = createMemoryOptimizer();

test("a pool makes as many heavy objects as are in use at once", async () => {
  const { without, with: withIt } = await pooled(optimizer);
  assert.equal([without, withIt], [2000, 20]);
});

test("a buffer pool makes as many buffers as are in use at once, of the next power of two", async () => {
  const { without, with: withIt } = await buffered(optimizer);
  assert.equal([without, withIt], [48_000_000, 10 * 65_536]);
});

test("a cache saves more than half of the queries", async () => {
  const { without, with: withIt } = await cached(optimizer);
  assert.is(without, 10_000);
  assert.ok(withIt < without / 2, `${withIt} of ${without}`);
});

test("one budget misses less than two halves of it", () => {
  let now = 0;
  const port = { ...optimizer.port, now: () => (now += 0.001) };
  const { without, with: withIt } = budgeted((budgetBytes) => createMemoryOptimizer({ budgetBytes, port }));
  assert.ok(withIt < without * 0.9, `${withIt} instead of ${without}`);
});

test("a request context loses no lease when a handler fails", () => {
  const { without, with: withIt } = scoped(optimizer);
  assert.equal([without, withIt], [200, 0]);
});

test("the figures are printed, one line a feature", async () => {
  const lines = await printed(print);
  assert.is(lines.length, 5);
  for (const line of lines) assert.match(line, /^[\w ,]+: [\w ]+ \d+ without, \d+ with$/);
});

test.run();
