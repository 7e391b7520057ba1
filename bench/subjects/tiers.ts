/**
 * Caches bounded by bytes. Ours still finds, weakly, what it had to let go of: more hits, at the price of a
 * `WeakRef` for each. So it is compared where a miss costs nothing, which finds no use for a hit, and where it costs a
 * load. In the process's own CPU time.
 *
 * @module
 */
import { LRUCache } from "lru-cache";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { hitNote, KEYS, keys, order, SIZE, SKEW, type Value, values } from "../cache-load.ts";
import { type Candidate, cpuMs, type Measured, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report, Target } from "../report.ts";
import { ratios, spread } from "../statistics.ts";

/** Bounded by bytes: what leaves the strong tier stays weakly reachable, up to twice as many entries. */
function byBytes(demotion: "auto" | "always", load: (id: number) => Value): Candidate {
  const cache = new WeakCache<string, Value>(createCore(), {
    name: "strong",
    tier: "strong+weak",
    maxSize: 2 * SIZE,
    maxBytes: SIZE,
    sizeOf: () => 1,
    demotion,
  });
  const state = { hits: 0, lookups: 0, at: 0 };
  return {
    name: `WeakCache by bytes${demotion === "auto" ? "" : ", always demoting"}`,
    note: () => `${hitNote(state)()}, ${cache.getStats().strong!.mode}`,
    run(n) {
      let hits = 0;
      let at = state.at;
      for (let i = 0; i < n; i++) {
        const id = order[at++ & (order.length - 1)]!;
        if (cache.get(keys[id]!) !== undefined) hits += 1;
        else cache.put(keys[id]!, load(id));
      }
      state.at = at % order.length;
      state.hits += hits;
      state.lookups += n;
      return hits;
    },
  };
}

function lru(load: (id: number) => Value): Candidate {
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
        else cache.set(keys[id]!, load(id));
      }
      state.at = at % order.length;
      state.hits += hits;
      state.lookups += n;
      return hits;
    },
  };
}

const free = (id: number): Value => values[id]!;

/** Some µs of work, as of reading a record of 1 KB; the value is one that somebody else holds. */
const record = JSON.stringify(Array.from({ length: 40 }, (_, i) => ({ id: i, name: `name ${i}` })));
const parsed = (id: number): Value => values[(JSON.parse(record) as Value[]).length === 40 ? id : 0]!;

export async function run(plan: Plan): Promise<Report> {
  // One after the other: the engine would compile one code for caches that demote and caches that do not.
  const [peer, ours] = [lru(free), byBytes("auto", free)];
  const measured = await measure([peer, ours], plan, cpuMs);
  const [loadingPeer, loading] = [lru(parsed), byBytes("auto", parsed)];
  const loaded = await measure([loadingPeer, loading], plan, cpuMs);
  const [otherPeer, always] = [lru(free), byBytes("always", free)];
  const demoting = await measure([otherPeer, always], plan, cpuMs);
  const title = `strong tier of ${SIZE} of ${KEYS} keys (Zipf ${SKEW}), bounded by bytes`;
  return {
    sections: [
      section(`${title}; a miss costs nothing`, [peer, ours], measured, peer.name),
      section(`${title}; a miss parses 1 KB`, [loadingPeer, loading], loaded, loadingPeer.name),
      section(`${title}; a miss costs nothing, all demoted`, [otherPeer, always], demoting, otherPeer.name),
    ],
    targets: [
      against("strong tier by bytes, mixed load to lru-cache", measured, ours, peer),
      against("the same where a miss parses 1 KB", loaded, loading, loadingPeer),
    ],
  };
}

function against(name: string, measured: Measured, candidate: Candidate, peer: Candidate): Target {
  const values = ratios(measured.get(candidate.name)!, measured.get(peer.name)!);
  return { name, unit: "x", bound: "most", limit: 1, measured: spread(values) };
}
