import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "velithon";
import { compare, createShop, drive, type Figure, print } from "../../examples/shop.ts";
import { printed } from "../support/printed.ts";
import { serve } from "../support/serve.ts";

function earns([pool, cache, context]: readonly Figure[], requests: number): void {
  assert.is(pool!.without, requests / 2, "each receipt makes a workspace");
  // Of 10 in use at once, and of those whose end comes a little later.
  assert.ok(pool!.with <= 40, `${pool!.with} workspaces`);
  assert.is(cache!.without, requests, "each request is a query");
  assert.ok(cache!.with < requests * 0.6, `${cache!.with} queries`);
  assert.ok(context!.without > 1, "failures lose workspaces");
  assert.is(context!.with, 0);
}

test("in process: each feature saves what it is there for", async () => {
  earns(await compare(), 2000);
});

test("over HTTP: the same", async () => {
  const served = await compare(async ({ app }) => {
    const { origin, close } = await serve(app);
    return { request: (path) => fetch(origin + path), close };
  }, 25);
  earns(served, 500);
});

test("every request is answered, and only what is out of paper fails", async () => {
  const optimizer = createMemoryOptimizer();
  optimizer.enable();
  const shop = createShop(optimizer);
  const { requests, failed } = await drive((path) => shop.app.request(path));
  assert.is(requests, 2000);
  assert.ok(failed > 5 && failed < 200, `${failed} failed`);
  assert.is(await (await shop.app.request("/receipts/7")).text(), "107 cents");
  assert.equal(await (await shop.app.request("/products/7")).json(), { id: 7, priceCents: 107 });
  shop.close();
  optimizer.disable();
});

test("the figures are printed, one line a feature", async () => {
  const lines = await printed(print);
  assert.is(lines.length, 3);
  for (const line of lines) assert.match(line, /^\w+: [\w ]+ \d+ without, \d+ with$/);
});

test.run();
