import { test } from "uvu";
import * as assert from "uvu/assert";
import { coreBytes } from "../../src/core/bytes.ts";
import { createGovernorCore, type GovernorCore, Trend } from "../../src/core/governor-entry.ts";
import {
  type Core,
  createCore,
  createCoreAsync,
  Histogram,
  loadCore,
  loadCoreAsync,
  MAX_CAPACITY,
  SieveOrder,
  SlotTable,
  Status,
  VelithonError,
} from "../../src/core/index.ts";

/** The target of the project: 8 KB. What is decided seldom goes into the governor module instead. */
const MOST_BYTES = 8192;
const wasm = Uint8Array.from(atob(coreBytes), (character) => character.charCodeAt(0));
const module = new WebAssembly.Module(wasm);
const governor = createGovernorCore();

function works(core: Core): void {
  const histogram = new Histogram(core);
  histogram.record(5);
  assert.equal(histogram.quantiles(0.5), [5]);
}

function refusal(code: string, ...parts: string[]) {
  return (error: unknown): boolean => {
    assert.instance(error, VelithonError);
    const { code: actual, message } = error as VelithonError;
    assert.is(actual, code, message);
    for (const part of parts) assert.ok(message.includes(part), `"${message}" does not say "${part}"`);
    return true;
  };
}

async function rejects(promise: Promise<unknown>, check: (error: unknown) => boolean): Promise<void> {
  let caught: unknown;
  await promise.catch((error) => {
    caught = error;
  });
  check(caught);
}

test("the module imports nothing, has a memory, and is small", () => {
  assert.equal(WebAssembly.Module.imports(module), []);
  assert.ok(WebAssembly.Module.exports(module).some((e) => e.kind === "memory" && e.name === "memory"));
  console.log(`core: ${wasm.length} bytes`);
  assert.ok(wasm.length <= MOST_BYTES, `${wasm.length} bytes; accepted: ${MOST_BYTES}`);
});

test("createCore: separate instances, each with its own memory and schedule", () => {
  const [a, b] = [createCore(), createCore()];
  assert.is.not(a, b);
  assert.is.not(a.exports.memory, b.exports.memory);
  assert.is(a.schedule, a.schedule);
  assert.is.not(a.schedule, b.schedule);
  a.schedule.requestStart(1);
  assert.is(a.schedule.flightStats().inFlight, 1);
  assert.is(b.schedule.flightStats().inFlight, 0);
  works(a);
});

test("loadCore: one core for all, whoever asks first and how", async () => {
  const core = loadCore();
  assert.is(loadCore(), core);
  assert.is(loadCore(module), core, "a later source is not looked at");
  assert.is(await loadCoreAsync(), core);
  assert.is(await loadCoreAsync(module), core);
  assert.is.not(createCore(), core);
});

test("from a precompiled module, from bytes, synchronously and not", async () => {
  const within = new Uint8Array(wasm.length + 20);
  within.set(wasm, 7);
  const view = within.subarray(7, 7 + wasm.length);
  const sources = [undefined, module, wasm, wasm.slice().buffer, view, new DataView(wasm.slice().buffer)];
  for (const source of sources) {
    works(createCore(source));
    works(await createCoreAsync(source));
    works(await createCoreAsync(Promise.resolve(source as WebAssembly.Module)));
  }
  assert.is.not(await createCoreAsync(), await createCoreAsync());
});

test("no WebAssembly in this process (--jitless): CORE_NOT_LOADED says so", async () => {
  const kept = globalThis.WebAssembly;
  const check = refusal("CORE_NOT_LOADED", "has no WebAssembly", "--jitless");
  try {
    // @ts-expect-error as V8 without a compiler has it
    delete globalThis.WebAssembly;
    assert.throws(() => createCore(), check);
    assert.throws(() => createGovernorCore(), check);
    await rejects(createCoreAsync(), check);
  } finally {
    globalThis.WebAssembly = kept;
  }
});

test("bytes or a module that are not the core: CORE_NOT_LOADED, with the cause", async () => {
  const foreign = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  const bad: unknown[] = [
    new Uint8Array(0),
    new Uint8Array(100),
    wasm.slice(0, 200),
    new ArrayBuffer(8),
    foreign,
    new WebAssembly.Module(foreign),
    "core.wasm",
    42,
    null,
    {},
  ];
  for (const source of bad as WebAssembly.Module[]) {
    const check = refusal("CORE_NOT_LOADED", "velithon/core.wasm");
    assert.throws(() => createCore(source), check);
    await rejects(createCoreAsync(source), check);
  }
  await rejects(
    createCoreAsync(new Uint8Array(100)),
    (error) => (error as VelithonError).cause instanceof WebAssembly.CompileError,
  );
  works(createCore());
});

test("the scratch view survives growing memory", () => {
  const core = createCore();
  const histogram = new Histogram(core);
  histogram.record(12);
  const before = core.scratch;
  const bytes = core.memoryBytes;
  const table = new SlotTable(core, { maxIdle: 1, capacity: MAX_CAPACITY });
  assert.ok(core.memoryBytes > bytes, "grown");
  assert.is(before.length, 0, "the old view is detached");
  assert.is(core.scratch.length, 64);
  assert.equal(histogram.quantiles(0, 1), [12, 12]);
  assert.is(table.stats().capacity, MAX_CAPACITY);
  assert.is(core.scratch, core.scratch, "one view until the next growth");
});

