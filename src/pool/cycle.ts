import type { Core } from "../core/load.ts";
import type { Cycle } from "./economy.ts";

interface Lending {
  acquire(): object;
  release(object: object): void;
}

const cycles = new WeakMap<Core, Cycle>();

/**
 * A lease and its end in a pool of the same core that does nothing else: what pooling itself costs here.
 *
 * @param create makes that pool, for the first who asks
 */
export function cycleOf(core: Core, create: () => Lending): Cycle {
  let cycle = cycles.get(core);
  if (cycle === undefined) {
    const pool = create();
    cycle = (times) => {
      for (let i = 0; i < times; i++) pool.release(pool.acquire());
    };
    cycles.set(core, cycle);
  }
  return cycle;
}
