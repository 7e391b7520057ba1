/**
 * A mixed load on a cache of 1,000 of 10,000 keys: get, and put what was missing, in the process's own CPU time. What an
 * entry takes. Hit ratios of the policies, which are the same on each runtime and are told on Node alone.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import QuickLRU from "quick-lru";
import { WeakLRUCache } from "weak-lru-cache";
import { createCore } from "../../src/core/index.ts";
import { WeakCache, type WeakCacheOptions } from "../../src/index.ts";
import { hitNote, KEYS, keys, order, SIZE, SKEW, type Value, values } from "../cache-load.ts";
import { bytesPerEntry, type Filled } from "../entry-bytes.ts";
import { type Candidate, cpuMs, measure, section } from "../harness.ts";
import { hitRatios } from "../hit-ratios.ts";
import { SieveCache } from "../peers/sieve-cache.ts";
import type { Plan } from "../plan.ts";
import type { Report, Section, Target } from "../report.ts";
import { ratios, spread } from "../statistics.ts";

function sieve(): Candidate {
  const cache = new SieveCache<string, Value>(createCore(), SIZE);
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: "Map + SieveOrder",
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

function lru(): Candidate {
  const cache = new LRUCache<string, Value>({ max: SIZE });
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: "lru-cache",
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

/** Keeps up to twice its `maxSize`, so it gets half. */
function quickLru(): Candidate {
  const cache = new QuickLRU<string, Value>({ maxSize: SIZE / 2 });
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: "quick-lru",
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

function strongCache(): Candidate {
  const cache = new WeakCache<string, Value>(createCore(), {
    name: "strong",
    tier: "strong+weak",
    maxSize: SIZE,
    maxBytes: 2 ** 30,
    sizeOf: () => 1,
  });
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: "WeakCache, strong tier",
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

/** The well-known short one: a hit puts the key behind the others, a full map loses its first. */
function mapLru(): Candidate {
  const cache = new Map<string, Value>();
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: "Map as LRU (delete and set)",
    note: hitNote(state),
    run(n) {
      let hits = 0;
      let at = state.at;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        const key = keys[id]!;
        const value = cache.get(key);
        if (value !== undefined) {
          hits += 1;
          cache.delete(key);
          cache.set(key, value);
        } else {
          if (cache.size >= SIZE) cache.delete(cache.keys().next().value!);
          cache.set(key, values[id]!);
        }
      }
      state.at = at % order.length;
      state.hits += hits;
      state.lookups += n;
      return hits;
    },
  };
}

const ENTRIES = 100_000;
const tiny: Value = { id: 0 };
const many: readonly string[] = Array.from({ length: ENTRIES }, (_, id) => `user:${id}`);

/** All with the same keys and one value, which somebody else holds. */
const filled: Readonly<Record<string, () => Filled>> = {
  "lru-cache": () => {
    const held = new LRUCache<string, Value>({ max: ENTRIES });
    for (const key of many) held.set(key, tiny);
    return { held, ownBytes: () => 0 };
  },
  "quick-lru": () => {
    const held = new QuickLRU<string, Value>({ maxSize: ENTRIES });
    for (const key of many) held.set(key, tiny);
    return { held, ownBytes: () => 0 };
  },
  "weak-lru-cache": () => {
    const held = new WeakLRUCache<string, Value>({ cacheSize: ENTRIES });
    for (const key of many) held.setValue(key, tiny);
    return { held, ownBytes: () => 0 };
  },
  "WeakCache, strong tier": () =>
    fill({ name: "strong", maxSize: ENTRIES, tier: "strong+weak", maxBytes: ENTRIES, sizeOf: () => 1 }),
  "WeakCache, weak": () => fill({ name: "weak", maxSize: ENTRIES }),
  "WeakCache, weak, no finalizers": () => fill({ name: "weak", maxSize: ENTRIES, finalizers: false }),
  "plain Map": () => {
    const held = new Map<string, Value>();
    for (const key of many) held.set(key, tiny);
    return { held, ownBytes: () => 0 };
  },
};

function fill(options: WeakCacheOptions<string, Value>): Filled {
  const core = createCore();
  const before = core.memoryBytes;
  const held = new WeakCache<string, Value>(core, options);
  for (const key of many) held.put(key, tiny);
  return { held, ownBytes: () => core.memoryBytes - before };
}

export async function run(plan: Plan): Promise<Report> {
  const peer = lru();
  const ours = strongCache();
  const candidates = [peer, ours, sieve(), quickLru(), mapLru()];
  const measured = await measure(candidates, plan, cpuMs);
  const sections: Section[] = [
    section(`cache of ${SIZE} of ${KEYS} keys (Zipf ${SKEW}), mixed load`, candidates, measured, peer.name),
    await bytesPerEntry(ENTRIES, filled),
  ];
  const targets: Target[] = [
    {
      name: "strong tier, mixed load to lru-cache",
      unit: "x",
      bound: "most",
      limit: 1,
      measured: spread(ratios(measured.get(ours.name)!, measured.get(peer.name)!)),
    },
  ];
  if (plan.runtime === "node") {
    const compared = hitRatios(plan.quick ? 200_000 : 500_000);
    sections.push(...compared.sections);
    targets.push(...compared.targets);
  }
  return { sections, targets };
}