const NOT_CAPACITIES: readonly [value: unknown, shown: string][] = [
  [undefined, "undefined"],
  [null, "null"],
  [Number.NaN, "NaN"],
  [-1, "-1"],
  [1.5, "1.5"],
  [MAX_CAPACITY + 1, "1048577"],
  [2 ** 32 + 5, "4294967301"],
  [Number.POSITIVE_INFINITY, "Infinity"],
  ["16", '"16"'],
  [true, "true"],
  [16n, "16n"],
  [{}, "an object"],
  [[16], "[16]"],
];

test("bad arguments: one INVALID_OPTION that names the argument, its value and what is accepted", () => {
  const core = createCore();
  const table = new SlotTable(core, { maxIdle: 1, capacity: 1 });
  const order = new SieveOrder(core, 1);
  for (const [value, shown] of NOT_CAPACITIES) {
    const n = value as number;
    const cases: [name: string, from: number, act: () => unknown][] = [
      ["capacity", 1, () => new SlotTable(core, { maxIdle: 1, capacity: n })],
      ["maxIdle", 0, () => new SlotTable(core, { maxIdle: n, capacity: 1 })],
      ["capacity", 1, () => table.resize({ maxIdle: 1, capacity: n })],
      ["maxIdle", 0, () => table.resize({ maxIdle: n, capacity: 1 })],
      ["limit", 1, () => new SieveOrder(core, n)],
      ["limit", 1, () => order.resize(n)],
      ["capacity", 2, () => new Trend(governor, n)],
    ];
    for (const [name, from, act] of cases) {
      const check = refusal(
        "INVALID_OPTION",
        `${name} is ${shown};`,
        `a whole number from ${from} to 1048576`,
      );
      assert.throws(act, check);
    }
  }
  const none = undefined as unknown as { maxIdle: number; capacity: number };
  assert.throws(() => new SlotTable(core, none), refusal("INVALID_OPTION", "maxIdle is undefined"));
  assert.throws(() => table.resize(none), refusal("INVALID_OPTION", "maxIdle is undefined"));
  for (const act of [() => new SieveOrder(core, 0), () => new Trend(governor, 1)]) {
    assert.throws(act, refusal("INVALID_OPTION"));
  }
  assert.equal([table.stats().capacity, order.stats().limit], [1, 1], "nothing was changed");
});

test("destroyed: empty, takes nothing in, twice does no harm, and the others do not notice", () => {
  const core = createCore();
  const table = new SlotTable(core, { maxIdle: 3, capacity: 3 });
  const order = new SieveOrder(core, 3);
  const histogram = new Histogram(core);
  const trend = new Trend(governor, 3);
  for (let i = 0; i < 3; i++) {
    for (const one of [table, order, histogram, trend]) one.destroy();
    for (let n = 0; n < 1000; n++) {
      assert.is(table.acquire(), undefined);
      assert.is(table.release(n), "unknown");
      assert.is(table.releaseHandle(2 ** 20), "unknown");
      assert.is(table.discard(n), false);
      assert.is(table.evict(), undefined);
      assert.is(table.unneeded(), 0);
      assert.is(order.hit(n), false);
      assert.is(order.remove(n), false);
      assert.is(order.evict(), undefined);
      assert.is(order.takeCold(0), undefined);
      assert.ok(order.insert() < 0);
      order.miss();
      histogram.record(n * 1e6);
      trend.add(n, n);
    }
    table.resize({ maxIdle: 5, capacity: 5 });
    order.resize(5);
    histogram.merge(core.schedule.latency);
    trend.reset();
    histogram.reset();
    for (const value of Object.values({ ...table.stats(), ...order.stats() })) assert.is(value, 0);
    assert.is(histogram.summary().count, 0);
    assert.is(trend.fit().points, 0);
  }
  assert.ok(new Uint8Array(core.exports.memory.buffer, 0, 1024).every((byte) => byte === 0));
  works(core);
  const [one, other] = [
    new SlotTable(core, { maxIdle: 1, capacity: 1 }),
    new SlotTable(core, { maxIdle: 1, capacity: 1 }),
  ];
  assert.equal([one.acquire(), other.acquire(), one.acquire()], [~0, ~0, undefined]);
});

test("a host without memory: OUT_OF_MEMORY that says for what", () => {
  const core = createCore();
  const poor = Object.create(core, {
    exports: {
      value: {
        ...core.exports,
        ...Object.fromEntries(
          ["slotsCreate", "sieveCreate", "histogramCreate", "trendCreate"].map((name) => [
            name,
            () => Status.outOfMemory,
          ]),
        ),
      },
    },
  }) as Core;
  const cases: [string, () => unknown][] = [
    ["a slot table", () => new SlotTable(poor, { maxIdle: 1, capacity: 1 })],
    ["an eviction order", () => new SieveOrder(poor, 1)],
    ["a histogram", () => new Histogram(poor)],
    ["a trend", () => new Trend(poor as unknown as GovernorCore, 2)],
  ];
  for (const [what, act] of cases) assert.throws(act, refusal("OUT_OF_MEMORY", what));
});

test.run();
