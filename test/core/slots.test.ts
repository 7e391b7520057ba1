import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, MAX_CAPACITY, SlotTable, Status } from "../../src/core/index.ts";
import { same } from "../support/compare.ts";
import { NaiveSlots } from "../support/naive-slots.ts";
import { type Random, randomSteps } from "../support/random.ts";

const core = createCore();
const PLACES = 2 ** 20;

/** One table beside its model, taken one random step further at a time. */
class Pair {
  readonly table: SlotTable;
  readonly naive: NaiveSlots;
  /** Handles of all times: open, closed, of places leased again. */
  #handles: number[] = [];
  #hungry = true;

  constructor(random: Random) {
    const capacity = random.int(1, 40);
    const maxIdle = random.int(0, random.chance(0.2) ? 60 : capacity);
    this.table = new SlotTable(core, { maxIdle, capacity });
    this.naive = new NaiveSlots(maxIdle, capacity);
  }

  #acquire(random: Random): void {
    const expected = this.naive.next();
    const answer = this.table.acquire();
    if (typeof expected === "number") {
      assert.is(answer, expected, `acquire: ${answer}; the last one released was ${expected}`);
    } else if (expected === undefined) {
      assert.is(answer, undefined, `acquire: ${answer} from a full table`);
    } else {
      assert.ok(answer !== undefined && answer < 0, `acquire: ${answer}; expected a new place`);
      assert.ok(this.naive.isFree(~answer), `acquire: place ${~answer} is not free`);
    }
    if (answer === undefined) return;
    const place = answer < 0 ? ~answer : answer;
    this.naive.lease(place);
    const handle = this.table.handle(place);
    assert.is(handle, this.naive.generation(place) * PLACES + place, "handle");
    assert.is(SlotTable.index(handle), place, "index of the handle");
    this.#handles.push(handle);
    if (this.#handles.length > 500) this.#handles.splice(0, 250);
    if (answer < 0 && random.chance(0.05)) {
      assert.is(this.table.abandon(place), this.naive.abandon(place), "abandon");
    }
  }

