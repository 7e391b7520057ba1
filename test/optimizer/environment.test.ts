import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer, gcTuning } from "../../src/index.ts";
import { readEnvironment } from "../../src/optimizer/environment.ts";
import { type FakePort, fakePort } from "../support/port.ts";
import { throwsCode } from "../support/throws.ts";

type Variables = Record<string, string>;

function read(variables: Variables): ReturnType<typeof readEnvironment> {
  return readEnvironment((name) => variables[name]);
}

const NOTHING = {
  enabled: undefined,
  memoryThresholdMb: undefined,
  generation0Interval: undefined,
  generation2Interval: undefined,
  poolMaxSize: undefined,
  cacheMaxSize: undefined,
};

test("the guide's six variables, by their names", () => {
  const settings = read({
    VELITHON_MEMORY_OPTIMIZATION: "true",
    VELITHON_MEMORY_THRESHOLD: "100",
    VELITHON_GC_GEN0_INTERVAL: "100",
    VELITHON_GC_GEN2_INTERVAL: "1000",
    VELITHON_POOL_MAX_SIZE: "100",
    VELITHON_CACHE_MAX_SIZE: "1000",
  });
  assert.equal(settings, {
    enabled: true,
    memoryThresholdMb: 100,
    generation0Interval: 100,
    generation2Interval: 1000,
    poolMaxSize: 100,
    cacheMaxSize: 1000,
  });
});

test("nothing set, or set to nothing", () => {
  assert.equal(read({}), NOTHING);
  for (const empty of ["", " ", "\t\n"]) {
    assert.equal(read({ VELITHON_MEMORY_OPTIMIZATION: empty, VELITHON_POOL_MAX_SIZE: empty }), NOTHING);
  }
  assert.equal(read({ VELITHON_SOMETHING_ELSE: "x" }), NOTHING);
});

const FLAG = "VELITHON_MEMORY_OPTIMIZATION";
const VALID: [string, keyof typeof NOTHING, [string, unknown][]][] = [
  [
    FLAG,
    "enabled",
    [
      ["true", true],
      ["FALSE", false],
      ["1", true],
      ["0", false],
      ["Yes", true],
      ["no", false],
      ["on", true],
      [" off ", false],
    ],
  ],
  [
    "VELITHON_MEMORY_THRESHOLD",
    "memoryThresholdMb",
    [
      ["1", 1],
      ["512.5", 512.5],
      [" 16777216 ", 16_777_216],
    ],
  ],
  [
    "VELITHON_GC_GEN0_INTERVAL",
    "generation0Interval",
    [
      ["0", 0],
      ["1000000000", 1e9],
    ],
  ],
  ["VELITHON_GC_GEN2_INTERVAL", "generation2Interval", [["007", 7]]],
  [
    "VELITHON_POOL_MAX_SIZE",
    "poolMaxSize",
    [
      ["0", 0],
      ["1048576", 1_048_576],
    ],
  ],
  ["VELITHON_CACHE_MAX_SIZE", "cacheMaxSize", [["1", 1]]],
];

test("what is valid", () => {
  for (const [variable, setting, values] of VALID) {
    for (const [text, expected] of values) {
      assert.equal(read({ [variable]: text }), { ...NOTHING, [setting]: expected }, `${variable}=${text}`);
    }
  }
});

const COUNT = [
  "99999999999999999999",
  "-1",
  "1.5",
  "1e3",
  "0x10",
  "many",
  "NaN",
  "Infinity",
  "1,000",
  "+5",
  "10 20",
];
const INVALID: [string, string[], string][] = [
  [FLAG, ["2", "Perhaps", "truee", "enabled"], "true, false, 1, 0"],
  [
    "VELITHON_MEMORY_THRESHOLD",
    ["0", "00", "-5", "lots", "NaN", "1e3", "100MB", "16777217"],
    "a number from 1 to",
  ],
  ["VELITHON_GC_GEN0_INTERVAL", [...COUNT, "1000000001"], "a whole number from 0 to 1000000000"],
  ["VELITHON_GC_GEN2_INTERVAL", [...COUNT, "1000000001"], "a whole number from 0 to 1000000000"],
  ["VELITHON_POOL_MAX_SIZE", [...COUNT, "1048577"], "a whole number from 0 to 1048576"],
  ["VELITHON_CACHE_MAX_SIZE", [...COUNT, "0", "1048577"], "a whole number from 1 to 1048576"],
];

