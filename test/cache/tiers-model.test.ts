import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { type RemoveReason, WeakCache } from "../../src/index.ts";
import { checkModel } from "../support/model.ts";
import { NaiveCache, type NaiveSettings } from "../support/naive-cache.ts";
import { loadPort } from "../support/port.ts";
import type { Random } from "../support/random.ts";

interface Value {
  readonly id: number;
  readonly bytes: number;
}

const KEYS = 60;
const core = createCore();
const port = await loadPort();

/** A cache beside the naive one, which holds all values alive. */
class Pair {
  readonly cache: WeakCache<number, Value>;
  readonly naive: NaiveCache<Value>;
  readonly #maxBytes: number | undefined;
  #maxSize: number;
  #log: string[] = [];
  /** Nobody else knows of a replaced value; it must not die before it is told. */
  #next = 0;

  constructor(settings: NaiveSettings) {
    this.naive = new NaiveCache({ ...settings });
    this.#maxBytes = settings.maxBytes;
    this.#maxSize = settings.maxSize;
    const strong =
      settings.maxBytes === undefined
        ? {}
        : {
            tier: "strong+weak" as const,
            maxBytes: settings.maxBytes,
            demotion: settings.drops ? ("bypass" as const) : ("always" as const),
            sizeOf: (value: Value) => value.bytes,
          };
    this.cache = new WeakCache<number, Value>(
      core,
      {
        name: "model",
        maxSize: settings.maxSize,
        ttlMs: settings.ttlMs,
        onRemove: (key: number, reason: RemoveReason, value?: Value) => {
          this.#log.push(`${key} ${reason} ${JSON.stringify(value)}`);
          if (this.#next % 3 === 0) throw new Error("what onRemove throws goes no further");
        },
        ...strong,
      },
      { now: () => this.naive.nowMs },
    );
  }

  step(random: Random): void {
    const { cache, naive } = this;
    const key = random.int(0, random.chance(0.5) ? KEYS / 8 : KEYS);
    const choice = random.next();
    if (choice < 0.35) {
      const bytes = random.chance(0.02) ? 5000 : random.int(0, 200);
      const value = { id: this.#next++, bytes };
      naive.put(key, value, bytes);
      cache.put(key, value);
    } else if (choice < 0.85) assert.is(cache.get(key), naive.get(key), `get ${key}`);
    else if (choice < 0.9) assert.is(cache.has(key), naive.has(key), `has ${key}`);
    else if (choice < 0.94) assert.is(cache.delete(key), naive.delete(key), `delete ${key}`);
    else if (choice < 0.97) naive.nowMs += random.exponential(20);
    else if (choice < 0.98) assert.is(cache.sweep(Number.POSITIVE_INFINITY), naive.sweep(), "sweep");
    else if (choice < 0.985) assert.is(cache.dropCold(), naive.dropCold(), "dropCold");
    else if (choice < 0.992) this.#resize(random);
    else if (choice < 0.999) this.#limitBytes(random);
    else assert.is(cache.clear(), naive.clear(), "clear");
    this.#compareLogs();
  }

  #resize(random: Random): void {
    this.#maxSize = random.int(1, 50);
    this.cache.resize(this.#maxSize);
    this.naive.limit(this.#maxSize, this.naive.settings.maxBytes);
  }

  /** As the budget does it. */
  #limitBytes(random: Random): void {
    if (this.#maxBytes === undefined) return;
    const bytes = random.int(0, this.#maxBytes * 2);
    this.cache.limitBytes(bytes);
    this.naive.limit(this.#maxSize, Math.min(bytes, this.#maxBytes));
  }

  #compareLogs(): void {
    const actual = this.#log;
    const expected = this.naive.log;
    if (actual.length > 1) actual.sort();
    if (expected.length > 1) expected.sort();
    if (actual.join() !== expected.join()) assert.equal(actual, expected, "what went, and why");
    this.#log = [];
    this.naive.log = [];
  }

  check(): void {
    const { size, maxSize, hits, misses, evictions, collected, expired, strong } = this.cache.getStats();
    const { naive } = this;
    const actual = [size, maxSize, hits, misses, evictions, collected, expired];
    const expected = [
      naive.all.size,
      naive.settings.maxSize,
      naive.hits,
      naive.misses,
      naive.evictions,
      0,
      naive.expired,
    ];
    assert.equal(actual, expected);
    assert.ok(size <= maxSize);
    if (strong === undefined) return;
    const { strongSize, strongBytes, demoted, dropped, promoted, settings } = naive;
    assert.equal(strong, {
      size: strongSize,
      bytes: strongBytes,
      maxBytes: settings.maxBytes,
      mode: settings.drops ? "bypass" : "demoting",
      demoted,
      dropped,
      promoted,
      savedNs: undefined,
      demotionNs: undefined,
    });
    assert.ok(strong.bytes <= strong.maxBytes);
  }

  checkAll(): void {
    const keys = this.naive.live();
    assert.equal([...this.cache.keys()].sort(), keys.sort());
    for (const [key, value] of this.cache) assert.is(value, this.naive.all.get(key)!.value);
  }
}

const CASES: readonly NaiveSettings[] = [
  { maxSize: 20, maxBytes: 1000, ttlMs: undefined },
  { maxSize: 30, maxBytes: 10_000, ttlMs: 50 },
  { maxSize: 5, maxBytes: 300, ttlMs: 200 },
  { maxSize: 40, maxBytes: undefined, ttlMs: 100 },
  { maxSize: 1, maxBytes: 100, ttlMs: undefined },
  { maxSize: 25, maxBytes: 1000, ttlMs: 100, drops: true },
];

test("a million operations on six caches, strong tiers among them, with forced collections, against naive ones", () => {
  const seen = { demoted: 0, dropped: 0, promoted: 0, expired: 0, evictions: 0, removeFailures: 0 };
  const { collections } = checkModel(
    20_261_125,
    () => port.collect("major"),
    () => {
      const pairs = CASES.map((settings) => new Pair(settings));
      return {
        step(random, at) {
          const pair = random.pick(pairs);
          pair.step(random);
          if (at % 10 === 0) pair.check();
          if (at % 500 === 0) pair.checkAll();
        },
        end() {
          for (const { cache, naive } of pairs) {
            seen.demoted += naive.demoted;
            seen.dropped += naive.dropped;
            seen.promoted += naive.promoted;
            seen.expired += naive.expired;
            seen.evictions += naive.evictions;
            seen.removeFailures += cache.getStats().removeFailures;
            cache.close();
          }
        },
      };
    },
  );
  const least = Math.min(...Object.values(seen), collections * 1000);
  assert.ok(least >= 1000, JSON.stringify({ ...seen, collections }));
});

test.run();
