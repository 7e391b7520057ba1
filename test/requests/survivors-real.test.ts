import { setImmediate as turn } from "node:timers/promises";
import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, memoryGovernance } from "../../src/index.ts";
import type { RuntimePort } from "../../src/shared/port.ts";
import { FakeClock } from "../support/clock.ts";
import { keepsSessions, letGo, litters } from "../support/leaks.mjs";
import { loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";

test("the route that really leaks comes first in the culprit, or the reason why no route can be told", async () => {
  // The runtime's own heap and collections; time under the test's hand, so that every request has a quiet moment behind it.
  const clock = new FakeClock();
  const port: RuntimePort = Object.assign(Object.create(await loadPort()), {
    now: () => clock.now(),
    every: (ms: number, tick: () => void) => clock.every(ms, tick),
    after: (ms: number, task: () => void) => clock.after(ms, task),
    defer: (task: () => void) => clock.defer(task),
  });
  const { available } = port.capabilities.liveHeap;
  const optimizer = createMemoryOptimizer({ port }).enable();
  const app = new Hono();
  app.use(memoryGovernance({ optimizer }));
  app.get("/leaks", (c) => {
    for (let i = 0; i < 20; i++) keepsSessions(i);
    return c.text("ok");
  });
  app.get("/litters", (c) => c.text(String(litters(1))));
  app.get("/items/:id", (c) => c.json({ id: c.req.param("id"), rows: new Array(100).fill(1) }));
  const random = new Random(7);
  let over = false;
  const search = optimizer.findCulprit({ seconds: 4 }).finally(() => {
    over = true;
  });
  for (let i = 0; !over; i++) {
    // In turn, the looks would fall into step with one of them.
    await (await app.request(random.pick(["/leaks", "/litters", `/items/${i}`]))).text();
    clock.runDeferred();
    clock.advance(20);
    // What the search itself waits for comes from the engine.
    await turn();
  }
  const { routes, routesReason, summary } = await search;
  letGo();
  optimizer.disable();
  if (!available) {
    assert.is(routes, undefined);
    assert.is(routesReason, port.capabilities.liveHeap.reason);
    return;
  }
  assert.is(routes?.[0]?.route, "GET /leaks", JSON.stringify(routesReason ?? routes));
  const { keptBytes, shareRatio } = routes![0]!;
  // Twenty sessions of sixty numbers, of 4 or 8 bytes.
  assert.ok(keptBytes > 20 * 60 * 4 && keptBytes < 20 * 60 * 8 * 2, `${keptBytes} bytes a request`);
  assert.ok(shareRatio > 0.5, `${shareRatio}`);
  assert.match(summary, "GET /leaks leaves the most behind");
});

test.run();
