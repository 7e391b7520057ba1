import { createCore } from "../src/core/index.ts";
import { type PolicyName, policies } from "./peers/policies.ts";
import type { Row, Section, Target } from "./report.ts";
import { median, ratios, spread } from "./statistics.ts";
import { KEYS, traces } from "./traces.ts";

const SEEDS = [7, 77, 777];
/** Of the keys that are asked for again and again. */
export const SHARES: readonly number[] = [0.01, 0.1, 0.3];

/** Share of hits, the first fifth left out, while the cache fills. */
export function hitRatio(name: PolicyName, size: number, keys: Int32Array): number {
  const policy = policies[name](size, createCore());
  const from = keys.length / 5;
  let hits = 0;
  for (let i = 0; i < keys.length; i++) if (policy.access(keys[i]!) && i >= from) hits += 1;
  return hits / (keys.length - from);
}

/** Every policy on every trace; SIEVE's target is to be above LRU wherever the trace is no pure loop. */
export function hitRatios(length: number): { sections: Section[]; targets: Target[] } {
  const names = Object.keys(policies) as PolicyName[];
  const rows = SHARES.map((): Row[] => []);
  const targets: Target[] = [];
  for (const trace of traces) {
    const least = SHARES.map((share, at) => {
      const size = KEYS * share;
      const found = new Map<PolicyName, number[]>(names.map((name) => [name, []]));
      for (const seed of SEEDS) {
        const keys = trace.make(length, size, seed);
        for (const name of names) found.get(name)!.push(hitRatio(name, size, keys));
      }
      const others = names.filter((name) => name !== "SIEVE");
      const told = others.map((name) => `${name} ${median(found.get(name)!).toFixed(3)}`);
      rows[at]!.push({ name: trace.name, value: median(found.get("SIEVE")!), note: told.join("  ") });
      return spread(ratios(found.get("SIEVE")!, found.get("LRU")!));
    }).sort((a, b) => a.median - b.median)[0]!;
    if (trace.loop) continue;
    targets.push({
      name: `hits to LRU, least of the sizes: ${trace.name}`,
      unit: "x",
      bound: "least",
      limit: 1,
      measured: least,
    });
  }
  const sections = SHARES.map((share, at) => ({
    title: `hit ratios, cache of ${share * 100} % of ${KEYS} keys`,
    unit: "SIEVE",
    rows: rows[at]!,
  }));
  return { sections, targets };
}
