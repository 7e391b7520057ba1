import type { Core } from "../core/load.ts";
import type { Cycle } from "./economy.ts";
import type { ObjectPoolOptions } from "./options.ts";

interface Lending {
  acquire(): object;
  release(object: object): void;
}

/** A pool that does nothing but lend. */
const BARE: ObjectPoolOptions<object> = {
  name: "cycle",
  factory: () => ({}),
  mode: "pooling",
  maxSize: 1,
  maxTotal: 1,
};

const cycles = new WeakMap<Core, Cycle>();

/**
 * A lease and its end in a pool of the same core that does nothing else: what pooling itself costs here.
 *
 * @param create makes that pool, for the first who asks
 */
export function cycleOf(core: Core, create: (options: ObjectPoolOptions<object>) => Lending): Cycle {
  let cycle = cycles.get(core);
  if (cycle === undefined) {
    const pool = create(BARE);
    cycle = (times) => {
      for (let i = 0; i < times; i++) pool.release(pool.acquire());
    };
    cycles.set(core, cycle);
  }
  return cycle;
}
