import { createCore } from "../../src/core/index.ts";
import { ObjectPool, type ObjectPoolOptions } from "../../src/index.ts";

export interface Box {
  id: number;
  uses: number;
}

const core = createCore();

/** A pool of numbered boxes. */
export function boxes(options: Partial<ObjectPoolOptions<Box>> = {}): ObjectPool<Box> {
  let id = 0;
  return new ObjectPool<Box>(core, { name: "boxes", factory: () => ({ id: ++id, uses: 0 }), ...options });
}

export function take(pool: ObjectPool<Box>, count: number): Box[] {
  return Array.from({ length: count }, () => pool.acquire());
}
