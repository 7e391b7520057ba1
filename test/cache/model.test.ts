import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { WeakCache } from "../../src/index.ts";
import { checkModel } from "../support/model.ts";
import { NaiveSieve } from "../support/naive-sieve.ts";
import { loadPort } from "../support/port.ts";
import type { Random } from "../support/random.ts";

interface Value {
  id: number;
}

const core = createCore();
const port = await loadPort();

/** A cache beside a Map and the naive SIEVE, whose places are numbered in the order in which keys came. */
class Pair {
  readonly cache: WeakCache<number, Value>;
  readonly naive: NaiveSieve;
  readonly #held = new Map<number, Value>();
  /** Place in the naive order, by key. */
  readonly #places = new Map<number, number>();
  readonly #keys = new Map<number, number>();
  #next = 0;

  constructor(maxSize: number) {
    this.cache = new WeakCache(core, { name: "model", maxSize });
    this.naive = new NaiveSieve(maxSize);
  }

  #forget(place: number): void {
    const key = this.#keys.get(place)!;
    this.#keys.delete(place);
    this.#places.delete(key);
    this.#held.delete(key);
  }

  #evict(): void {
    this.#forget(this.naive.evict()!);
  }

  put(key: number, value: Value): void {
    this.cache.put(key, value);
    if (!this.#places.has(key)) {
      if (this.naive.queue.length >= this.naive.limit) this.#evict();
      const place = this.#next++;
      this.naive.insert(place);
      this.#places.set(key, place);
      this.#keys.set(place, key);
    }
    this.#held.set(key, value);
  }

  get(key: number): void {
    const place = this.#places.get(key);
    if (place === undefined) this.naive.misses++;
    else this.naive.hit(place);
    assert.is(this.cache.get(key), this.#held.get(key), `get ${key}`);
  }

  delete(key: number): void {
    const place = this.#places.get(key);
    assert.is(this.cache.delete(key), place !== undefined, `delete ${key}`);
    if (place === undefined) return;
    this.naive.remove(place);
    this.#forget(place);
  }

  /** Unread ones go, read ones lose their mark: whatever the order of the places. */
  dropCold(): void {
    let count = 0;
    for (let place = this.naive.takeCold(0); place !== undefined; place = this.naive.takeCold(place + 1)) {
      this.#forget(place);
      count++;
    }
    assert.is(this.cache.dropCold(), count, "dropCold");
  }

  resize(maxSize: number): void {
    this.cache.resize(maxSize);
    this.naive.limit = maxSize;
    while (this.naive.queue.length > maxSize) this.#evict();
  }

  clear(): void {
    assert.is(this.cache.clear(), this.#held.size, "clear");
    for (const [key, place] of [...this.#places]) {
      this.naive.remove(place);
      this.#places.delete(key);
    }
    this.#keys.clear();
    this.#held.clear();
  }

  step(random: Random): void {
    // Half of the look-ups go to an eighth of the keys.
    const key = random.int(0, random.chance(0.5) ? 10 : 80);
    const choice = random.next();
    if (choice < 0.35) this.put(key, { id: random.int(0, 1e9) });
    else if (choice < 0.85) this.get(key);
    else if (choice < 0.9) assert.is(this.cache.has(key), this.#held.has(key), `has ${key}`);
    else if (choice < 0.96) this.delete(key);
    else if (choice < 0.97) assert.is(this.cache.sweep(random.int(0, 100)), 0, "sweep");
    else if (choice < 0.98) this.dropCold();
    else if (choice < 0.995) this.resize(random.int(1, 60));
    else this.clear();
  }

  check(): void {
    const { size, maxSize, hits, misses, evictions, collected } = this.cache.getStats();
    const { naive } = this;
    const actual = [size, maxSize, hits, misses, evictions, collected];
    const expected = [naive.queue.length, naive.limit, naive.hits, naive.misses, naive.evictions, 0];
    if (actual.some((value, i) => value !== expected[i])) assert.equal(actual, expected);
  }

  /** Every key, looked at without counting it. */
  checkAll(): void {
    for (let key = 0; key <= 80; key++) assert.is(this.cache.has(key), this.#held.has(key), `key ${key}`);
  }
}

test("a million operations on three caches, with forced collections, against a Map and the naive SIEVE", () => {
  let evictions = 0;
  let hits = 0;
  const { collections } = checkModel(
    20_260_803,
    () => port.collect("major"),
    () => {
      const pairs = [1, 10, 40].map((maxSize) => new Pair(maxSize));
      return {
        step(random, at) {
          const pair = random.pick(pairs);
          pair.step(random);
          pair.check();
          if (at % 100 === 0) pair.checkAll();
        },
        end() {
          for (const { cache, naive } of pairs) {
            evictions += naive.evictions;
            hits += naive.hits;
            cache.close();
          }
        },
      };
    },
  );
  assert.ok(evictions > 3000 && hits > 3000 && collections > 0, `${evictions} ${hits} ${collections}`);
});

test.run();
