/**
 * The same load with and without each feature, and the figure that each is there for. Nothing here keeps what
 * does not pay: run `node --import tsx -e 'import("./examples/earns-its-keep.ts").then((m) => m.print())'`.
 */
import {
  createMemoryOptimizer,
  type MemoryOptimizer,
  type ObjectPool,
  RequestMemoryContext,
  type WeakCache,
} from "velithon";

/** What one feature is there for, counted without it and with it. */
export interface Comparison {
  readonly feature: string;
  readonly counts: string;
  readonly without: number;
  readonly with: number;
}

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

/** A heavy object: what a request needs to work on its rows. */
const makeWorkspace = (): Map<string, number[]> =>
  new Map(Array.from({ length: 200 }, (_, i) => [`column ${i}`, new Array<number>(50).fill(0)]));

/** 2,000 requests, 20 at a time, each with a workspace. */
export async function pooled(optimizer: MemoryOptimizer): Promise<Comparison> {
  let made = 0;
  const factory = (): Map<string, number[]> => {
    made += 1;
    return makeWorkspace();
  };
  const work = async (workspace: Map<string, number[]>): Promise<void> => {
    workspace.get("column 7")![3] = 1;
    await Promise.resolve();
  };
  const serve = async (handle: () => Promise<void>): Promise<number> => {
    made = 0;
    for (let i = 0; i < 100; i++) await Promise.all(Array.from({ length: 20 }, handle));
    return made;
  };
  const without = await serve(() => work(factory()));
  const pool = optimizer.createObjectPool({
    name: "workspaces",
    factory,
    reset: (workspace) => void workspace.get("column 7")!.fill(0),
    maxSize: 20,
    // Counted exactly: by itself a pool makes one object in a while anew, to see what pooling saves.
    mode: "pooling",
  });
  const withIt = await serve(() => pool.use(work));
  pool.close();
  return { feature: "object pool", counts: "heavy objects made", without, with: withIt };
}

/** 1,000 uploads of 48,000 bytes, 10 at a time, each read into bytes that start as zeros. */
export async function buffered(optimizer: MemoryOptimizer): Promise<Comparison> {
  const size = 48_000;
  const serve = async (handle: () => Promise<void>): Promise<void> => {
    for (let i = 0; i < 100; i++) await Promise.all(Array.from({ length: 10 }, handle));
  };
  const read = async (bytes: Uint8Array): Promise<void> => {
    if (bytes[size - 1] !== 0) throw new Error("another upload's bytes");
    await Promise.resolve();
    bytes.fill(1);
  };
  let without = 0;
  await serve(() => {
    without += size;
    return read(new Uint8Array(size));
  });
  const pool = optimizer.createBufferPool({ name: "uploads" });
  await serve(() => pool.use(size, read));
  const { created, classes } = pool.getStats();
  const made = created * classes[0]!.bufferBytes;
  pool.close();
  return { feature: "buffer pool", counts: "bytes made", without, with: made };
}

interface User {
  readonly id: number;
  readonly name: string;
}

/** 200 rounds of 50 requests at once, for 2,000 users of whom some come often. Room for 400 of them. */
export async function cached(optimizer: MemoryOptimizer): Promise<Comparison> {
  let queries = 0;
  const query = async (id: number): Promise<User> => {
    queries += 1;
    await Promise.resolve();
    return { id, name: `user ${id}` };
  };
  const serve = async (find: (id: number) => Promise<User>): Promise<number> => {
    queries = 0;
    const random = randomNumbers(1);
    for (let round = 0; round < 200; round++) {
      const ids = Array.from({ length: 50 }, () => Math.floor(2000 ** random()) - 1);
      const users = await Promise.all(ids.map(find));
      if (users.some((user, i) => user.id !== ids[i])) throw new Error("the wrong user");
    }
    return queries;
  };
  const cache = optimizer.createWeakCache<number, User>({
    name: "users",
    tier: "strong+weak",
    maxSize: 400,
    maxBytes: 400 * 100,
    sizeOf: () => 100,
  });
  const without = await serve(query);
  const withIt = await serve((id) => cache.getOrCreate(id, query));
  cache.close();
  return { feature: "cache, one load for many callers", counts: "queries", without, with: withIt };
}

/** Two caches of 100-byte entries, one of them asked for what comes again. Halves, or one budget for both. */
export function budgeted(optimizerOf: (budgetBytes: number | undefined) => MemoryOptimizer): Comparison {
  const total = 80_000;
  const misses = (budgetBytes: number | undefined): number => {
    const optimizer = optimizerOf(budgetBytes);
    const cacheOf = (name: string): WeakCache<number, User> =>
      optimizer.createWeakCache<number, User>({
        name,
        tier: "strong+weak",
        maxBytes: budgetBytes ?? total / 2,
        sizeOf: () => 100,
        maxSize: 100_000,
      });
    const busy = cacheOf("busy");
    const poor = cacheOf("poor");
    const random = randomNumbers(2);
    let missed = 0;
    const look = (cache: WeakCache<number, User>, id: number): void => {
      if (cache.get(id) === undefined) {
        missed += 1;
        cache.put(id, { id, name: "" });
      }
      // As if every demoted value were collected at once: the bytes that are held are all that counts.
      cache.dropCold();
    };
    for (let second = 0; second < 60; second++) {
      for (let i = 0; i < 500; i++) {
        look(busy, Math.floor(700 * random()));
        look(poor, Math.floor(1e6 * random()));
      }
      optimizer.budget.step();
    }
    busy.close();
    poor.close();
    return missed;
  };
  return { feature: "one budget", counts: "misses", without: misses(undefined), with: misses(total) };
}

/** 1,000 requests, of which every fifth fails halfway, with a leased workspace each. */
export function scoped(optimizer: MemoryOptimizer): Comparison {
  const leftAfter = (serve: (pool: ObjectPool<object>, fails: boolean) => void): number => {
    const pool = optimizer.createObjectPool<object>({ name: "leases", factory: makeWorkspace, maxSize: 10 });
    for (let i = 0; i < 1000; i++) {
      try {
        serve(pool, i % 5 === 0);
      } catch {
        // The server answers 500.
      }
    }
    const { inUse } = pool.getStats();
    pool.close();
    return inUse;
  };
  const fail = (fails: boolean): void => {
    if (fails) throw new Error("halfway");
  };
  const without = leftAfter((pool, fails) => {
    const workspace = pool.acquire();
    fail(fails);
    pool.release(workspace);
  });
  const withIt = leftAfter((pool, fails) => {
    const context = new RequestMemoryContext();
    try {
      context.acquire(pool);
      fail(fails);
    } finally {
      context.close();
    }
  });
  return { feature: "request context", counts: "objects never given back", without, with: withIt };
}

export async function compareAll(): Promise<Comparison[]> {
  const optimizer = createMemoryOptimizer();
  return [
    await pooled(optimizer),
    await buffered(optimizer),
    await cached(optimizer),
    budgeted((budgetBytes) => createMemoryOptimizer({ budgetBytes })),
    scoped(optimizer),
  ];
}

export async function print(): Promise<void> {
  for (const { feature, counts, without, with: withIt } of await compareAll()) {
    console.log(`${feature}: ${counts} ${without} without, ${withIt} with`);
  }
}
