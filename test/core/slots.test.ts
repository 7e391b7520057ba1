import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, MAX_CAPACITY, SlotTable, Status } from "../../src/core/index.ts";
import { same } from "../support/compare.ts";
import { NaiveSlots } from "../support/naive-slots.ts";
import { randomSteps } from "../support/random.ts";
import { core, GENERATIONS, Pair } from "../support/slot-pair.ts";

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
  const HEADER_BYTES = 104;
  const LAST = 2 ** 32 - 1;
  const own = createCore();
  // The first table of a core lies at the same address in every core.
  const address = createCore().exports.slotsCreate(4, 2);
  const table = new SlotTable(own, { maxIdle: 4, capacity: 2 });
  const handles = new Float64Array(own.exports.memory.buffer, address + HEADER_BYTES, 2);
  const lastOf = (place: number): number => place + LAST / 2 ** 32;

  const first = ~table.acquire()!;
  table.release(first);
  assert.is(handles[first], -(first + 2 / 2 ** 32), "the next handle");
  handles[first] = -lastOf(first);
  assert.is(table.acquire(), first);
  assert.is(table.handle(first), lastOf(first));
  assert.ok(table.isLeased(lastOf(first)));
  assert.is(table.releaseHandle(first + (LAST - 1) / 2 ** 32), "stale");
  assert.is(table.releaseHandle(lastOf(first)), "surplus", "not kept, though there is room");
  assert.not.ok(table.isLeased(lastOf(first)));
  assert.is(table.releaseHandle(lastOf(first)), "stale");
  assert.not.ok(table.discard(first));

  const second = ~table.acquire()!;
  assert.is.not(second, first, "a retired place is not leased again");
  assert.is(table.acquire(), undefined);
  handles[second] = lastOf(second);
  assert.ok(table.discard(second));
  assert.is(table.acquire(), undefined, "every place has retired");
  assert.is(table.evict(), undefined);
  same(
    table.stats(),
    {
      capacity: 2,
      maxIdle: 4,
      idle: 0,
      inUse: 0,
      highWater: 1,
      created: 2,
      reused: 1,
      discarded: 2,
      surplus: 1,
      doubleReleases: 1,
      staleReleases: 2,
      retired: 2,
    },
    "stats",
  );

  table.resize({ maxIdle: 4, capacity: 3 });
  assert.is(~table.acquire()!, 2, "room for one more");
});

test("no number is an open lease but its handle", () => {
  const table = new SlotTable(core, { maxIdle: 4, capacity: 4 });
  const handle = table.handle(~table.acquire()!);
  const [kept] = [~table.acquire()!];
  table.release(kept);
  const step = 2 ** -32;
  const wrong = [
    0,
    1,
    2,
    3,
    4,
    -1,
    0.5,
    2 ** 32,
    2 ** 53,
    1e300,
    -1e300,
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ];
  for (const base of [handle, -handle, table.handle(kept), -table.handle(kept)]) {
    wrong.push(
      -base,
      base + step,
      base - step,
      base + step / 2,
      base + 1,
      base - 1,
      base + 2 ** 32,
      base + 2 ** 53,
    );
  }
  for (const number of wrong) {
    if (number === handle) continue;
    assert.not.ok(table.isLeased(number), `isLeased ${number}`);
    assert.ok(["stale", "double", "unknown"].includes(table.releaseHandle(number)), `released ${number}`);
  }
  assert.equal([table.stats().inUse, table.stats().idle], [1, 1]);
  assert.is(table.releaseHandle(handle), "kept");
  table.destroy();
});

test("memory that grows behind a table's back takes nothing away", () => {
  const own = createCore();
  const table = new SlotTable(own, { maxIdle: 8, capacity: 8 });
  const handles = [1, 2, 3].map(() => -table.acquireHandle());
  assert.is(table.releaseHandle(handles[0]!), "kept");
  const before = own.memoryBytes;
  new SlotTable(own, { maxIdle: 1, capacity: 100_000 });
  assert.ok(own.memoryBytes > before, "the memory did not grow");
  assert.ok(table.isLeased(handles[1]!));
  assert.is(SlotTable.index(table.acquireHandle()), 0);
  new SlotTable(own, { maxIdle: 1, capacity: 100_000 });
  assert.is(table.releaseHandle(handles[1]!), "kept");
  new SlotTable(own, { maxIdle: 1, capacity: 100_000 });
  assert.is(table.acquire(), 1);
  new SlotTable(own, { maxIdle: 1, capacity: 100_000 });
  const { idle, inUse, created, reused } = table.stats();
  assert.equal([idle, inUse, created, reused], [0, 3, 3, 2]);
});

test("no memory: the status is answered and the table stays as it was", () => {
  const { exports } = createCore();
  const tooMany = 10_000_000;
  assert.is(exports.slotsCreate(1, tooMany), Status.outOfMemory);
  const table = exports.slotsCreate(1, 1);
  assert.is(exports.slotsResize(table, 1, tooMany), Status.outOfMemory);
  assert.is(exports.slotsAcquire(table), -1 / GENERATIONS);
  assert.is(exports.slotsAcquire(table), 0);
});

test.run();
