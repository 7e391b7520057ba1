import type { Flights } from "./flights.ts";
import type { StrongTierStats, WeakCacheStats } from "./options.ts";
import type { Store } from "./store.ts";
import type { Tiers } from "./tiers.ts";

/** Of both tiers together. */
export function countsOf<K, V extends object>({
  weak,
  strong,
  demoted,
}: Tiers<K, V>): { hits: number; misses: number; evictions: number } {
  const all = weak.order.stats();
  if (strong === undefined) return all;
  const { hits, evictions } = strong.order.stats();
  return { hits: hits + all.hits, misses: all.misses, evictions: evictions + all.evictions - demoted };
}

function strongStats<K, V extends object>(tiers: Tiers<K, V>): StrongTierStats | undefined {
  const { strong, demotion } = tiers;
  return (
    strong && {
      size: strong.order.size,
      bytes: tiers.strongBytes,
      maxBytes: tiers.maxBytes,
      mode: tiers.drops || demotion?.bypassed ? "bypass" : "demoting",
      demoted: tiers.demoted,
      dropped: tiers.dropped,
      promoted: tiers.promoted,
      savedNs: demotion?.figures?.savedNs,
      demotionNs: demotion?.figures?.demotionNs,
    }
  );
}

export function cacheStats<K, V extends object>(store: Store<K, V>, flights: Flights<K, V>): WeakCacheStats {
  const { tiers } = store;
  const { hits, misses, evictions } = countsOf(tiers);
  const lookups = hits + misses;
  return {
    size: tiers.at.size,
    maxSize: tiers.maxSize,
    hits,
    misses,
    hitRatio: lookups === 0 ? undefined : hits / lookups,
    evictions,
    collected: store.collected,
    expired: store.expired,
    loads: flights.started,
    loadFailures: flights.failed,
    loadsShared: flights.shared,
    meanLoadMs: flights.meanMs,
    removeFailures: store.removeFailures,
    strong: strongStats(tiers),
  };
}