test("what is not gives one error with the variable, its value, and what is accepted", () => {
  for (const [variable, values, accepted] of INVALID) {
    for (const value of values) {
      const shown = JSON.stringify(value);
      throwsCode(() => read({ [variable]: value }), "INVALID_ENVIRONMENT", variable, shown, accepted);
      const port = fakePort({ variables: { [variable]: value } });
      throwsCode(() => createMemoryOptimizer({ port }), "INVALID_ENVIRONMENT", variable, value, accepted);
      assert.is(port.openTimers + port.openObservers, 0);
    }
  }
});

test("two invalid ones: one error", () => {
  const both = { VELITHON_POOL_MAX_SIZE: "x", VELITHON_CACHE_MAX_SIZE: "y" };
  throwsCode(() => read(both), "INVALID_ENVIRONMENT", /POOL_MAX_SIZE|CACHE_MAX_SIZE/);
});

function port(variables: Variables): FakePort {
  return fakePort({ variables });
}

test("each variable takes effect, and an explicit option wins", () => {
  const off = port({ [FLAG]: "false" });
  assert.is(createMemoryOptimizer({ port: off }).enable().enabled, false);
  assert.is(createMemoryOptimizer({ port: off, enabled: true }).enable().enabled, true);
  const on = port({ [FLAG]: "true" });
  assert.is(createMemoryOptimizer({ port: on, enabled: false }).enable().enabled, false);

  const threshold = port({ VELITHON_MEMORY_THRESHOLD: "64" });
  const thresholdOf = (memoryThresholdMb?: number) =>
    createMemoryOptimizer({ port: threshold, memoryThresholdMb }).getMemoryStats().memoryThreshold
      ?.thresholdMb;
  assert.is(thresholdOf(), 64);
  assert.is(thresholdOf(128), 128);
  assert.is(createMemoryOptimizer({ port: port({}) }).getMemoryStats().memoryThreshold, undefined);

  const sizes = port({ VELITHON_POOL_MAX_SIZE: "5", VELITHON_CACHE_MAX_SIZE: "6" });
  const sizesOf = (options: object, own: object = {}): number[] => {
    const optimizer = createMemoryOptimizer({ port: sizes, ...options });
    const pool = optimizer.createObjectPool({ name: "p", factory: () => ({}), ...own });
    const cache = optimizer.createWeakCache({ name: "c", ...own });
    return [pool.getStats().maxSize, cache.getStats().maxSize];
  };
  assert.equal(sizesOf({}), [5, 6]);
  assert.equal(sizesOf({ poolMaxSize: 0, cacheMaxSize: 8 }), [0, 8]);
  assert.equal(sizesOf({}, { maxSize: 9 }), [9, 9]);
});

test("the intervals of gcTuning: by variable, by option, none at 0", () => {
  const dueAfter = (requests: number, variables: Variables, options: object = {}): number[] => {
    const fake = port(variables);
    const optimizer = createMemoryOptimizer({ port: fake });
    gcTuning({ optimizer, ...options });
    // Gates are numbered from 0; all bits stand for a request that passed them all.
    for (let i = 0; i < requests; i++) {
      const request = optimizer.requests.start();
      request.gates = 0x0fff_ffff;
      optimizer.requests.end(request);
    }
    const { minor, major } = optimizer.gcOptimizer.getStats();
    return [minor.due, major.due];
  };
  const variables = { VELITHON_GC_GEN0_INTERVAL: "7", VELITHON_GC_GEN2_INTERVAL: "50" };
  assert.equal(dueAfter(1000, {}), [10, 1], "the guide's 100 and 1000");
  assert.equal(dueAfter(100, variables), [14, 2]);
  assert.equal(dueAfter(100, variables, { generation0Interval: 50, generation2Interval: 100 }), [2, 1]);
  assert.equal(dueAfter(100, variables, { generation0Interval: 0, generation2Interval: 0 }), [0, 0]);
  assert.equal(dueAfter(100, { VELITHON_GC_GEN0_INTERVAL: "0" }), [0, 0]);
});

test.run();
