import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, SieveOrder, Status } from "../../src/core/index.ts";
import { same } from "../support/compare.ts";
import { NaiveSieve } from "../support/naive-sieve.ts";
import { type Random, randomSteps } from "../support/random.ts";

const core = createCore();
const NOBODY = [-1, -2147483648, 2147483647, 5000];

class Pair {
  readonly order: SieveOrder;
  readonly naive: NaiveSieve;
  #largest: number;

  constructor(limit: number) {
    this.order = new SieveOrder(core, limit);
    this.naive = new NaiveSieve(limit);
    this.#largest = limit;
  }

  insert(): void {
    const { naive } = this;
    const evicted = naive.queue.length >= naive.limit ? naive.evict() : undefined;
    const place = this.order.insert();
    if (evicted !== undefined)
      assert.is(place, evicted, "insert at the limit: the place of the one that went");
    assert.ok(place >= 0 && place < this.#largest, `insert: place ${place} of ${this.#largest}`);
    assert.not(naive.has(place), `insert: place ${place} is taken`);
    naive.insert(place);
  }

  #place(random: Random): number {
    if (random.chance(0.05)) return random.pick(NOBODY);
    // Half of the reads go to a quarter of the places.
    return random.int(0, random.chance(0.5) ? this.#largest >> 2 : this.#largest - 1);
  }

  step(random: Random): void {
    const { order, naive } = this;
    const choice = random.next();
    if (choice < 0.35) this.insert();
    else if (choice < 0.75) {
      const place = this.#place(random);
      assert.is(order.hit(place), naive.hit(place), `hit ${place}`);
    } else if (choice < 0.8) {
      order.miss();
      naive.misses++;
    } else if (choice < 0.88) {
      const place = this.#place(random);
      assert.is(order.remove(place), naive.remove(place), `remove ${place}`);
    } else if (choice < 0.95) assert.is(order.evict(), naive.evict(), "evict");
    else if (choice < 0.99) {
      const from = random.int(0, this.#largest + 1);
      assert.is(order.takeCold(from), naive.takeCold(from), `takeCold ${from}`);
    } else {
      naive.limit = random.int(1, Math.min(300, this.#largest + 10));
      order.resize(naive.limit);
      this.#largest = Math.max(this.#largest, naive.limit);
    }
    same(order.stats(), naive.stats(), "stats");
    assert.is(order.size, naive.queue.length, "size");
  }
}

test("100,000 random steps over eight interleaved orders, against the naive SIEVE", () => {
  const pairs: Pair[] = [];
  randomSteps(20_260_802, 100_000, (random) => {
    if (pairs.length < 8) pairs.push(new Pair(random.int(1, random.chance(0.2) ? 300 : 40)));
    const at = random.int(0, pairs.length - 1);
    pairs[at]!.step(random);
    if (random.chance(0.001)) {
      pairs[at]!.order.destroy();
      pairs[at] = new Pair(random.int(1, 40));
    }
  });
});

test("the example of the paper: a second look at a visited entry, none at a new one", () => {
  const order = new SieveOrder(core, 3);
  const [a, b, c] = [order.insert(), order.insert(), order.insert()];
  order.hit(a);
  assert.is(order.insert(), b, "a was read: its mark goes, b is next");
  assert.is(order.insert(), c, "the hand goes on from where it stood");
  assert.is(order.evict(), b, "towards the newest");
  assert.is(order.evict(), c);
  assert.is(order.evict(), a, "then starts over at the oldest");
  assert.is(order.evict(), undefined);
});

test("a lowered limit leaves what is above it to evict", () => {
  const order = new SieveOrder(core, 10);
  for (let i = 0; i < 10; i++) order.insert();
  order.resize(4);
  assert.is(order.stats().size, 10);
  while (order.stats().size > 4) order.evict();
  order.insert();
  assert.is(order.stats().size, 4);
  order.resize(20);
  for (let i = 0; i < 16; i++) order.insert();
  assert.equal(order.stats(), { limit: 20, size: 20, hits: 0, misses: 0, evictions: 7 });
});

test("one pass of takeCold takes all that nobody read since the last one", () => {
  const order = new SieveOrder(core, 100);
  const pass = (): number[] => {
    const taken: number[] = [];
    for (let at = order.takeCold(0); at !== undefined; at = order.takeCold(at + 1)) taken.push(at);
    return taken;
  };
  for (let i = 0; i < 100; i++) order.insert();
  for (let i = 0; i < 100; i += 10) order.hit(i);
  assert.is(pass().length, 90);
  order.hit(50);
  assert.equal(pass(), [0, 10, 20, 30, 40, 60, 70, 80, 90]);
  assert.equal(pass(), [50]);
  assert.is(order.stats().size, 0);
});

test("no memory: the status is answered and the order stays as it was", () => {
  const { exports } = createCore();
  assert.is(exports.sieveCreate(10_000_000), Status.outOfMemory);
  const table = exports.sieveCreate(1);
  assert.is(exports.sieveResize(table, 10_000_000), Status.outOfMemory);
  assert.is(exports.sieveInsert(table), 0);
});

test("a limit lowered below what is held, and raised again", () => {
  const order = new SieveOrder(core, 20_000);
  for (let i = 0; i < 20_000; i++) assert.is(order.insert(), i);
  order.resize(10);
  while (order.size > 10) order.evict();
  order.resize(1000);
  for (let i = 0; i < 1000; i++) order.insert();
  assert.equal([order.size, order.stats().size], [1000, 1000]);
});

test("memory is reused: 1,000 rounds of create, resize and destroy do not grow it", () => {
  const own = createCore();
  const round = (n: number): void => {
    const orders = Array.from({ length: 20 }, (_, i) => new SieveOrder(own, 1 + ((i * 97 + n * 31) % 2000)));
    for (const order of orders) {
      assert.equal(order.stats().size, 0);
      order.insert();
      order.resize(2000);
    }
    for (const order of orders) order.destroy();
  };
  for (let n = 0; n < 100; n++) round(n);
  const before = own.memoryBytes;
  for (let n = 0; n < 1000; n++) round(n);
  assert.is(own.memoryBytes, before);
});

test.run();
