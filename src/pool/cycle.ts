import type { Core } from "../core/load.ts";
import type { Cycle } from "./economy.ts";
import { ObjectPool } from "./object-pool.ts";

const cycles = new WeakMap<Core, Cycle>();

/** A lease and its end in a pool of the same core that does nothing else: what pooling itself costs here. */
export function cycleOf(core: Core): Cycle {
  let cycle = cycles.get(core);
  if (cycle === undefined) {
    const pool = new ObjectPool<object>(core, {
      name: "cycle",
      factory: () => ({}),
      mode: "pooling",
      maxSize: 1,
    });
    cycle = (times) => {
      for (let i = 0; i < times; i++) pool.release(pool.acquire());
    };
    cycles.set(core, cycle);
  }
  return cycle;
}
