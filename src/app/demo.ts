import { Hono } from "hono";
import { stream } from "hono/streaming";
import type { VelithonVariables } from "../middleware/govern.ts";
import type { MemoryOptimizer } from "../optimizer/memory-optimizer.ts";
import type { ObjectPool } from "../pool/object-pool.ts";
import { type GovernedRequest, governedRequest } from "../requests/governed.ts";

/** One row of the demo's data: a media type, as the package `mime-db` has it. */
export interface MediaType {
  readonly source?: string;
  readonly charset?: string;
  readonly compressible?: boolean;
  readonly extensions?: readonly string[];
}

/** The demo's data: media types by name. */
export type MediaTypes = Readonly<Record<string, MediaType>>;

/** What the summary needs while it counts: heavy enough to be worth keeping. */
class Tally {
  readonly count = new Map<string, number>();
  readonly extensions = new Map<string, number>();
  readonly lengths = new Uint32Array(256);

  reset(): void {
    this.count.clear();
    this.extensions.clear();
    this.lengths.fill(0);
  }
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return 50;
  const limit = Number(text);
  return Number.isInteger(limit) && limit >= 1 && limit <= 5000 ? limit : undefined;
}

/** The routes, and the pool and cache behind them. */
interface Demo {
  readonly routes: Hono<{ Variables: VelithonVariables }>;
  close(): void;
}

function createTallies(optimizer: MemoryOptimizer, undo: () => void): ObjectPool<Tally> {
  try {
    return optimizer.createObjectPool({
      name: "demo_tallies",
      factory: () => new Tally(),
      reset: (tally) => tally.reset(),
    });
  } catch (error) {
    undo();
    throw error;
  }
}

/**
 * Routes that do a server's usual work on real data: parse, filter, aggregate, respond. The summary uses a
 * pool, a weak cache and the request's context.
 */
export function createDemo(optimizer: MemoryOptimizer, data: MediaTypes): Demo {
  const text = JSON.stringify(data);
  const parse = () => JSON.parse(text) as MediaTypes;
  const parsed = optimizer.createWeakCache<string, MediaTypes>({ name: "demo_parsed" });
  const tallies = createTallies(optimizer, () => parsed.close());
  const demo = new Hono<{ Variables: VelithonVariables }>();

  demo.get("/types", (c) => {
    const { source, search, limit } = c.req.query();
    const most = limitOf(limit);
    if (most === undefined) {
      return c.json({ error: "limit; accepted: 1 to 5000" }, 400);
    }
    const found = Object.entries(parse())
      .filter(([name, type]) => (!source || type.source === source) && (!search || name.includes(search)))
      .map(([name, type]) => ({ name, ...type }));
    return c.json({ found: found.length, types: found.slice(0, most) });
  });

  demo.get("/summary", (c) => {
    const request = (c.get("velithon") as GovernedRequest | undefined) ?? governedRequest(c.req.raw);
    // Without governance there is no context: then the collector takes the tally, as any other object.
    const tally = request?.context.acquire(tallies) ?? new Tally();
    let types = parsed.get("all");
    if (types === undefined) {
      types = parse();
      parsed.put("all", types);
    }
    for (const [name, type] of Object.entries(types)) {
      const top = name.slice(0, name.indexOf("/"));
      tally.count.set(top, (tally.count.get(top) ?? 0) + 1);
      tally.extensions.set(top, (tally.extensions.get(top) ?? 0) + (type.extensions?.length ?? 0));
      tally.lengths[Math.min(255, name.length)]! += 1;
    }
    return c.json({
      types: Object.fromEntries(tally.count),
      extensions: Object.fromEntries(tally.extensions),
      longestName: tally.lengths.reduce((longest, count, length) => (count > 0 ? length : longest), 0),
    });
  });

  demo.get("/stream", (c) => {
    c.header("content-type", "application/x-ndjson");
    return stream(c, async (out) => {
      const names = Object.keys(data);
      for (let i = 0; i < 20 && !out.aborted; i++) {
        await out.writeln(JSON.stringify({ line: i, name: names[i] }));
        await out.sleep(100);
      }
    });
  });

  return {
    routes: demo,
    close() {
      tallies.close();
      parsed.close();
    },
  };
}
