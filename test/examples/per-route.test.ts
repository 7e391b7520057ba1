import { test } from "uvu";
import * as assert from "uvu/assert";
import { consoleLogger, enableMemoryOptimizations } from "velithon";
import { createReportApp } from "../../examples/per-route.ts";

const warnings: object[] = [];
const optimizer = enableMemoryOptimizations({
  logger: { ...consoleLogger, warn: (fields) => warnings.push(fields) },
});

test("only the heavy route makes collections due", async () => {
  const app = createReportApp();
  const due = () => optimizer.getMemoryStats().gcStats.minor.due;
  for (let i = 0; i < 50; i++) assert.is(await (await app.request("/ping")).text(), "pong");
  assert.is(due(), 0);
  let total = 0;
  for (let row = 7; row < 5000; row += 10) total += (row % 97) * 2;
  for (let i = 0; i < 10; i++) {
    const response = await app.request("/report");
    assert.equal(await response.json(), { rows: 5000, total });
  }
  assert.is(due(), 1);
  assert.is(optimizer.getMemoryStats().requests.finished, 60, "all of them are counted as requests");
});

test("the order is the right one: no warning", () => {
  assert.equal(warnings, []);
});

test.after(() => void optimizer.disable());
test.run();
