/**
 * Caches bounded by bytes. Ours still finds, weakly, what it had to let go of: more hits, at the price of a
 * `WeakRef` for each.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { type Candidate, cpuMs, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { zipf } from "../workload.ts";

const KEYS = 10_000;
const SIZE = 1000;
const SKEW = 0.9;

interface Value {
  readonly id: number;
}

const values: readonly Value[] = Array.from({ length: KEYS }, (_, id) => ({ id }));
const keys: readonly string[] = Array.from({ length: KEYS }, (_, id) => `user:${id}`);
/** Each candidate has the loop over it as a function of its own, so that none shares its call sites. */
const order = zipf(1 << 18, KEYS, SKEW, 7);

function hitNote(state: { hits: number; lookups: number }): () => string {
  return () => `hit ratio ${(state.hits / state.lookups).toFixed(3)}`;
}

/** Bounded by bytes: what leaves the strong tier stays weakly reachable, up to twice as many entries. */
function byBytes(finalizers: boolean): Candidate {
  const cache = new WeakCache<string, Value>(createCore(), {
    name: "strong",
    tier: "strong+weak",
    maxSize: 2 * SIZE,
    maxBytes: SIZE,
    sizeOf: () => 1,
    finalizers,
  });
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: `WeakCache by bytes, ${finalizers ? "finalizers" : "no finalizers"}`,
    note: hitNote(state),
    run(n) {
      let hits = 0;
      let at = state.at;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.get(keys[id]!) !== undefined) hits += 1;
        else cache.put(keys[id]!, values[id]!);
      }
      state.at = at % order.length;
      state.hits += hits;
      state.lookups += n;
      return hits;
    },
  };
}

function lru(): Candidate {
  const cache = new LRUCache<string, Value>({ maxSize: SIZE, sizeCalculation: () => 1 });
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: "lru-cache by bytes",
    note: hitNote(state),
    run(n) {
      let hits = 0;
      let at = state.at;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.get(keys[id]!) !== undefined) hits += 1;
        else cache.set(keys[id]!, values[id]!);
      }
      state.at = at % order.length;
      state.hits += hits;
      state.lookups += n;
      return hits;
    },
  };
}

export async function run(plan: Plan): Promise<Report> {
  const peer = lru();
  const candidates = [peer, byBytes(true), byBytes(false)];
  const measured = await measure(candidates, plan, cpuMs);
  const title = `strong tier of ${SIZE} of ${KEYS} keys (Zipf ${SKEW}), bounded by bytes`;
  return { sections: [section(title, candidates, measured, peer.name)], targets: [] };
}
