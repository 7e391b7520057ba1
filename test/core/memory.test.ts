import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, MAX_CAPACITY, SieveOrder, SlotTable } from "../../src/core/index.ts";
import { fillCore } from "../support/full-core.ts";
import { randomSteps } from "../support/random.ts";

type Call = (...values: number[]) => number;

function fullCore(): { core: ReturnType<typeof createCore>; tables: Record<string, number> } {
  const core = createCore();
  const { exports } = core;
  assert.ok(core.schedule.latency, "the schedule makes its histogram");
  const tables = {
    slots: exports.slotsCreate(20, 40),
    sieve: exports.sieveCreate(40),
    histogram: exports.histogramCreate(),
  };
  fillCore(core);
  return { core, tables };
}

test("no call but those that make or resize a table takes memory, over 100,000 random ones", () => {
  const { core, tables } = fullCore();
  const { memoryBytes } = core;
  const { memory, ...functions } = core.exports;
  const calls = Object.entries(functions as unknown as Record<string, Call>).filter(
    ([name]) => name === "gateCreate" || !/Create$|Resize$|Destroy$/.test(name),
  );
  assert.ok(calls.length > 30, `${calls.length} functions`);
  const called = new Set<string>();
  randomSteps(20_261_128, 100_000, (random) => {
    const [name, call] = random.pick(calls);
    const table = Object.keys(tables).find((kind) => name.startsWith(kind));
    const rest = Array.from({ length: call.length }, () =>
      random.chance(0.1) ? random.int(0, 40) + random.int(0, 9) / 2 ** 32 : random.int(0, 40),
    );
    if (table !== undefined) rest[0] = tables[table]!;
    call(...rest);
    called.add(name);
    if (memory.buffer.byteLength !== memoryBytes) assert.unreachable(`${name} took memory`);
  });
  assert.is(called.size, calls.length);
  core.exports.sieveCreate(0);
  assert.ok(core.memoryBytes > memoryBytes, "there was memory left: nothing could be seen");
});

test("a table is made with all its places: filling it takes no memory", () => {
  const core = createCore();
  const slots = new SlotTable(core, { maxIdle: 10, capacity: 3000 });
  const order = new SieveOrder(core, 5000);
  const made = core.memoryBytes;
  for (let i = 0; i < 4000; i++) slots.acquire();
  for (let i = 0; i < 6000; i++) order.insert();
  assert.equal([slots.stats().inUse, order.size], [3000, 5000]);
  assert.is(core.memoryBytes, made);
  slots.resize({ maxIdle: 10, capacity: 20_000 });
  order.resize(20_000);
  const resized = core.memoryBytes;
  assert.ok(resized > made);
  for (let i = 0; i < 30_000; i++) slots.acquire();
  for (let i = 0; i < 30_000; i++) order.insert();
  assert.equal([slots.stats().inUse, order.size], [20_000, 20_000]);
  assert.is(core.memoryBytes, resized);
});

test("what a table has room for is not written before it is used", () => {
  const core = createCore();
  const before = core.memoryBytes;
  new SlotTable(core, { maxIdle: MAX_CAPACITY, capacity: MAX_CAPACITY });
  new SieveOrder(core, MAX_CAPACITY);
  assert.ok(core.memoryBytes > before + MAX_CAPACITY * 28);
  const HEADER_WORDS = 16;
  const words = new Float64Array(core.exports.memory.buffer, before);
  const written = words.reduce((count, word) => count + (word === 0 ? 0 : 1), 0);
  assert.ok(written <= HEADER_WORDS, `${written} words were written`);
});

test.run();
