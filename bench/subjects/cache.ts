/**
 * A mixed load on a cache of 1,000 of 10,000 keys: get, and put what was missing.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import { createCore } from "../../src/core/index.ts";
import { type Candidate, measure, section } from "../harness.ts";
import { SieveCache } from "../peers/sieve-cache.ts";
import type { Report } from "../report.ts";
import { ratios, spread } from "../statistics.ts";
import type { Plan } from "../subjects.ts";
import { zipf } from "../workload.ts";

const KEYS = 10_000;
const SIZE = 1000;
const SKEW = 0.9;

interface Value {
  readonly id: number;
}

const values: readonly Value[] = Array.from({ length: KEYS }, (_, id) => ({ id }));
const keys: readonly string[] = Array.from({ length: KEYS }, (_, id) => `user:${id}`);
const order = zipf(1 << 18, KEYS, SKEW, 7);

/** Each candidate has this loop as a function of its own, so that none shares its call sites. */
function hitNote(state: { hits: number; lookups: number }): () => string {
  return () => `hit ratio ${(state.hits / state.lookups).toFixed(3)}`;
}

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

export async function run(plan: Plan): Promise<Report> {
  const peer = lru();
  const ours = sieve();
  const candidates = [peer, ours, mapLru()];
  const measured = await measure(candidates, plan);
  return {
    sections: [
      section(`cache of ${SIZE} of ${KEYS} keys (Zipf ${SKEW}), mixed load`, candidates, measured, peer.name),
    ],
    targets: [
      {
        name: "SIEVE mixed load to lru-cache",
        unit: "x",
        bound: "most",
        limit: 1,
        measured: spread(ratios(measured.get(ours.name)!, measured.get(peer.name)!)),
      },
    ],
  };
}
