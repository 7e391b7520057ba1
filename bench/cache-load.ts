/**
 * The load of the benches of caches: keys and values, of which a cache has room for a tenth, in an order by Zipf. The loop
 * over it is written out in each candidate, so that none shares its call sites.
 *
 * @module
 */
import { zipf } from "./workload.ts";

export const KEYS = 10_000;
export const SIZE = 1000;
export const SKEW = 0.9;

export interface Value {
  readonly id: number;
}

export const values: readonly Value[] = Array.from({ length: KEYS }, (_, id) => ({ id }));
export const keys: readonly string[] = Array.from({ length: KEYS }, (_, id) => `user:${id}`);
export const order: Int32Array = zipf(1 << 18, KEYS, SKEW, 7);

export function hitNote(state: { hits: number; lookups: number }): () => string {
  return () => `hit ratio ${(state.hits / state.lookups).toFixed(3)}`;
}
