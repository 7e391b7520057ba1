import { MAX_CAPACITY } from "../core/table.ts";
import { VelithonError } from "../shared/errors.ts";
import {
  callable,
  having,
  integer,
  name,
  number,
  oneOf,
  optional,
  options,
  parseOptions,
} from "../shared/options.ts";
import type { PoolMode } from "./economy.ts";
import type { LeakDetection, LeakReport, LeakSettings } from "./leaks.ts";

/** Makes the objects of a pool; `reset` prepares a returned one for its next holder. */
export interface PoolFactory<T extends object> {
  /** Makes a new object. */
  create(): T;
  /** May return another object to keep in its place. */
  reset?(object: T): T | undefined | void;
  /** Frees what an object holds that is let go of: above `maxSize`, idle for too long, failed to reset. */
  dispose?(object: T): void;
}

/**
 * Options of `createObjectPool`.
 *
 * @example
 * ```ts
 * const maps = getMemoryOptimizer().createObjectPool({
 *   name: "maps", factory: () => new Map<string, number>(), reset: (map) => map.clear(), maxSize: 50,
 * });
 * const total = maps.use((map) => count(rows, map));
 * ```
 */
export interface ObjectPoolOptions<T extends object> {
  /** Unique within its optimizer; the key in the statistics. */
  name: string;
  /** A function that makes an object, or an object with `create` and, if wanted, `reset`. */
  factory: (() => T) | PoolFactory<T>;
  /** Instead of the factory's own. May return another object to keep in its place. */
  reset?: ((object: T) => T | undefined | void) | undefined;
  /** Objects kept idle, 0 to 1,048,576; 0 keeps none. Default 100, or `VELITHON_POOL_MAX_SIZE`. */
  maxSize?: number | undefined;
  /** What one object holds, in bytes, 1 to 2^40: for `idleBytes`, and for the optimizer's budget, which else assumes 1024. */
  objectBytes?: number | undefined;
  /** Bytes that the optimizer's budget leaves it in any case, 0 to 2^40. Default 0. */
  pinnedBytes?: number | undefined;
  /** Objects idle and in use together, 1 to 1,048,576; above it acquiring throws `POOL_EXHAUSTED`. Default: no bound. */
  maxTotal?: number | undefined;
  /** Instead of the factory's own. */
  dispose?: ((object: T) => void) | undefined;
  /** Objects that nobody needed for so long are let go of, up to twice as late; 0: none. Default 300,000. */
  maxIdleMs?: number | undefined;
  /**
   * `auto`: bypassed while making objects costs less than reusing them. Default `auto`, but `pooling` with a
   * `maxTotal` or a `dispose`, which would not hold for objects that the pool does not know.
   */
  mode?: "auto" | PoolMode | undefined;
  /** Which leases are watched: none, one in 128, or all. Default `off`. */
  leakDetection?: LeakDetection | undefined;
  /** A watched lease held for longer is reported, in ms. Default 60,000. */
  leakThresholdMs?: number | undefined;
  /** Told of each reported lease once. */
  onLeak?: ((leak: LeakReport) => void) | undefined;
}

/** Statistics of a pool, counted since it was made. */
export interface ObjectPoolStats {
  /** Objects kept idle now. */
  readonly poolSize: number;
  /** Most objects kept idle. */
  readonly maxSize: number;
  /** Handed out now. */
  readonly inUse: number;
  /** Most in use at once. */
  readonly highWater: number;
  /** Always `inUse + poolSize + discarded`. Without those made in bypass, or only to time the factory. */
  readonly created: number;
  /** Times that an idle object was handed out again. */
  readonly reused: number;
  /** Reused out of all acquired, 0 .. 1; `undefined` before the first acquire. */
  readonly reuseRatio: number | undefined;
  /** Let go of: given back above `maxSize`, dropped by a clean-up, or failed to reset. */
  readonly discarded: number;
  /** Calls of `reset` that threw: the object was dropped. */
  readonly resetFailures: number;
  /** Refused: the object or handle was given back before. */
  readonly doubleReleases: number;
  /** Refused: the handle is of an earlier lease. */
  readonly staleReleases: number;
  /** Of those in use: without a place in the pool, let go of when given back. */
  readonly overflow: number;
  /** `bypass`: each `acquire` makes an object, a `release` does nothing, and neither is counted. */
  readonly mode: PoolMode;
  /** How long it was bypassed, in all. What was acquired and given back in that time is in none of the counts. */
  readonly bypassedMs: number;
  /** What making an object costs, in ns, as measured; `undefined` before the first samples. */
  readonly factoryNs: number | undefined;
  /** What lending and taking back an idle object costs, likewise. */
  readonly pooledNs: number | undefined;
  /** `poolSize` times `objectBytes`; `undefined` without the latter. */
  readonly idleBytes: number | undefined;
  /** Of the discarded: ended by `discard`, so never reused. */
  readonly abandoned: number;
  /** Watched leases that were reported. */
  readonly leaked: number;
  /** Calls of `dispose` that threw. */
  readonly disposeFailures: number;
}

