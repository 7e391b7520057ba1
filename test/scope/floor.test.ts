import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import {
  createMemoryOptimizer,
  getMemoryContext,
  governedRequest,
  governFetch,
  ObjectPool,
  RequestMemoryContext,
} from "../../src/index.ts";
import { floor } from "../support/floor.ts";
import { loadPort } from "../support/port.ts";
import { aliveAfterCollection, turn } from "../support/reachable.ts";
import { rejectsCode } from "../support/throws.ts";

const ROUNDS = 10;
const SCOPES = 100_000;
const port = await loadPort();

async function use(pool: ObjectPool<object>): Promise<void> {
  let sum = 0;
  for (let i = 0; i < SCOPES; i++) {
    const context = new RequestMemoryContext(undefined, port);
    const body = { id: i };
    context.defer(() => {
      sum += body.id;
    });
    context.acquire(pool);
    if (i % 64 === 0) context.signal.addEventListener("abort", () => body.id);
    if (i % 16 === 0) await context.closeAsync();
    else if (i % 2 === 0) context.run(() => getMemoryContext(port));
    else context.close();
  }
  assert.is(sum, (SCOPES * (SCOPES - 1)) / 2);
}

const finalizers = { off: "off", on: "full" } as const;

for (const [state, leakDetection] of Object.entries(finalizers)) {
  test(`${ROUNDS} rounds of ${SCOPES} scopes leave a flat floor, finalizers ${state}`, () =>
    flat(leakDetection));
}

async function flat(leakDetection: "off" | "full"): Promise<void> {
  const core = createCore();
  const pool = new ObjectPool<object>(core, {
    name: "p",
    factory: () => ({}),
    mode: "pooling",
    leakDetection,
  });
  const floors: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await use(pool);
    floors.push(await floor(port));
  }
  assert.is(pool.getStats().inUse, 0);
  // The first rounds warm up the engine's own tables and code.
  const early = Math.max(...floors.slice(2, 5));
  const late = Math.min(...floors.slice(7));
  // Less than a byte a scope: tables of an engine grow by a step of 256 KB once in a while, a leak by each scope.
  const step = port.readHeapUsedBytes() === undefined ? 0 : 3 * SCOPES;
  assert.ok(late <= early * 1.02 + step, `floors: ${floors.map(Math.round).join(", ")}`);
}

test("stray work that outlives its request keeps nothing of it alive, and is told so", async () => {
  const optimizer = createMemoryOptimizer({ port });
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  const refs: WeakRef<object>[] = [];
  const strays: Promise<void>[] = [];
  let letGo = (): void => {};
  const held = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  /** In a function of its own, so that no frame that waits holds what it made. */
  const work = (request: Request): void => {
    const heavy = { rows: new Array(100).fill(0), request };
    const { context } = governedRequest(request)!;
    context.defer(() => heavy.rows.length);
    context.acquire(pool);
    context.signal.addEventListener("abort", () => heavy.rows.length);
    refs.push(new WeakRef(heavy), new WeakRef(request));
  };
  /** As well in one of its own. */
  const stray = (): Promise<void> =>
    rejectsCode(
      held.then(() => getMemoryContext(port)),
      "CONTEXT_CLOSED",
      "ended",
    );
  const fetch = governFetch(
    async (request: Request) => {
      work(request);
      strays.push(stray());
      await wait(0);
      return new Response("ok");
    },
    { optimizer, memoryOptimization: { ambientContext: true } },
  );
  const send = async (): Promise<void> => {
    await (await fetch(new Request("http://host/"))).text();
  };
  for (let i = 0; i < 100; i++) await send();
  await turn();
  assert.is(optimizer.getMemoryStats().requests.inFlight, 0);
  assert.is(pool.getStats().inUse, 0);
  const alive = await aliveAfterCollection(port, refs, 20);
  assert.ok(alive <= 20, `${alive} of 200 are alive`);
  letGo();
  await Promise.all(strays);
  optimizer.disable();
});

test.run();
