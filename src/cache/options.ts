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
 * Why an entry went.
 *
 * - `evicted`: to make room, by `maxSize`, `resize` or the optimizer's budget
 * - `cold`: a clean-up found that nobody had read it since the last one
 * - `expired`: its `ttlMs` passed
 * - `collected`: the collector took its value, which nobody else held
 * - `replaced`: `put` held another value under its key
 * - `deleted`: by `delete`
 * - `cleared`: by `clear` or `close`
 */
export type RemoveReason = "evicted" | "cold" | "expired" | "collected" | "replaced" | "deleted" | "cleared";

export interface WeakCacheOptions<K = unknown, V extends object = object> {
  /** Unique within its optimizer; the key in the statistics. */
  name: string;
  /** Entries held at most, 1 to 1,048,576. Default 1000, or `VELITHON_CACHE_MAX_SIZE`. */
  maxSize?: number | undefined;
  /**
   * `weak` (default): holds no value alive. `strong+weak`: holds what SIEVE protects, up to `maxBytes`, and
   * keeps finding what it had to let go of until the collector takes it.
   */
  tier?: "weak" | "strong+weak" | undefined;
  /** Bytes that the strong tier holds at most, by `sizeOf`, 0 to 2^40. Needed by `strong+weak`, and by it alone. */
  maxBytes?: number | undefined;
  /** What a value holds, in bytes. Asked once a `put`. Needed by `strong+weak`, and by it alone. */
  sizeOf?: ((value: V, key: K) => number) | undefined;
  /**
   * What becomes of an entry that must leave the strong tier. `always`: it stays weakly reachable. `bypass`: it goes.
   * `auto` (default): it stays weakly reachable, unless measuring shows that making a weak reference of each costs more
   * than finding some again saves. With tier `strong+weak` alone.
   */
  demotion?: "auto" | "always" | "bypass" | undefined;
  /** An entry goes this long after its `put`, in ms, 1 to 2,147,483,647. Default: never. A `get` then reads the clock. */
  ttlMs?: number | undefined;
  /**
   * Called after an entry went. No value where it was collected. What it throws is counted in the statistics
   * and goes no further.
   */
  onRemove?: ((key: K, reason: RemoveReason, value?: V) => void) | undefined;
  /**
   * False: entries whose value was collected go when they are looked up, swept or evicted, not by themselves.
   * Makes a weak `put` cheaper by about a half. Default true.
   */
  finalizers?: boolean | undefined;
  /** Bytes that the optimizer's budget leaves it in any case. Default 0. */
  pinnedBytes?: number | undefined;
}

export type DemotionMode = "demoting" | "bypass";

export interface StrongTierStats {
  /** Entries whose value is held. */
  readonly size: number;
  /** What they hold, by `sizeOf`. */
  readonly bytes: number;
  /** The limit at work: the option, or less where the budget has taken some. */
  readonly maxBytes: number;
  /** `bypass`: what must leave the tier is let go of for good (but for one in 64 in `auto`), since demoting it loses. */
  readonly mode: DemotionMode;
  /** Entries that had to leave the tier and stayed weakly reachable. */
  readonly demoted: number;
  /** Entries that had to leave the tier and went; part of `evictions`. */
  readonly dropped: number;
  /** Entries that came back, by being read before the collector took their value. */
  readonly promoted: number;
  /**
   * What a demotion saved on average, in ns: the loads, as timed from a miss to the `put` of its key, of those that were
   * found again. `undefined` before the first decision, and where `demotion` is not `auto`.
   */
  readonly savedNs: number | undefined;
  /** What a demotion cost, in ns; `undefined` as `savedNs`. */
  readonly demotionNs: number | undefined;
}

export interface WeakCacheStats {
  /** Entries, including those whose value was collected and not yet noticed. */
  readonly size: number;
  readonly maxSize: number;
  readonly hits: number;
  /** Keys that were not there, or whose value had been collected or had expired. */
  readonly misses: number;
  /** Hits out of all look-ups, 0 .. 1; `undefined` before the first. */
  readonly hitRatio: number | undefined;
  /** Entries that had to go for others, or that a clean-up found cold. */
  readonly evictions: number;
  /** Entries that went because their value was collected. */
  readonly collected: number;
  /** Entries that went because their time was up. */
  readonly expired: number;
  /** By `getOrCreate`: loads that were started, failed, and were shared with a caller who came later. */
  readonly loads: number;
  readonly loadFailures: number;
  readonly loadsShared: number;
  /** Mean time of a load that succeeded; `undefined` before the first. */
  readonly meanLoadMs: number | undefined;
  /** `onRemove` threw. */
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
    if (stray) refuse(stray, "given to a tier that holds nothing", `${stray} with tier "strong+weak"`);
    return { ...rest, strong: undefined };
  }
  if (maxBytes === undefined) return refuse("maxBytes", "missing", `a whole number from 0 to ${MAX_BYTES}`);
  if (sizeOf === undefined) return refuse("sizeOf", "missing", "a function that tells the bytes of a value");
  return { ...rest, strong: { maxBytes, sizeOf, demotion: demotion ?? "auto" } };
}
