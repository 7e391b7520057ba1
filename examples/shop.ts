/**
 * A small shop whose features can be switched off one by one, and a load for it: what each feature saves is counted
 * with the same requests. `node --import tsx -e 'import("./examples/shop.ts").then((m) => m.print())'`.
 */
import { Hono } from "hono";
import {
  createMemoryOptimizer,
  type MemoryOptimizer,
  memoryOptimization,
  type VelithonVariables,
} from "velithon";

export interface Features {
  /** Receipts are drawn in workspaces that are used again. */
  pool: boolean;
  /** Products are looked up once for all who ask at the same time, and then kept. */
  cache: boolean;
  /** What a request leased goes back at its end, however it ends. */
  context: boolean;
}

const ALL: Features = { pool: true, cache: true, context: true };

interface Product {
  readonly id: number;
  readonly priceCents: number;
}

/** 64 KB, and a table that is dear to fill. */
interface Workspace {
  readonly bytes: Uint8Array;
  readonly words: Map<string, number>;
}

export interface Shop {
  readonly app: Hono<{ Variables: VelithonVariables }>;
  /** What the requests so far took. */
  readonly taken: { workspaces: number; queries: number };
  /** Workspaces that are out. */
  leased(): number;
  close(): void;
}

export function createShop(optimizer: MemoryOptimizer, features: Features = ALL): Shop {
  const taken = { workspaces: 0, queries: 0 };
  const makeWorkspace = (): Workspace => {
    taken.workspaces += 1;
    const words = new Map(Array.from({ length: 256 }, (_, i) => [`word ${i}`, i]));
    return { bytes: new Uint8Array(65_536), words };
  };
  const workspaces = optimizer.createObjectPool<Workspace>({
    name: "workspaces",
    factory: makeWorkspace,
    reset: ({ bytes }) => void bytes.fill(0, 0, 64),
    // Counted exactly: by itself a pool makes one in a while anew, to see what pooling saves.
    mode: "pooling",
    maxSize: features.pool ? 50 : 0,
  });
  const products = optimizer.createWeakCache<number, Product>({
    name: "products",
    tier: "strong+weak",
    maxSize: 500,
    maxBytes: 50_000,
    sizeOf: () => 100,
  });

  const query = async (id: number): Promise<Product> => {
    taken.queries += 1;
    await Promise.resolve();
    return { id, priceCents: 100 + id };
  };
  const find = (id: number): Promise<Product> =>
    features.cache ? products.getOrCreate(id, query) : query(id);

  const draw = ({ bytes, words }: Workspace, { priceCents }: Product): string => {
    bytes[0] = words.size & 255;
    return `${priceCents} cents`;
  };

  const app = new Hono<{ Variables: VelithonVariables }>();
  app.use(memoryOptimization({ optimizer }));
  app.onError((_, c) => c.text("failed", 500));

  app.get("/products/:id", async (c) => c.json(await find(Number(c.req.param("id")))));

  app.get("/receipts/:id", async (c) => {
    const id = Number(c.req.param("id"));
    const workspace = features.context ? c.var.velithon.context.acquire(workspaces) : workspaces.acquire();
    const product = await find(id);
    if (id % 50 === 49) throw new Error("out of paper");
    const receipt = draw(workspace, product);
    if (!features.context) workspaces.release(workspace);
    return c.text(receipt);
  });

  return {
    app,
    taken,
    leased: () => workspaces.getStats().inUse,
    close() {
      workspaces.close();
      products.close();
    },
  };
}

export interface Load {
  readonly requests: number;
  readonly failed: number;
}

/** Rounds of 20 requests at once, half for receipts, for 1,000 products of which some are asked for often. */
export async function drive(
  request: (path: string) => Response | Promise<Response>,
  rounds = 100,
): Promise<Load> {
  let state = 7;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let requests = 0;
  let failed = 0;
  for (let round = 0; round < rounds; round++) {
    const paths = Array.from({ length: 20 }, (_, i) => {
      const id = Math.floor(1000 ** random()) - 1;
      return i % 2 === 0 ? `/receipts/${id}` : `/products/${id}`;
    });
    await Promise.all(
      paths.map(async (path) => {
        const response = await request(path);
        await response.text();
        requests += 1;
        if (!response.ok) failed += 1;
      }),
    );
  }
  return { requests, failed };
}

export interface Figure {
  readonly feature: keyof Features;
  readonly counts: string;
  readonly without: number;
  readonly with: number;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Served {
  request(path: string): Response | Promise<Response>;
  close(): Promise<void>;
}

const inProcess = async ({ app }: Shop): Promise<Served> => ({
  request: (path) => app.request(path),
  close: async () => {},
});

/** The same load with all features, and without each. `serve`: how to reach the shop; by itself without a socket. */
export async function compare(
  serve: (shop: Shop) => Promise<Served> = inProcess,
  rounds = 100,
): Promise<Figure[]> {
  const figuresOf = async (features: Features): Promise<{ made: number; queries: number; lost: number }> => {
    const optimizer = createMemoryOptimizer();
    optimizer.enable();
    const shop = createShop(optimizer, features);
    const { request, close } = await serve(shop);
    await drive(request, rounds);
    await close();
    // A request ends once its response has left, which a client may see first.
    for (let i = 0; i < 100 && features.context && shop.leased() > 0; i++) await sleep(10);
    const { workspaces: made, queries } = shop.taken;
    const lost = shop.leased();
    shop.close();
    optimizer.disable();
    return { made, queries, lost };
  };
  const all = await figuresOf(ALL);
  const [pool, cache, context] = [
    await figuresOf({ ...ALL, pool: false }),
    await figuresOf({ ...ALL, cache: false }),
    await figuresOf({ ...ALL, context: false }),
  ];
  return [
    { feature: "pool", counts: "workspaces made", without: pool.made, with: all.made },
    { feature: "cache", counts: "queries", without: cache.queries, with: all.queries },
    { feature: "context", counts: "workspaces never given back", without: context.lost, with: all.lost },
  ];
}

export async function print(): Promise<void> {
  for (const { feature, counts, without, with: withIt } of await compare()) {
    console.log(`${feature}: ${counts} ${without} without, ${withIt} with`);
  }
}
