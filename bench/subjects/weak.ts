/**
 * The weak cache under the load of the strong one. The values stay alive elsewhere, so that all candidates
 * hold the same.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import { WeakLRUCache } from "weak-lru-cache";
import { WeakCache } from "../../src/cache/weak-cache.ts";
import { createCore } from "../../src/core/index.ts";
import { KEYS, keys, order, SIZE, SKEW, type Value, values } from "../cache-load.ts";
import { type Candidate, cpuMs, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";

function weakCache(finalizers: boolean): Candidate {
  let at = 0;
  const cache = new WeakCache<string, Value>(createCore(), { name: "weak", maxSize: SIZE, finalizers });
  return {
    name: finalizers ? "WeakCache" : "WeakCache, no finalizers",
    note: () => `hit ratio ${cache.getStats().hitRatio?.toFixed(3)}`,
    run(n) {
      let hits = 0;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.get(keys[id]!) !== undefined) hits += 1;
        else cache.put(keys[id]!, values[id]!);
      }
      return hits;
    },
  };
}

function weakLru(): Candidate {
  let at = 0;
  const cache = new LRUCache<string, WeakRef<Value>>({ max: SIZE });
  return {
    name: "lru-cache of WeakRefs",
    note: () => "no finalizers",
    run(n) {
      let hits = 0;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.get(keys[id]!)?.deref() !== undefined) hits += 1;
        else cache.set(keys[id]!, new WeakRef(values[id]!));
      }
      return hits;
    },
  };
}

/** No bound in weak values: its size is what it holds strongly, and what that lets go of stays until collected. */
function weakLruCache(): Candidate {
  let at = 0;
  const cache = new WeakLRUCache<string, Value>({ cacheSize: SIZE });
  return {
    name: "weak-lru-cache",
    note: () => `no bound: it grew to ${cache.size} entries`,
    run(n) {
      let hits = 0;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.getValue(keys[id]!) !== undefined) hits += 1;
        else cache.setValue(keys[id]!, values[id]!);
      }
      return hits;
    },
  };
}

function weakMap(): Candidate {
  let at = 0;
  const cache = new Map<string, WeakRef<Value>>();
  return {
    name: "Map of WeakRefs",
    note: () => `no bound: it grew to ${cache.size} entries and hits nearly always`,
    run(n) {
      let hits = 0;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.get(keys[id]!)?.deref() !== undefined) hits += 1;
        else cache.set(keys[id]!, new WeakRef(values[id]!));
      }
      return hits;
    },
  };
}

export async function run(plan: Plan): Promise<Report> {
  const ours = weakCache(true);
  const candidates = [ours, weakCache(false), weakLru(), weakLruCache(), weakMap()];
  const measured = await measure(candidates, plan, cpuMs);
  return {
    sections: [
      section(
        `weak values, ${SIZE} of ${KEYS} keys (Zipf ${SKEW}), mixed load`,
        candidates,
        measured,
        ours.name,
      ),
    ],
    targets: [],
  };
}
