/**
 * `getMemoryStats()` at a hot rate, with pools and caches to report on.
 *
 * @module
 */
import { type Candidate, measure, section } from "../harness.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report.ts";
import { library } from "../runtimes.ts";
import { spread } from "../statistics.ts";

const LIMIT_US = 5;

export async function run(plan: Plan): Promise<Report> {
  const { createMemoryOptimizer } = await library();
  const optimizer = createMemoryOptimizer().enable();
  for (const name of ["buffers", "rows", "parsers"]) {
    const pool = optimizer.createObjectPool({ name, factory: () => ({ rows: [] as number[] }) });
    const objects = [pool.acquire(), pool.acquire()];
    for (const object of objects) pool.release(object);
  }
  const held = Array.from({ length: 100 }, (_, id) => ({ id }));
  for (const name of ["users", "pages", "queries"]) {
    const cache = optimizer.createWeakCache<number, { id: number }>({ name });
    for (const value of held) cache.put(value.id, value);
    for (const value of held) cache.get(value.id);
  }
  for (let i = 0; i < 1000; i++) optimizer.requests.end(optimizer.requests.start());
  const whole: Candidate = {
    name: "getMemoryStats()",
    run(n) {
      let sum = 0;
      for (let i = 0; i < n; i++) sum += optimizer.getMemoryStats().requests.finished;
      return sum;
    },
  };
  const candidates = [whole];
  const measured = await measure(candidates, plan);
  optimizer.disable();
  return {
    sections: [section("statistics, 3 pools and 3 caches", candidates, measured, whole.name)],
    targets: [
      {
        name: "getMemoryStats()",
        unit: "µs",
        bound: "most",
        limit: LIMIT_US,
        measured: spread(measured.get(whole.name)!.map((ns) => ns / 1000)),
      },
    ],
  };
}