const MAX_MS = 86_400_000;

const schema = options({
  name: name(),
  factory: having<(() => object) | PoolFactory<object>>(
    "a function that makes an object, or an object with create and optionally reset and dispose",
    (value) =>
      typeof value === "function" ||
      (typeof value === "object" &&
        value !== null &&
        typeof (value as PoolFactory<object>).create === "function" &&
        ["function", "undefined"].includes(typeof (value as PoolFactory<object>).reset) &&
        ["function", "undefined"].includes(typeof (value as PoolFactory<object>).dispose)),
  ),
  reset: optional(callable<(object: object) => object | undefined>()),
  maxSize: optional(integer(0, MAX_CAPACITY)),
  objectBytes: optional(integer(1, 2 ** 40)),
  pinnedBytes: optional(integer(0, 2 ** 40)),
  maxTotal: optional(integer(1, MAX_CAPACITY)),
  dispose: optional(callable<(object: object) => void>()),
  maxIdleMs: optional(number(0, MAX_MS), 300_000),
  mode: optional(oneOf("auto", "pooling", "bypass")),
  leakDetection: optional(oneOf("off", "sampled", "full"), "off"),
  leakThresholdMs: optional(number(1, MAX_MS), 60_000),
  onLeak: optional(callable<(leak: LeakReport) => void>()),
});

/** @internal Places beyond the idle ones, so that a burst of leases stays within the table: 16 KiB for the least. */
export function capacityFor(maxSize: number): number {
  return Math.min(MAX_CAPACITY, Math.max(1000, maxSize * 4));
}

/** @internal Checked. */
export interface ObjectPoolSettings<T extends object> {
  readonly name: string;
  readonly create: () => T;
  readonly reset: ((object: T) => T | undefined | void) | undefined;
  readonly dispose: ((object: T) => void) | undefined;
  readonly maxSize: number | undefined;
  readonly maxTotal: number | undefined;
  readonly maxIdleMs: number;
  readonly mode: "auto" | PoolMode;
  readonly leaks: LeakSettings | undefined;
  readonly objectBytes: number | undefined;
}

/** @internal Checked, and read once: what is given may answer another value the next time. @throws `INVALID_OPTION` */
export function readPoolOptions<T extends object>(given: ObjectPoolOptions<T>): ObjectPoolOptions<T> {
  return parseOptions("createObjectPool", schema, given) as unknown as ObjectPoolOptions<T>;
}

/** @internal @throws `INVALID_OPTION` */
export function parsePoolOptions<T extends object>(given: ObjectPoolOptions<T>): ObjectPoolSettings<T> {
  const parsed = parseOptions("createObjectPool", schema, given);
  const { name, maxSize, maxTotal, maxIdleMs, mode, leakDetection, leakThresholdMs, objectBytes } = parsed;
  const factory = parsed.factory as (() => T) | PoolFactory<T>;
  const own: PoolFactory<T> = typeof factory === "function" ? { create: factory } : factory;
  const dispose =
    (parsed.dispose as ((object: T) => void) | undefined) ??
    (own.dispose === undefined ? undefined : (object: T) => own.dispose?.(object));
  const bound = maxTotal !== undefined || dispose !== undefined;
  if (mode === "bypass" && bound) {
    throw new VelithonError(
      "INVALID_OPTION",
      'createObjectPool: mode is "bypass"; accepted: pooling, where there is a maxTotal or a dispose',
    );
  }
  return {
    name,
    create: typeof factory === "function" ? factory : () => factory.create(),
    reset:
      (parsed.reset as ((object: T) => T | undefined) | undefined) ??
      (own.reset === undefined ? undefined : (object: T) => own.reset?.(object)),
    dispose,
    maxSize,
    maxTotal,
    maxIdleMs,
    mode: bound ? "pooling" : (mode ?? "auto"),
    leaks:
      leakDetection === "off"
        ? undefined
        : { level: leakDetection, thresholdMs: leakThresholdMs, onLeak: parsed.onLeak },
    objectBytes,
  };
}
