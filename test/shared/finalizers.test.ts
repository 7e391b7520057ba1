import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { createMemoryOptimizer, governFetch, ObjectPool } from "../../src/index.ts";
import { fakePort, loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

const port = await loadPort();
let told = 0;
const others = new FinalizationRegistry(() => {
  told += 1;
});

/** Whether finalizers of the rest of the program run. */
async function othersAreTold(): Promise<boolean> {
  const before = told;
  const drop = (): void => {
    for (let i = 0; i < 100; i++) others.register({ i }, undefined);
  };
  drop();
  for (let i = 0; i < 10 && told === before; i++) {
    await turn();
    port.collect("major");
    await turn();
  }
  return told > before;
}

/** Collects what `make` let go of, and what it answers with before anybody was told. */
async function dropWhileWaiting(make: () => object): Promise<void> {
  let owner: object | undefined = make();
  await turn();
  port.collect("major");
  assert.ok(owner);
  owner = undefined;
  port.collect("major");
  port.collect("major");
  await turn();
}

test("a pool that watches its leases may be dropped with them: nobody else's finalizers end", async () => {
  await dropWhileWaiting(() => {
    const options = { name: "dropped", factory: () => ({}), leakDetection: "full" } as const;
    const pool = new ObjectPool<object>(createCore(), options);
    for (let i = 0; i < 100; i++) pool.acquire();
    return pool;
  });
  assert.ok(await othersAreTold());
});

test("an optimizer may be dropped with bodies that nobody read: likewise", async () => {
  await dropWhileWaiting(() => {
    const optimizer = createMemoryOptimizer({ port: fakePort() });
    const fetch = governFetch(
      (_request: Request) =>
        new Response(new ReadableStream(), { headers: { "transfer-encoding": "chunked" } }),
      { optimizer },
    );
    for (let i = 0; i < 100; i++) fetch(new Request("http://localhost/"));
    return optimizer;
  });
  assert.ok(await othersAreTold());
});

test.run();