  /** A leased place most of the time, else any number that a caller might bring. */
  #place(random: Random): number {
    if (random.chance(0.85) && this.naive.leased.size > 0) return random.pick([...this.naive.leased]);
    return random.chance(0.7)
      ? random.int(0, this.naive.capacity - 1)
      : random.pick([-1, -2147483648, this.naive.capacity, this.naive.capacity + 1, 2147483647]);
  }

  #releaseHandle(random: Random): void {
    const unknown = (random.int(1, 9) + 1) * PLACES - 1;
    const handle = random.chance(0.05) || this.#handles.length === 0 ? unknown : random.pick(this.#handles);
    const place = handle % PLACES;
    const generation = Math.floor(handle / PLACES);
    const open = this.naive.leased.has(place) && this.naive.generation(place) === generation;
    assert.is(this.table.isLeased(handle), open, "isLeased before");
    assert.is(this.table.releaseHandle(handle), this.naive.releaseLease(place, generation), "releaseHandle");
    assert.is(this.table.isLeased(handle), false, "isLeased after");
  }

  step(random: Random): void {
    const { table, naive } = this;
    if (random.chance(0.01)) this.#hungry = !this.#hungry;
    const choice = random.next();
    if (choice < (this.#hungry ? 0.55 : 0.3)) this.#acquire(random);
    else if (choice < 0.72) {
      const place = this.#place(random);
      assert.is(table.release(place), naive.release(place), `release ${place}`);
    } else if (choice < 0.86) this.#releaseHandle(random);
    else if (choice < 0.89) {
      const place = this.#place(random);
      assert.is(table.discard(place), naive.discard(place), `discard ${place}`);
    } else if (choice < 0.9) {
      const place = this.#place(random);
      assert.is(table.abandon(place), naive.abandon(place), `abandon ${place}`);
    } else if (choice < 0.95) assert.is(table.evict(), naive.evict(), "evict");
    else if (choice < 0.98) assert.is(table.unneeded(), naive.unneeded(), "unneeded");
    else {
      const capacity = random.int(1, naive.capacity + (naive.capacity < 120 ? 5 : 0));
      const maxIdle = random.int(0, random.chance(0.2) ? 150 : capacity);
      table.resize({ maxIdle, capacity });
      naive.resize(maxIdle, capacity);
    }
    this.compare();
  }

  compare(): void {
    const stats = this.table.stats();
    same(stats, this.naive.stats(), "stats");
    assert.is(
      stats.created,
      stats.inUse + stats.idle + stats.discarded,
      "created = inUse + idle + discarded",
    );
  }
}

test("100,000 random steps over twelve interleaved tables, against the naive pool", () => {
  const pairs: Pair[] = [];
  randomSteps(20_260_801, 100_000, (random, step) => {
    if (pairs.length < 12) pairs.push(new Pair(random));
    const at = random.int(0, pairs.length - 1);
    pairs[at]!.step(random);
    if (random.chance(0.002)) {
      pairs[at]!.table.destroy();
      pairs[at] = new Pair(random);
    }
    if (step % 100 === 0) for (const pair of pairs) pair.compare();
  });
  for (const pair of pairs) pair.table.destroy();
});

test("one table grown step by step keeps every lease", () => {
  const naive = new NaiveSlots(0, 1);
  const table = new SlotTable(core, { maxIdle: 0, capacity: 1 });
  for (let capacity = 1; capacity <= 3000; capacity = Math.ceil(capacity * 1.5)) {
    table.resize({ maxIdle: capacity, capacity });
    naive.resize(capacity, capacity);
    for (let answer = table.acquire(); answer !== undefined; answer = table.acquire()) naive.lease(~answer);
    same(table.stats(), naive.stats(), "stats");
  }
  for (const place of naive.leased) assert.is(table.release(place), naive.release(place));
  same(table.stats(), naive.stats(), "stats");
  while (naive.idle.length > 0) {
    const place = naive.next() as number;
    assert.is(table.acquire(), place);
    naive.lease(place);
  }
  table.destroy();
});

test("the largest table: each place once, then full, then last in first out", () => {
  const table = new SlotTable(createCore(), { maxIdle: MAX_CAPACITY, capacity: MAX_CAPACITY });
  const taken = new Uint8Array(MAX_CAPACITY);
  for (let i = 0; i < MAX_CAPACITY; i++) taken[~table.acquire()!]! += 1;
  assert.ok(taken.every((times) => times === 1));
  assert.is(table.acquire(), undefined);
  for (let i = 0; i < MAX_CAPACITY; i++) table.release(i);
  assert.is(table.acquire(), MAX_CAPACITY - 1);
  assert.is(table.evict(), 0);
  const { idle, inUse, highWater } = table.stats();
  assert.equal({ idle, inUse, highWater }, { idle: MAX_CAPACITY - 2, inUse: 1, highWater: MAX_CAPACITY });
});

test("memory is reused: 1,000 rounds of create, resize and destroy do not grow it", () => {
  const own = createCore();
  const round = (n: number): void => {
    const tables = Array.from(
      { length: 20 },
      (_, i) => new SlotTable(own, { maxIdle: i, capacity: 1 + ((i * 97 + n * 31) % 2000) }),
    );
    for (const table of tables) {
      table.release(~table.acquire()!);
      table.resize({ maxIdle: 5, capacity: 2000 });
      const { idle, created, discarded } = table.stats();
      assert.is(idle, created - discarded);
    }
    for (const table of tables) table.destroy();
  };
  for (let n = 0; n < 100; n++) round(n);
  const before = own.memoryBytes;
  for (let n = 0; n < 1000; n++) round(n);
  assert.is(own.memoryBytes, before);
});

test("a place that has used up its generations retires", () => {
  const HEADER_BYTES = 96;
  const BYTES_PER_PLACE = 12;
  const LAST = 2 ** 30 - 1;
  const { exports } = createCore();
  const table = exports.slotsCreate(4, 2);
  const memory = new DataView(exports.memory.buffer);
  const setGeneration = (place: number, generation: number, state: number): void =>
    memory.setUint32(table + HEADER_BYTES + place * BYTES_PER_PLACE, generation * 4 + state, true);
  const stats = (): number[] => {
    exports.slotsStats(table);
    return Array.from(new Float64Array(exports.memory.buffer, exports.scratchAddress(), 12));
  };

  const first = ~exports.slotsAcquire(table);
  exports.slotsRelease(table, first);
  setGeneration(first, LAST - 1, 1);
  assert.is(exports.slotsAcquire(table), first);
  assert.is(exports.slotsGeneration(table, first), LAST);
  assert.is(exports.slotsIsLeased(table, first, LAST), 1);
  assert.is(exports.slotsReleaseHandle(table, first, LAST - 1), Status.staleRelease);
  assert.is(exports.slotsReleaseHandle(table, first, LAST), Status.surplus, "not kept, though there is room");
  assert.is(exports.slotsIsLeased(table, first, LAST), 0);
  assert.is(exports.slotsReleaseHandle(table, first, LAST), Status.doubleRelease);
  assert.is(exports.slotsDiscard(table, first), Status.doubleRelease);

  const second = ~exports.slotsAcquire(table);
  assert.is.not(second, first, "a retired place is not leased again");
  assert.is(exports.slotsAcquire(table), Status.full);
  setGeneration(second, LAST, 2);
  assert.is(exports.slotsDiscard(table, second), Status.ok);
  assert.is(exports.slotsAcquire(table), Status.full, "every place has retired");
  assert.is(exports.slotsEvict(table), Status.none);
  assert.equal(stats(), [2, 4, 0, 0, 1, 2, 1, 2, 1, 2, 1, 2]);

  const larger = exports.slotsResize(table, 4, 3);
  assert.is(~exports.slotsAcquire(larger), 2, "room for one more");
});

test("no memory: the status is answered and the table stays as it was", () => {
  const { exports } = createCore();
  const tooMany = 10_000_000;
  assert.is(exports.slotsCreate(1, tooMany), Status.outOfMemory);
  const table = exports.slotsCreate(1, 1);
  assert.is(exports.slotsResize(table, 1, tooMany), Status.outOfMemory);
  assert.is(exports.slotsAcquire(table), ~0);
  assert.is(exports.slotsAcquire(table), Status.full);
});

test.run();
