import { MAX_CAPACITY } from "../core/table.ts";
import { callable, having, integer, name, optional, options, parseOptions } from "../shared/options.ts";

/** Makes the objects of a pool; `reset` prepares a returned one for its next holder. */
export interface PoolFactory<T extends object> {
  create(): T;
  /** May return another object to keep in its place. */
  reset?(object: T): T | undefined | void;
}

export interface ObjectPoolOptions<T extends object> {
  /** Unique within its optimizer; the key in the statistics. */
  name: string;
  /** A function that makes an object, or an object with `create` and, if wanted, `reset`. */
  factory: (() => T) | PoolFactory<T>;
  /** Instead of the factory's own. May return another object to keep in its place. */
  reset?: ((object: T) => T | undefined | void) | undefined;
  /** Objects kept idle, 0 to 1,048,576; 0 keeps none. Default 100, or `VELITHON_POOL_MAX_SIZE`. */
  maxSize?: number | undefined;
  /** What one object holds, in bytes, for the optimizer's budget, 1 to 2^40. Default 1024: an assumption. */
  objectBytes?: number | undefined;
  /** Bytes that the optimizer's budget leaves it in any case, 0 to 2^40. Default 0. */
  pinnedBytes?: number | undefined;
}

export interface ObjectPoolStats {
  /** Objects kept idle now. */
  readonly poolSize: number;
  readonly maxSize: number;
  readonly inUse: number;
  /** Most in use at once. */
  readonly highWater: number;
  readonly created: number;
  readonly reused: number;
  /** Reused out of all acquired, 0 .. 1; `undefined` before the first acquire. */
  readonly reuseRatio: number | undefined;
  /** Let go of: given back above `maxSize`, dropped by a clean-up, or failed to reset. */
  readonly discarded: number;
  readonly resetFailures: number;
  /** Refused: the object or handle was given back before. */
  readonly doubleReleases: number;
  /** Refused: the handle is of an earlier lease. */
  readonly staleReleases: number;
  /** Of those in use: handed out above the planned capacity, let go of when given back. */
  readonly overflow: number;
}

const schema = options({
  name: name(),
  factory: having<(() => object) | PoolFactory<object>>(
    "a function that makes an object, or an object with create and optionally reset",
    (value) =>
      typeof value === "function" ||
      (typeof value === "object" &&
        value !== null &&
        typeof (value as PoolFactory<object>).create === "function" &&
        ["function", "undefined"].includes(typeof (value as PoolFactory<object>).reset)),
  ),
  reset: optional(callable<(object: object) => object | undefined>()),
  maxSize: optional(integer(0, MAX_CAPACITY)),
  objectBytes: optional(integer(1, 2 ** 40)),
  pinnedBytes: optional(integer(0, 2 ** 40)),
});

/** @internal Places beyond the idle ones, so that a burst of leases stays within the table. */
export function capacityFor(maxSize: number): number {
  return Math.min(MAX_CAPACITY, Math.max(1024, maxSize * 4));
}

/** @internal Checked. */
export interface ObjectPoolSettings<T extends object> {
  readonly name: string;
  readonly create: () => T;
  readonly reset: ((object: T) => T | undefined | void) | undefined;
  readonly maxSize: number | undefined;
}

/** @internal @throws `INVALID_OPTION` */
export function parsePoolOptions<T extends object>(given: ObjectPoolOptions<T>): ObjectPoolSettings<T> {
  const parsed = parseOptions("createObjectPool", schema, given);
  const factory = parsed.factory as (() => T) | PoolFactory<T>;
  const reset = parsed.reset as ((object: T) => T | undefined) | undefined;
  const { name, maxSize } = parsed;
  if (typeof factory === "function") return { name, create: factory, reset, maxSize };
  const own = factory.reset === undefined ? undefined : (object: T) => factory.reset?.(object);
  return { name, create: () => factory.create(), reset: reset ?? own, maxSize };
}
