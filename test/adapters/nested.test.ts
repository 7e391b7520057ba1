import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, governFetch, governListener } from "../../src/index.ts";
import { fakePort } from "../support/port.ts";

test("governFetch twice by one optimizer: one request, with the counts of both", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, gcBudgetRatio: 1 });
  const inner = governFetch((_: Request) => new Response("ok"), {
    optimizer,
    gcTuning: { generation2Interval: 2 },
  });
  const outer = governFetch(inner, { optimizer, memoryOptimization: { ambientContext: true } });
  for (let i = 0; i < 2; i++) assert.is(await (await outer(new Request("http://host/"))).text(), "ok");
  port.runDeferred();
  const { started, finished } = optimizer.getMemoryStats().requests;
  assert.equal([started, finished], [2, 2]);
  assert.equal(port.collections, ["major"]);
});

test("governListener twice by one optimizer: one request", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const ends: (() => void)[] = [];
  const response = { writableFinished: true, on: (_: string, end: () => void) => void ends.push(end) };
  const listener = (_request: object, _response: object): void =>
    assert.is(optimizer.getMemoryStats().requests.inFlight, 1);
  const inner = governListener(listener, { optimizer });
  governListener(inner, { optimizer })({ url: "/" }, response);
  for (const end of ends) end();
  const { started, finished, unmatchedEnds } = optimizer.getMemoryStats().requests;
  assert.equal([ends.length, started, finished, unmatchedEnds], [1, 1, 1, 0]);
});

test.run();
