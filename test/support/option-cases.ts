import { createApp } from "../../src/app.ts";
import {
  createMemoryOptimizer,
  gcTuning,
  type MemoryOptimizer,
  memoryGovernance,
  memoryMonitoring,
  memoryOptimization,
  RequestMemoryContext,
} from "../../src/index.ts";
import type { FakePort } from "./port.ts";

/** What an option accepts, as its message says it, and what it must refuse. */
export interface Rule {
  accepted: string;
  wrong: readonly unknown[];
  required?: boolean;
  /** Its value must not be shown. */
  hidden?: boolean;
}

const NO_NUMBER: readonly unknown[] = ["5", "", null, true, [], {}, () => 1, 5n, Number.NaN, Symbol("five")];

export function whole(min: number, max: number): Rule {
  const beyond = [min - 1, max + 1, -1, min + 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { accepted: `a whole number from ${min} to ${max}`, wrong: [...NO_NUMBER, ...beyond] };
}

function number(min: number, max: number): Rule {
  const beyond = [min - 0.001, max + 0.001, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { accepted: `a number from ${min} to ${max}`, wrong: [...NO_NUMBER, ...beyond] };
}

const required = (rule: Rule): Rule => ({ ...rule, required: true });

const flag: Rule = {
  accepted: "true or false",
  wrong: [0, 1, "true", "", null, {}, [], Number.NaN, -1],
};

const text: Rule = {
  accepted: "a string of 1 to 200 characters",
  wrong: ["", "x".repeat(201), 5, null, true, {}, [], Number.NaN, Symbol("name")],
};

/** A string's value is in no message. */
const secret: Rule = {
  accepted: "16 to 200 visible ASCII characters",
  wrong: ["", "x".repeat(15), "x".repeat(201), "sixteen, with \u{1f600} in it"],
  hidden: true,
};

const NO_OBJECT: readonly unknown[] = [null, 5, -1, Number.NaN, "text", true, []];
const thing = (accepted: string): Rule => ({ accepted, wrong: [...NO_OBJECT, {}] });
const part: Rule = { accepted: "an object", wrong: [...NO_OBJECT, { optimizer: undefined }] };

const thresholds: Rule = {
  accepted: "3 whole numbers from 1 to 1000000000",
  wrong: [
    ...NO_OBJECT,
    {},
    [1, 2],
    [1, 2, 3, 4],
    [0, 1, 1],
    [1, -1, 1],
    [1, 1, 1.5],
    [1, Number.NaN, 1],
    [1, 1, 1_000_000_001],
    ["1", 1, 1],
    "1,1,1",
  ],
};

const factory: Rule = {
  accepted: "a function that makes an object, or an object with create",
  required: true,
  wrong: [...NO_OBJECT, {}, { create: 5 }, { create: () => ({}), reset: 5 }, { reset() {} }],
};

/** What is called, and each of its options. `given` holds what is right for those that are required. */
export interface Case {
  where: string;
  call: (options: unknown, optimizer: MemoryOptimizer, port: FakePort) => unknown;
  given?: (optimizer: MemoryOptimizer) => Record<string, unknown>;
  options: Record<string, Rule>;
}

const INTERVAL = whole(0, 1_000_000_000);
const anOptimizer = thing("a MemoryOptimizer");

const gcOptions = {
  disableGcDuringRequest: flag,
  generation0Interval: INTERVAL,
  generation2Interval: INTERVAL,
};

const memoryOptions = {
  enableMonitoring: flag,
  cleanupThreshold: INTERVAL,
  cleanupIntervalSeconds: number(0, 604_800),
  ambientContext: flag,
};

const monitoringOptions = {
  logInterval: whole(1, 1_000_000_000),
  logger: { accepted: "an object with info", wrong: [...NO_OBJECT, {}, { info: 5 }, { warn() {} }] },
};

/** The options of one part of `memoryGovernance`. */
const partOf = (name: string, options: Record<string, Rule>): Case => ({
  where: `memoryGovernance: ${name}`,
  call: (given, optimizer) => memoryGovernance({ optimizer, [name]: given }),
  options,
});

function isPlain(value: unknown): value is { port?: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export const CASES: readonly Case[] = [
  {
    where: "createMemoryOptimizer",
    call: (options, _optimizer, port) =>
      createMemoryOptimizer(
        isPlain(options) && options.port === undefined ? { ...options, port } : (options as object),
      ),
    options: {
      enabled: flag,
      gcThresholds: thresholds,
      gcBudgetRatio: number(0, 1),
      memoryThresholdMb: number(1, 16_777_216),
      limitBytes: whole(1_048_576, 2 ** 50),
      culprit: flag,
      heapSnapshots: { accepted: "an object", wrong: NO_OBJECT },
      poolMaxSize: whole(0, 1_048_576),
      cacheMaxSize: whole(1, 1_048_576),
      longLivedAfterMs: whole(100, 3_600_000),
      logger: {
        accepted: "an object with info, warn and error",
        wrong: [...NO_OBJECT, {}, { info() {}, warn() {} }, { info: 1, warn: 1, error: 1 }],
      },
      port: { accepted: "a RuntimePort", wrong: [...NO_OBJECT, {}, "node", { collect: 5 }] },
    },
  },
  {
    where: "createObjectPool",
    call: (options, optimizer) => optimizer.createObjectPool(options as never),
    given: () => ({ name: "p", factory: () => ({}) }),
    options: {
      name: required(text),
      factory,
      reset: { accepted: "a function", wrong: [...NO_OBJECT, {}] },
      maxSize: whole(0, 1_048_576),
      maxTotal: whole(1, 1_048_576),
      dispose: { accepted: "a function", wrong: [...NO_OBJECT, {}] },
      maxIdleMs: number(0, 86_400_000),
      mode: { accepted: "auto, pooling or bypass", wrong: [...NO_OBJECT, {}, "off"] },
      leakDetection: { accepted: "off, sampled or full", wrong: [...NO_OBJECT, {}, "on"] },
      leakThresholdMs: number(1, 86_400_000),
      onLeak: { accepted: "a function", wrong: [...NO_OBJECT, {}] },
      objectBytes: whole(1, 2 ** 40),
    },
  },
  {
    where: "createBufferPool",
    call: (options, optimizer) => optimizer.createBufferPool(options as never),
    given: () => ({ name: "b" }),
    options: {
      name: required(text),
      maxIdleBytes: whole(0, 2 ** 40),
      maxBufferBytes: {
        accepted: "a power of two from 1024 to 67108864",
        wrong: [...NO_NUMBER, -1024, 0, 512, 1023, 1025, 3072, 2048.5, 2 ** 27, Number.POSITIVE_INFINITY],
      },
      zeroOnRelease: flag,
      resizable: flag,
    },
  },
  {
    where: "createWeakCache",
    call: (options, optimizer) => optimizer.createWeakCache(options as never),
    given: () => ({ name: "c" }),
    options: { name: required(text), maxSize: whole(1, 1_048_576) },
  },
  {
    where: "RequestMemoryContext",
    call: (options, _optimizer, port) => new RequestMemoryContext(options as never, port),
    options: { enableMonitoring: flag },
  },
  {
    where: "manualCollection",
    call: (options, optimizer) => optimizer.gcOptimizer.manualCollection(options as never),
    options: {
      generation: { accepted: "0, 1 or 2", wrong: [...NO_NUMBER, 3, -1, 0.5, "2", 1e9] },
      countObjects: flag,
    },
  },
  {
    where: "gcTuning",
    call: (options) => gcTuning(options as never),
    given: (optimizer) => ({ optimizer }),
    options: { ...gcOptions, optimizer: anOptimizer },
  },
  {
    where: "memoryOptimization",
    call: (options) => memoryOptimization(options as never),
    given: (optimizer) => ({ optimizer }),
    options: { ...memoryOptions, optimizer: anOptimizer },
  },
  {
    where: "memoryMonitoring",
    call: (options) => memoryMonitoring(options as never),
    given: (optimizer) => ({ optimizer }),
    options: { ...monitoringOptions, optimizer: anOptimizer },
  },
  {
    where: "memoryGovernance",
    call: (options) => memoryGovernance(options as never),
    given: (optimizer) => ({ optimizer }),
    options: { gcTuning: part, memoryOptimization: part, memoryMonitoring: part, optimizer: anOptimizer },
  },
  partOf("gcTuning", gcOptions),
  partOf("memoryOptimization", memoryOptions),
  partOf("memoryMonitoring", monitoringOptions),
  {
    where: "createApp",
    call: (options) => createApp(options as never),
    given: (optimizer) => ({ optimizer, demo: {} }),
    options: {
      optimizer: required(anOptimizer),
      loopback: flag,
      token: secret,
      healthyBelowMb: number(1, 16_777_216),
      governance: part,
      demo: { accepted: "an object of media types", wrong: NO_OBJECT },
    },
  },
];
