import { test } from "uvu";
import * as assert from "uvu/assert";
import { createApp } from "../src/app.ts";
import {
  createMemoryOptimizer,
  gcTuning,
  type MemoryOptimizer,
  memoryGovernance,
  memoryMonitoring,
  memoryOptimization,
  RequestMemoryContext,
} from "../src/index.ts";
import { type FakePort, fakePort } from "./support/port.ts";
import { throwsCode } from "./support/throws.ts";

/** What an option accepts, as its message says it, and what it must refuse. */
interface Rule {
  accepted: string;
  wrong: readonly unknown[];
  required?: boolean;
  /** Its value must not be shown. */
  hidden?: boolean;
}

const NO_NUMBER: readonly unknown[] = ["5", "", null, true, [], {}, () => 1, 5n, Number.NaN, Symbol("five")];

function whole(min: number, max: number): Rule {
  const beyond = [min - 1, max + 1, -1, min + 0.5, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { accepted: `a whole number from ${min} to ${max}`, wrong: [...NO_NUMBER, ...beyond] };
}

function number(min: number, max: number): Rule {
  const beyond = [min - 0.001, max + 0.001, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  return { accepted: `a number from ${min} to ${max}`, wrong: [...NO_NUMBER, ...beyond] };
}

const required = (rule: Rule): Rule => ({ ...rule, required: true });
const flag: Rule = { accepted: "true or false", wrong: [0, 1, "true", "", null, {}, [], Number.NaN, -1] };
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
interface Case {
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

const CASES: readonly Case[] = [
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

function isPlain(value: unknown): value is { port?: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Refused with one error that has all of `parts`, and nothing of it is left. */
function refused(test: Case, options: (optimizer: MemoryOptimizer) => unknown, ...parts: string[]): void {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const before = JSON.stringify(optimizer.getMemoryStats());
  const bytes = optimizer.core.memoryBytes;
  throwsCode(
    () => test.call(options(optimizer), optimizer, port),
    "INVALID_OPTION",
    test.where,
    "accepted: ",
    ...parts,
  );
  assert.equal([port.openTimers, port.openObservers, port.deferredTasks], [0, 0, 0], "nothing is started");
  assert.is(optimizer.enabled, false);
  assert.equal(port.collections, []);
  assert.is(JSON.stringify(optimizer.getMemoryStats()), before, "no name is taken, nothing is counted");
  assert.is(optimizer.core.memoryBytes, bytes);
  // All 28 gates are still there.
  const gates = Array.from({ length: 28 }, () => ({ interval: 1, kind: 0 }) as const);
  assert.is(optimizer.requests.createGates(gates), 0x0fff_ffff, "no gate is used up");
}

/** A value as a message may show it. */
function shown(value: unknown): string {
  if (typeof value === "string")
    return value.length > 60 ? JSON.stringify(value).slice(0, 50) : JSON.stringify(value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return "[";
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

for (const each of CASES) {
  const given = each.given ?? ((): Record<string, unknown> => ({}));

  test(`${each.where}: what is right is taken`, () => {
    const port = fakePort();
    const optimizer = createMemoryOptimizer({ port });
    assert.not.throws(() => each.call(given(optimizer), optimizer, port));
    const blank = Object.fromEntries(Object.keys(each.options).map((name) => [name, undefined]));
    const fresh = createMemoryOptimizer({ port });
    assert.not.throws(() => each.call({ ...blank, ...given(fresh) }, fresh, port), "undefined is not given");
  });

  for (const [name, rule] of Object.entries(each.options)) {
    test(`${each.where}: ${name} of a wrong type, NaN, negative, too large, missing`, () => {
      for (const value of rule.wrong) {
        refused(
          each,
          (optimizer) => ({ ...given(optimizer), [name]: value }),
          name,
          rule.hidden ? `${(value as string).length} characters` : shown(value),
          rule.accepted,
        );
      }
      if (!rule.required) return;
      refused(each, (optimizer) => ({ ...given(optimizer), [name]: undefined }), name, rule.accepted);
      const without = (optimizer: MemoryOptimizer): object => {
        const rest = given(optimizer);
        delete rest[name];
        return rest;
      };
      refused(each, without, `${name} is missing`, rule.accepted);
    });
  }

  test(`${each.where}: an unknown option, and what are no options`, () => {
    const unknown = (optimizer: MemoryOptimizer): object => ({ ...given(optimizer), maxSzie: 5 });
    refused(each, unknown, "no option maxSzie", ...Object.keys(each.options));
    const isPart = each.where.startsWith("memoryGovernance: ");
    for (const value of [5, Number.NaN, "text", true, null, [], [5]]) {
      if (isPart) continue;
      refused(each, () => value, "the options are", shown(value), "an object");
    }
    const needs = Object.entries(each.options).filter(([, rule]) => rule.required);
    if (needs.length > 0) refused(each, () => undefined, `${needs[0]![0]} is missing`);
  });
}

test("resize of a pool and of a cache: one error, and all as before", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}), maxSize: 5 });
  const cache = optimizer.createWeakCache({ name: "c", maxSize: 5 });
  const cases = [
    [(size: unknown) => pool.resize(size as number), whole(0, 1_048_576)],
    [(size: unknown) => cache.resize(size as number), whole(1, 1_048_576)],
  ] as const;
  const before = optimizer.getMemoryStats();
  for (const [resize, rule] of cases) {
    for (const value of [...rule.wrong, undefined]) {
      throwsCode(() => resize(value), "INVALID_OPTION", "resize", "maxSize", shown(value), rule.accepted);
    }
  }
  assert.equal(optimizer.getMemoryStats(), before);
});

test("a value that is hard to show does not spoil its message", () => {
  const optimizer = createMemoryOptimizer({ port: fakePort() });
  const endless: unknown[] = [];
  endless.push(endless);
  const hard: unknown[] = [
    endless,
    Object.create(null),
    new Proxy({}, {}),
    Symbol("s"),
    new Array(1e6),
    "x".repeat(1e6),
    [[1, [2]]],
  ];
  for (const maxSize of hard) {
    try {
      optimizer.createWeakCache({ name: "c", maxSize: maxSize as number });
      assert.unreachable();
    } catch (error) {
      const { message } = error as Error;
      assert.match(message, "maxSize");
      assert.ok(message.length < 200, message.slice(0, 300));
    }
  }
});

test.run();
