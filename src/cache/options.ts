import { MAX_CAPACITY } from "../core/table.ts";
import { VelithonError } from "../shared/errors.ts";
import {
  boolean,
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

/**
 * Why an entry was removed.
 *
 * - `evicted`: to make room, by `maxSize`, `resize` or the optimizer's budget
 * - `cold`: a clean-up found that nobody had read it since the last one
 * - `expired`: its `ttlMs` passed
 * - `collected`: the garbage collector took its value, which nobody else held
 * - `replaced`: `put` stored another value under its key
 * - `deleted`: by `delete`
 * - `cleared`: by `clear` or `close`
 */
export type RemoveReason = "evicted" | "cold" | "expired" | "collected" | "replaced" | "deleted" | "cleared";

/** Options of `createWeakCache`. */
export interface WeakCacheOptions<K = unknown, V extends object = object> {
  /** Unique within its optimizer; the key in the statistics. */
  name: string;
  /** Entries held at most, 1 to 1,048,576. Default 1000, or `VELITHON_CACHE_MAX_SIZE`. */
  maxSize?: number | undefined;
  /**
   * `weak` (default): keeps no value alive. `strong+weak`: keeps values alive up to `maxBytes`, chosen by SIEVE, and
   * still finds the others until the garbage collector takes them.
   */
  tier?: "weak" | "strong+weak" | undefined;
  /** Bytes that the strong tier holds at most, by `sizeOf`, 0 to 2^40. Required for `strong+weak`, and only for it. */
  maxBytes?: number | undefined;
  /** Returns the size of a value in bytes. Called once for each `put`. Required for `strong+weak`, and only for it. */
  sizeOf?: ((value: V, key: K) => number) | undefined;
  /**
   * What happens to an entry that must leave the strong tier. `always`: it moves to the weak tier. `bypass`: it is
   * removed. `auto` (default): it moves to the weak tier, unless measuring shows that this costs more than it saves. Only
   * for `strong+weak`.
   */
  demotion?: "auto" | "always" | "bypass" | undefined;
  /** An entry expires this long after its `put`, in ms, 1 to 2,147,483,647. Default: never. With it, each `get` reads the clock. */
  ttlMs?: number | undefined;
  /**
   * Called after an entry was removed, without a value if that was collected. An error that it throws is counted in the
   * statistics and not passed on.
   */
  onRemove?: ((key: K, reason: RemoveReason, value?: V) => void) | undefined;
  /**
   * False: entries whose value was collected are removed only when they are looked up, swept or evicted. Makes a weak
   * `put` cheaper by about a half. Default true.
   */
  finalizers?: boolean | undefined;
  /** Bytes that the optimizer's budget never takes from it. Default 0. */
  pinnedBytes?: number | undefined;
}

/** Whether entries that leave the strong tier move to the weak one, or are removed. */
export type DemotionMode = "demoting" | "bypass";

/** Statistics of the strong tier of a cache with `tier: "strong+weak"`. */
export interface StrongTierStats {
  /** Entries whose value is held. */
  readonly size: number;
  /** Their size, by `sizeOf`. */
  readonly bytes: number;
  /** The limit now: the option, or less if the budget has taken some. */
  readonly maxBytes: number;
  /** `bypass`: entries that must leave the tier are removed (except one in 64 in `auto`), because demoting does not pay. */
  readonly mode: DemotionMode;
  /** Entries that had to leave the tier and moved to the weak tier. */
  readonly demoted: number;
  /** Entries that had to leave the tier and were removed; part of `evictions`. */
  readonly dropped: number;
  /** Entries that moved back, because they were read before the garbage collector took their value. */
  readonly promoted: number;
  /**
   * Mean time in ns that a demotion saved: the loads of entries that were found again, timed from a miss to the `put` of
   * its key. `undefined` before the first decision, and if `demotion` is not `auto`.
   */
  readonly savedNs: number | undefined;
  /** Mean cost of a demotion in ns; `undefined` like `savedNs`. */
  readonly demotionNs: number | undefined;
}

/** Statistics of a cache, counted since it was made. */
export interface WeakCacheStats {
  /** Entries, including those whose value was collected and not yet noticed. */
  readonly size: number;
  /** Most entries. */
  readonly maxSize: number;
  /** Look-ups that found a value. */
  readonly hits: number;
  /** Keys that were not there, or whose value had been collected or had expired. */
  readonly misses: number;
  /** Hits out of all look-ups, 0 .. 1; `undefined` before the first. */
  readonly hitRatio: number | undefined;
  /** Entries removed to make room, or because a clean-up found them cold. */
  readonly evictions: number;
  /** Entries removed because their value was collected. */
  readonly collected: number;
  /** Entries removed because their time was up. */
  readonly expired: number;
  /** Loads that `getOrCreate` started. */
  readonly loads: number;
  /** Of those, the ones that failed. */
  readonly loadFailures: number;
  /** Calls of `getOrCreate` that waited for a load already under way. */
  readonly loadsShared: number;
  /** Mean time of a load that succeeded; `undefined` before the first. */
  readonly meanLoadMs: number | undefined;
  /** Calls of `onRemove` that threw. */
  readonly removeFailures: number;
  /** `undefined` for a cache without a strong tier. */
  readonly strong: StrongTierStats | undefined;
}

export const MAX_BYTES: number = 2 ** 40;

const schema = options({
  name: name(),
  maxSize: optional(integer(1, MAX_CAPACITY)),
  tier: optional(
    having<"weak" | "strong+weak">(
      '"weak" or "strong+weak"',
      (value) => value === "weak" || value === "strong+weak",
    ),
    "weak",
  ),
  maxBytes: optional(integer(0, MAX_BYTES)),
  sizeOf: optional(callable<(value: object, key: unknown) => number>()),
  demotion: optional(oneOf("auto", "always", "bypass")),
  ttlMs: optional(number(1, 2 ** 31 - 1)),
  onRemove: optional(callable<(key: unknown, reason: RemoveReason, value?: object) => void>()),
  finalizers: optional(boolean(), true),
  pinnedBytes: optional(integer(0, MAX_BYTES), 0),
});

interface StrongSettings<K, V> {
  readonly maxBytes: number;
  readonly sizeOf: (value: V, key: K) => number;
  readonly demotion: "auto" | "always" | "bypass";
}

/** @internal Checked. */
export interface WeakCacheSettings<K, V extends object> {
  readonly name: string;
  readonly maxSize: number | undefined;
  /** `undefined`: no strong tier. */
  readonly strong: StrongSettings<K, V> | undefined;
  readonly ttlMs: number | undefined;
  readonly onRemove: ((key: K, reason: RemoveReason, value?: V) => void) | undefined;
  readonly finalizers: boolean;
  readonly pinnedBytes: number;
}

/** @internal Checked, and read once: what is given may answer another value the next time. @throws `INVALID_OPTION` */
export function readCacheOptions<K, V extends object>(given: WeakCacheOptions<K, V>): WeakCacheOptions<K, V> {
  return parseOptions("createWeakCache", schema, given) as unknown as WeakCacheOptions<K, V>;
}

/** @internal @throws `INVALID_OPTION` */
export function parseCacheOptions<K, V extends object>(
  given: WeakCacheOptions<K, V>,
): WeakCacheSettings<K, V> {
  const parsed = parseOptions("createWeakCache", schema, given);
  const { tier, maxBytes, sizeOf, demotion, ...rest } = parsed as WeakCacheOptions<K, V> &
    WeakCacheSettings<K, V>;
  const refuse = (option: string, problem: string, accepted: string): never => {
    throw new VelithonError(
      "INVALID_OPTION",
      `createWeakCache: ${option} is ${problem}; accepted: ${accepted}`,
    );
  };
  if (tier !== "strong+weak") {
    const stray = Object.entries({ maxBytes, sizeOf, demotion }).find(
      ([, value]) => value !== undefined,
    )?.[0];
    if (stray) refuse(stray, "given without a strong tier", `${stray} with tier "strong+weak"`);
    return { ...rest, strong: undefined };
  }
  if (maxBytes === undefined) return refuse("maxBytes", "missing", `a whole number from 0 to ${MAX_BYTES}`);
  if (sizeOf === undefined)
    return refuse("sizeOf", "missing", "a function that returns the size of a value in bytes");
  return { ...rest, strong: { maxBytes, sizeOf, demotion: demotion ?? "auto" } };
}
