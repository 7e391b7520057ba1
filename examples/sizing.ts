/**
 * How large to make a pool and a cache: measured under a load that looks like yours, instead of guessed.
 * Prints a table when called as `printSizes()`; the load is simulated and the same each time.
 */
import { createMemoryOptimizer, type MemoryOptimizer } from "velithon";

export interface Load {
  readonly name: string;
  /** Requests at the same time. */
  readonly concurrency: number;
  readonly requests: number;
  /** Different things that requests ask for; a few are asked for most of the time. */
  readonly keys: number;
}

export const loads: readonly Load[] = [
  { name: "low", concurrency: 10, requests: 2_000, keys: 500 },
  { name: "medium", concurrency: 60, requests: 6_000, keys: 2_000 },
  { name: "high", concurrency: 150, requests: 12_000, keys: 8_000 },
];

export interface PoolAdvice {
  /** Most objects in use at once. */
  readonly highWater: number;
  /** Of all acquired, with the advised size. */
  readonly reuseRatio: number;
  readonly maxSize: number;
}

export interface CacheAdvice {
  /** By size tried: hits out of all look-ups. */
  readonly hitRatios: ReadonlyMap<number, number>;
  readonly maxSize: number;
}

const ENOUGH = 0.9;

/** Numbers from 0 to 1, the same each time (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A key: the n-th is asked for about 1/n as often as the first, as in most real loads (Zipf). */
function pickKey(random: () => number, keys: number): number {
  return Math.floor(keys ** random()) - 1;
}

/** Runs `handle` for each request, `concurrency` at a time. */
async function run({ concurrency, requests }: Load, handle: () => Promise<void>): Promise<void> {
  let left = requests;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await handle();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

/** Keep as many as were in use at once: then nobody waits for a new one at a peak. */
export async function sizePool(optimizer: MemoryOptimizer, load: Load): Promise<PoolAdvice> {
  const measure = async (maxSize: number) => {
    const pool = optimizer.createObjectPool({
      name: `sizing ${load.name}`,
      factory: () => new Map<string, number>(),
      reset: (map) => map.clear(),
      maxSize,
      // By itself a pool makes one object in a while anew, to see what pooling saves.
      mode: "pooling",
    });
    await run(load, () =>
      pool.use(async (map) => {
        map.set("row", 1);
        // Stands for the database.
        await Promise.resolve();
      }),
    );
    const stats = pool.getStats();
    pool.close();
    return stats;
  };
  // With room for all: the high-water mark is the need.
  const { highWater } = await measure(load.concurrency);
  const { reuseRatio } = await measure(highWater);
  return { highWater, reuseRatio: reuseRatio ?? 0, maxSize: highWater };
}

/** The smallest size that gets nine tenths of the hits that a cache for all keys gets. */
export function sizeCache(optimizer: MemoryOptimizer, load: Load): CacheAdvice {
  // A weak cache holds nothing alive: here the data set does.
  const rows = Array.from({ length: load.keys }, (_, key) => ({ key }));
  const hitRatios = new Map<number, number>();
  for (const share of [0.05, 0.1, 0.2, 0.4, 0.8, 1]) {
    const maxSize = Math.ceil(load.keys * share);
    const cache = optimizer.createWeakCache<number, { key: number }>({
      name: `sizing ${load.name}`,
      maxSize,
    });
    const random = randomNumbers(1);
    for (let i = 0; i < load.requests * 4; i++) {
      const key = pickKey(random, load.keys);
      if (cache.get(key) === undefined) cache.put(key, rows[key]!);
    }
    hitRatios.set(maxSize, cache.getStats().hitRatio ?? 0);
    cache.close();
  }
  const best = Math.max(...hitRatios.values());
  const [maxSize] = [...hitRatios].find(([, ratio]) => ratio >= best * ENOUGH)!;
  return { hitRatios, maxSize };
}

export async function printSizes(): Promise<void> {
  const optimizer = createMemoryOptimizer();
  for (const load of loads) {
    const pool = await sizePool(optimizer, load);
    const cache = sizeCache(optimizer, load);
    const tried = [...cache.hitRatios].map(([size, ratio]) => `${size}: ${(ratio * 100).toFixed(0)} %`);
    console.log(
      `${load.name}: pool maxSize ${pool.maxSize} (reuse ${(pool.reuseRatio * 100).toFixed(0)} %), ` +
        `cache maxSize ${cache.maxSize} (hits by size: ${tried.join(", ")})`,
    );
  }
}
