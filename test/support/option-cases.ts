import { SharedCounters, SharedRequests } from "../../src/core/index.ts";
import {
  createMemoryOptimizer,
  drainAndExit,
  type MemoryOptimizer,
  RequestMemoryContext,
} from "../../src/index.ts";
import { SERVER_CASES } from "./option-cases-server.ts";
import type { FakePort } from "./port.ts";
import {
  abortSignal,
  callback,
  factory,
  flag,
  names,
  number,
  object,
  one,
  policy,
  powerOfTwo,
  type Rule,
  ratios,
  required,
  text,
  thresholds,
  whole,
} from "./rules.ts";

/** What is called, and each of its options. `given` holds what is right for those that are required. */
export interface Case {
  /** How its messages begin. */
  readonly where: string;
  /** The exported type of its options. */
  readonly type: string;
  readonly call: (options: unknown, optimizer: MemoryOptimizer, port: FakePort) => unknown;
  readonly given?: (optimizer: MemoryOptimizer) => Record<string, unknown>;
  readonly options: Readonly<Record<string, Rule>>;
  /** The options are themselves an option: what is no object is that one's to refuse. */
  readonly part?: boolean;
}

const TABLE = 1_048_576;
const BYTES = 2 ** 40;
const DAY_MS = 86_400_000;
const ofOptimizer = (options: unknown, port: FakePort): unknown =>
  createMemoryOptimizer(
    typeof options === "object" &&
      options !== null &&
      !Array.isArray(options) &&
      (options as { port?: unknown }).port === undefined
      ? { ...options, port }
      : (options as object),
  );

const POOLS: readonly Case[] = [
  {
    where: "createObjectPool",
    type: "ObjectPoolOptions",
    call: (options, optimizer) => optimizer.createObjectPool(options as never),
    given: () => ({ name: "p", factory: () => ({}) }),
    options: {
      name: required(text),
      factory,
      reset: callback,
      maxSize: whole(0, TABLE),
      maxTotal: whole(1, TABLE),
      dispose: callback,
      maxIdleMs: number(0, DAY_MS),
      mode: one("auto, pooling or bypass", "off"),
      leakDetection: one("off, sampled or full", "on"),
      leakThresholdMs: number(1, DAY_MS),
      onLeak: callback,
      objectBytes: whole(1, BYTES),
      pinnedBytes: whole(0, BYTES),
    },
  },
  {
    where: "createBufferPool",
    type: "BufferPoolOptions",
    call: (options, optimizer) => optimizer.createBufferPool(options as never),
    given: () => ({ name: "b" }),
    options: {
      name: required(text),
      maxIdleBytes: whole(0, BYTES),
      maxBufferBytes: powerOfTwo(1024, 67_108_864),
      zeroOnRelease: flag,
      resizable: flag,
      pinnedBytes: whole(0, BYTES),
    },
  },
  {
    where: "createWeakCache",
    type: "WeakCacheOptions",
    call: (options, optimizer) => optimizer.createWeakCache(options as never),
    given: () => ({ name: "c", tier: "strong+weak", maxBytes: 100, sizeOf: () => 1 }),
    options: {
      name: required(text),
      maxSize: whole(1, TABLE),
      tier: one('"weak" or "strong+weak"', "strong"),
      maxBytes: required(whole(0, BYTES)),
      sizeOf: required(callback),
      demotion: one("auto, always or bypass", "Auto"),
      ttlMs: number(1, 2_147_483_647),
      onRemove: callback,
      finalizers: flag,
      pinnedBytes: whole(0, BYTES),
    },
  },
];

const OPTIMIZER: readonly Case[] = [
  {
    where: "createMemoryOptimizer",
    type: "MemoryOptimizerOptions",
    call: (options, _optimizer, port) => ofOptimizer(options, port),
    options: {
      enabled: flag,
      gcThresholds: thresholds,
      gcBudgetRatio: number(0, 1),
      memoryThresholdMb: number(1, 16_777_216),
      limitBytes: whole(1_048_576, 2 ** 50),
      pressureRatios: ratios,
      budgetBytes: whole(0, 2 ** 50),
      poolMaxSize: whole(0, TABLE),
      cacheMaxSize: whole(1, TABLE),
      longLivedAfterMs: whole(100, 3_600_000),
      culprit: flag,
      heapSnapshots: object,
      governor: object,
      logger: one(
        "an object with info, warn and error",
        { info() {}, warn() {} },
        { info: 1, warn: 1, error: 1 },
      ),
      port: one("a RuntimePort", { collect: 5 }, { collect() {} }),
    },
  },
  {
    where: "createMemoryOptimizer: governor",
    type: "GovernorOptions",
    call: (governor, _optimizer, port) => createMemoryOptimizer({ port, governor: governor as object }),
    options: { policy, objective: one("latency, cpu or memory", "Latency", ["cpu"]) },
    part: true,
  },
  {
    where: "heapSnapshots",
    type: "HeapSnapshotOptions",
    call: (options, _optimizer, port) => createMemoryOptimizer({ port, heapSnapshots: options as never }),
    given: () => ({ directory: "snapshots" }),
    options: {
      directory: required({ accepted: "a path", wrong: [null, 5, -1, Number.NaN, "", true, [], {}] }),
      cooldownMinutes: number(1, 100_000),
    },
    part: true,
  },
  {
    where: "manualCollection",
    type: "ManualCollectionOptions",
    call: (options, optimizer) => optimizer.gcOptimizer.manualCollection(options as never),
    options: { generation: one("0, 1 or 2", 3, 0.5, "2", 1e9, 2n), countObjects: flag },
  },
  {
    where: "findCulprit",
    type: "FindCulpritOptions",
    call: (options, optimizer) => optimizer.findCulprit(options as never),
    options: { seconds: number(0.1, 3600) },
  },
  {
    where: "RequestMemoryContext",
    type: "RequestMemoryContextOptions",
    call: (options, _optimizer, port) => new RequestMemoryContext(options as never, port),
    options: { enableMonitoring: flag, deadlineMs: number(1, DAY_MS), signal: abortSignal },
  },
  {
    where: "drainAndExit",
    type: "DrainAndExitOptions",
    call: (options, optimizer) => drainAndExit(optimizer, options as never),
    given: () => ({ stop() {}, exit() {} }),
    options: {
      stop: required(callback),
      exit: required(callback),
      afterMs: number(1000, DAY_MS),
      jitterMs: number(0, 3_600_000),
      drainTimeoutMs: number(0, 3_600_000),
      exitCode: whole(1, 255),
    },
  },
  {
    where: "SharedCounters",
    type: "SharedCountersOptions",
    call: (options) => new SharedCounters(options as never),
    given: () => ({ counters: ["events"] }),
    options: { counters: names, shards: whole(1, 256) },
  },
  {
    where: "SharedRequests",
    type: "SharedRequestsOptions",
    call: (options) => new SharedRequests(options as never),
    options: { shards: whole(1, 256), longLivedAfterMs: number(100, 3_600_000) },
  },
];

/** Every public function that takes options, and every option of each. */
export const CASES: readonly Case[] = [...OPTIMIZER, ...POOLS, ...SERVER_CASES];
