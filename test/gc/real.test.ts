import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { type CollectionResult, createMemoryOptimizer, type Generation } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { turn } from "../support/reachable.ts";

const port = await loadPort();
const { capabilities } = port;
const optimizer = createMemoryOptimizer({ port });
const { gcOptimizer } = optimizer;

/** Makes garbage of about `mb` MB and keeps none of it; a function of its own, so that its frame is gone. */
function litter(mb: number): number {
  let sum = 0;
  for (let i = 0; i < mb * 1024; i++) sum += new Array(128).fill(i).length;
  return sum;
}

/** Survives the young generation, then is dropped: only a major collection frees it. */
async function litterOld(mb: number): Promise<void> {
  let held: unknown[] | undefined = [];
  const fill = (list: unknown[]): void => {
    for (let i = 0; i < mb * 1024; i++) list.push(new Array(128).fill(i));
  };
  fill(held);
  for (let i = 0; i < 3; i++) gcOptimizer.manualCollection({ generation: 0 });
  await turn();
  held = undefined;
}

const leastFreed = (generation: Generation): number => (generation === 2 ? 10_000_000 : 100_000);

/** Collects fresh litter; again where the engine's own collector came first, as it may at any allocation. */
async function collectLitter(generation: Generation): Promise<CollectionResult> {
  for (let tries = 1; ; tries++) {
    if (generation === 2) await litterOld(20);
    litter(4);
    const result = gcOptimizer.manualCollection({ generation });
    if (tries === 5 || result.freedBytes === undefined || result.freedBytes > leastFreed(generation))
      return result;
  }
}

for (const generation of [0, 1, 2] as const) {
  test(`generation ${generation} on ${port.name}: performed with its time, or not performed with its reason`, async () => {
    const can = generation === 2 ? capabilities.majorCollection : capabilities.minorCollection;
    const result = await collectLitter(generation);
    assert.is(result.generation, generation);
    assert.is(result.performed, can.available);
    if (!can.available) {
      assert.ok(result.reason && result.reason.length > 20, "a sentence that says why");
      assert.is(result.collectionTimeMs, undefined);
      assert.is(result.freedBytes, undefined);
      return;
    }
    assert.is(result.reason, undefined);
    const { collectionTimeMs, freedBytes } = result;
    assert.ok(collectionTimeMs! > 0 && collectionTimeMs! < 5000, `${collectionTimeMs} ms`);
    if (!capabilities.heapUsed.available) return assert.is(freedBytes, undefined);
    assert.ok(freedBytes! > leastFreed(generation), `freed ${freedBytes} bytes`);
  });
}

test("the collections of this test run are really of their kind: a major clears old garbage, a minor does not", async () => {
  if (!capabilities.minorCollection.available) return;
  const make = (): WeakRef<object>[] => {
    let list: object[] | undefined = Array.from({ length: 1000 }, (_, i) => ({ i }));
    const refs = list.map((object) => new WeakRef(object));
    // A first collection while they are held makes them old.
    gcOptimizer.manualCollection({ generation: 2 });
    gcOptimizer.manualCollection({ generation: 0 });
    list = undefined;
    return refs;
  };
  const alive = (refs: readonly WeakRef<object>[]): number => refs.filter((ref) => ref.deref()).length;
  const old = make();
  await turn();
  gcOptimizer.manualCollection({ generation: 0 });
  assert.ok(alive(old) > 900, `a minor collection left ${alive(old)} of 1000 old ones`);
  await turn();
  for (let i = 0; i < 5 && alive(old) > 100; i++) {
    await turn();
    gcOptimizer.manualCollection({ generation: 2 });
  }
  assert.ok(alive(old) <= 100, `a major collection left ${alive(old)} of 1000 old ones`);
});

test("objects are counted where the runtime can tell", async () => {
  const held = Array.from({ length: 50_000 }, (_, i) => ({ i }));
  assert.is(held.length, 50_000);
  const none = gcOptimizer.manualCollection({ countObjects: true });
  if (!capabilities.objectCount.available) return assert.is(none.collectedObjects, undefined);
  const { collectedObjects } = none;
  assert.ok(collectedObjects === undefined || collectedObjects >= 0, `${collectedObjects}`);
  assert.ok(port.countObjects()! > 50_000);
});

test("collections by hand are counted with their time", () => {
  const { minor, major } = gcOptimizer.getStats();
  assert.ok(major.manual >= 2 && major.totalPauseMs > 0 && major.maxPauseMs > 0);
  assert.is(minor.manual > 0, capabilities.minorCollection.available);
  assert.is(minor.performed + major.performed, 0);
  assert.is(major.freedBytes === undefined, !capabilities.heapUsed.available);
});

test("the engine's own collections: seen, and told apart whether a request was in flight", async () => {
  optimizer.enable();
  try {
    const engine = () => gcOptimizer.getStats().engine;
    if (!capabilities.observeCollections.available) return assert.is(engine(), undefined);
    /** Reports come in a turn of their own. */
    const settled = async (least: number): Promise<void> => {
      for (let i = 0; i < 200 && engine()!.minor.count < least; i++) await wait(5);
    };
    await wait(20);
    const before = engine()!.minor;
    litter(64);
    await settled(before.count + 1);
    const idle = engine()!.minor;
    assert.ok(idle.count > before.count, "64 MB of garbage make the engine collect");
    assert.is(idle.forced, before.forced, "nobody asked for it");
    assert.is(idle.insideRequests, 0);
    assert.ok(idle.totalPauseMs > 0 && idle.maxPauseMs > 0 && idle.maxPauseMs <= idle.totalPauseMs);

    await wait(20);
    const quiet = engine()!.minor.count;
    const request = optimizer.requests.start();
    litter(64);
    optimizer.requests.end(request);
    await settled(quiet + 1);
    const busy = engine()!.minor;
    assert.ok(busy.insideRequests! > 0, "inside the request");
    assert.is(busy.insideRequests!, busy.count - quiet);

    gcOptimizer.manualCollection({ generation: 0 });
    await settled(busy.count + 1);
    assert.ok(engine()!.minor.forced! > busy.forced!, "ours is told apart");
  } finally {
    optimizer.disable();
  }
});

test.run();
