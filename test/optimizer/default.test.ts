import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  disableMemoryOptimizations,
  enableMemoryOptimizations,
  getMemoryOptimizer,
  getMemoryStats,
  type MemoryOptimizerOptions,
  manualMemoryCleanup,
  memoryMonitoring,
  runtime,
  useRuntime,
} from "../../src/index.ts";
import { fakePort } from "../support/port.ts";
import { NO_OBJECT } from "../support/rules.ts";
import { throwsCode } from "../support/throws.ts";

const port = fakePort();
const logger = { info() {}, warn() {}, error() {} };

// The program's optimizer is one for the whole process, so the order of these tests matters.

test("without a runtime: NO_RUNTIME, and nothing is made", () => {
  throwsCode(() => runtime(), "NO_RUNTIME", "useRuntime");
  throwsCode(() => createMemoryOptimizer(), "NO_RUNTIME");
  throwsCode(() => enableMemoryOptimizations(), "NO_RUNTIME");
  throwsCode(() => getMemoryStats(), "NO_RUNTIME");
  disableMemoryOptimizations();
  useRuntime(port);
  assert.is(runtime(), port);
});

test("a refused call leaves the way open for a right one", () => {
  throwsCode(
    () => enableMemoryOptimizations({ memoryThresholdMb: -1 }),
    "INVALID_OPTION",
    "memoryThresholdMb",
    "-1",
  );
  assert.equal([port.openTimers, port.openObservers], [0, 0]);
});

const heapSnapshots = { directory: "/tmp" };
const options: MemoryOptimizerOptions = {
  memoryThresholdMb: 300,
  gcThresholds: [700, 10, 10],
  heapSnapshots,
  governor: { policy: ["trim"], objective: "latency" },
  logger,
};

test("enable: the first call makes the program's optimizer, the same options again change nothing", () => {
  const optimizer = enableMemoryOptimizations(options);
  assert.is(optimizer.enabled, true);
  assert.equal([port.openTimers, port.openObservers], [1, 1]);
  assert.is(enableMemoryOptimizations(options), optimizer);
  const again = { ...options, gcThresholds: [700, 10, 10] as const, heapSnapshots: { ...heapSnapshots } };
  assert.is(enableMemoryOptimizations(again), optimizer);
  const governor = { objective: "latency", policy: ["trim"] } as const;
  assert.is(
    enableMemoryOptimizations({ ...options, governor }),
    optimizer,
    "whatever the order of its fields",
  );
  assert.is(enableMemoryOptimizations(), optimizer);
  assert.is(getMemoryOptimizer(), optimizer);
  assert.equal([port.openTimers, port.openObservers], [1, 1]);
  assert.is(getMemoryStats().memoryThreshold?.thresholdMb, 300);
  assert.equal(getMemoryStats().gcStats.gcThresholds, [700, 10, 10]);
});

test("other options are an error, and change nothing", () => {
  const others: object[] = [
    { ...options, memoryThresholdMb: 400 },
    { ...options, memoryThresholdMb: "300" },
    { ...options, gcThresholds: [700, 10, 11] },
    { ...options, gcThresholds: "700,10,10" },
    { ...options, logger: { ...logger } },
    { ...options, poolMaxSize: 5 },
    { memoryThresholdMb: 300 },
    {},
  ];
  for (const other of others) {
    throwsCode(() => enableMemoryOptimizations(other), "INVALID_OPTION", "other options", "accepted");
  }
  for (const none of NO_OBJECT)
    throwsCode(
      () => enableMemoryOptimizations(none as never),
      "INVALID_OPTION",
      "the options are",
      "an object",
    );
  assert.is(getMemoryStats().memoryThreshold?.thresholdMb, 300);
  assert.is(port.openTimers, 1);
});

test("disable stops all; enable starts it again", () => {
  disableMemoryOptimizations();
  disableMemoryOptimizations();
  assert.equal([port.openTimers, port.openObservers], [0, 0]);
  assert.is(getMemoryOptimizer().enabled, false);
  assert.is(enableMemoryOptimizations(), getMemoryOptimizer());
  assert.is(port.openTimers, 1);
});

test("statistics and clean-up are those of the program's optimizer", () => {
  const pool = getMemoryOptimizer().createObjectPool({ name: "p", factory: () => ({}) });
  pool.release(pool.acquire());
  assert.is(getMemoryStats().objectPools.p?.poolSize, 1);
  assert.equal(manualMemoryCleanup().objectPools, { p: 1 });
  assert.equal(port.collections, ["major"]);
});

test("an optimizer of one's own is another; a middleware without one takes the program's", () => {
  const own = createMemoryOptimizer();
  assert.is.not(own, getMemoryOptimizer());
  assert.is(own.port, port);
  disableMemoryOptimizations();
  memoryMonitoring({ optimizer: own });
  assert.is(getMemoryOptimizer().enabled, false);
  memoryMonitoring();
  assert.is(getMemoryOptimizer().enabled, true);
});

test.run();
