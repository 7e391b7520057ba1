import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore, Histogram, SharedCounters } from "../../src/core/index.ts";
import { throwsCode } from "../support/throws.ts";

const WORKERS = 3;
const EVENTS = 2_000_000;
const worker = new URL("../support/workers/shared.mjs", import.meta.url);
// A worker of Node takes no TypeScript: it gets what was built.
const module = new URL("../../dist/src/core/index.mjs", import.meta.url).href;

interface Done {
  index: number;
  tookMs: number;
}

/** Lets so many workers count at the same time; resolves once all have told that they are done. */
async function count(
  counters: SharedCounters,
  workers: number,
  events: number,
  keep = false,
): Promise<Done[]> {
  const barrier = new SharedArrayBuffer(4);
  const workerData = { module, handle: counters.handle, barrier, workers, events, keep };
  const all = Array.from({ length: workers }, () => new Worker(fileURLToPath(worker), { workerData }));
  try {
    return await Promise.all(
      all.map(
        (each) =>
          new Promise<Done>((resolve, reject) => {
            each.once("message", resolve);
            each.once("error", reject);
          }),
      ),
    );
  } finally {
    await Promise.all(all.map((each) => each.terminate()));
  }
}

test(`${WORKERS} workers x ${EVENTS} events from one start: nothing is lost`, async () => {
  const counters = new SharedCounters({ counters: ["events", "twice", "none"], shards: WORKERS });
  const done = await count(counters, WORKERS, EVENTS);
  assert.equal(done.map(({ index }) => index).sort(), [0, 1, 2], "each has a shard of its own");
  const total = counters.read();
  assert.equal(total.counters, { events: WORKERS * EVENTS, twice: 2 * WORKERS * EVENTS, none: 0 });
  const { count: recorded, min, max, mean } = total.histogram.summary();
  assert.is(recorded, WORKERS * EVENTS);
  assert.is(min, 1);
  assert.is(max, 1000);
  assert.ok(Math.abs(mean! - 500.5) < 1e-6, `${mean}`);
  const [median] = total.histogram.quantiles(0.5);
  assert.ok(Math.abs(median! - 500) <= 500 / 64 + 1, `${median}`);
});

test("a worker that goes leaves its totals; the next one goes on from them", async () => {
  const counters = new SharedCounters({ counters: ["events", "twice"], shards: 2 });
  for (let round = 1; round <= 3; round++) {
    await count(counters, 2, 1000);
    assert.is(counters.read().counters.events, round * 2000);
  }
});

test("a worker that ended without giving back: others give its shard back", async () => {
  const counters = new SharedCounters({ counters: ["events", "twice"], shards: 1 });
  const [done] = await count(counters, 1, 10, true);
  throwsCode(() => counters.claim(), "POOL_EXHAUSTED", "every one of 1 shards");
  assert.is(counters.releaseShard(done!.index), true);
  assert.is(counters.releaseShard(done!.index), false);
  counters.claim().add(0, 5);
  assert.is(counters.read().counters.events, 15);
});

test("the histogram is that of all values together", () => {
  const counters = new SharedCounters({ counters: ["a"] });
  const one = new Histogram(createCore());
  const shards = [counters.claim(), counters.claim(), counters.claim()];
  for (let i = 0; i < 3000; i++) {
    const value = 1 + ((i * 7919) % 100_000);
    shards[i % 3]!.record(value);
    one.record(value);
  }
  const { histogram } = counters.read();
  const wanted = one.summary();
  const got = histogram.summary();
  assert.equal(histogram.quantiles(0.1, 0.5, 0.99, 1), one.quantiles(0.1, 0.5, 0.99, 1));
  assert.is(got.count, wanted.count);
  assert.ok(Math.abs(got.mean! - wanted.mean!) < 1e-6);
  assert.ok(Math.abs(got.standardDeviation! - wanted.standardDeviation!) < 1e-4);
});

test("as many shards as there may be, each apart from the others", () => {
  const counters = new SharedCounters({
    counters: Array.from({ length: 32 }, (_, i) => `c${i}`),
    shards: 256,
  });
  for (let i = 0; i < 256; i++) {
    const shard = counters.claim();
    assert.is(shard.index, i);
    for (let c = 0; c < 32; c++) shard.add(c, i * 32 + c);
    shard.record(i + 1);
  }
  throwsCode(() => counters.claim(), "POOL_EXHAUSTED", "256");
  const { counters: sums, histogram } = counters.read();
  for (let c = 0; c < 32; c++) assert.is(sums[`c${c}`], 32 * ((255 * 256) / 2) + 256 * c);
  assert.is(histogram.summary().min, 1);
  assert.equal(histogram.quantiles(1), [256]);
});

test("what is refused, and what a given-back shard does", () => {
  const refuse = (given: unknown, ...parts: string[]) =>
    throwsCode(() => new SharedCounters(given as never), "INVALID_OPTION", ...parts);
  refuse(undefined, "the options are undefined");
  refuse({}, "counters is undefined");
  refuse({ counters: [] }, "1 to 32 different names");
  refuse({ counters: ["a", "a"] }, "different");
  refuse({ counters: ["a", ""] }, "names");
  refuse({ counters: Array.from({ length: 33 }, (_, i) => `${i}`) }, "32");
  for (const shards of [0, 257, 1.5, "2"]) refuse({ counters: ["a"], shards }, "shards", "256");
  refuse({ counters: ["a"], memory: 5 }, "memory");
  const small = new WebAssembly.Memory({ initial: 1, maximum: 64, shared: true });
  refuse({ counters: ["a"], memory: small, shards: 256 }, "memory has 65536 bytes", "256 shards");

  const counters = new SharedCounters({ counters: ["a"] });
  const shard = counters.claim();
  for (const place of [-1, 1, 0.5, Number.NaN])
    throwsCode(() => shard.add(place), "INVALID_OPTION", "counter");
  for (const amount of [Number.NaN, Number.POSITIVE_INFINITY, "1"])
    throwsCode(() => shard.add(0, amount as number), "INVALID_OPTION", "amount", "a finite number");
  assert.is(counters.read().counters.a, 0);
  shard.record(Number.NaN);
  assert.is(counters.read().histogram.summary().rejected, 1);
  shard.release();
  shard.release();
  throwsCode(() => shard.add(0), "CLOSED", "claim()");
  throwsCode(() => shard.record(1), "CLOSED");
  throwsCode(() => counters.releaseShard(32), "INVALID_OPTION", "31");
  throwsCode(
    () => new Histogram(createCore()).mergeNumbers(new Float64Array(3)),
    "INVALID_OPTION",
    "toNumbers",
  );
});

test.run();
