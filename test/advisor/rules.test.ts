import { test } from "uvu";
import * as assert from "uvu/assert";
import type { Evidence, Rule } from "../../src/advisor/evidence.ts";
import { heapLimit } from "../../src/advisor/rules/heap-limit.ts";
import { initialOldGeneration } from "../../src/advisor/rules/initial-old-generation.ts";
import { runtimeVersion } from "../../src/advisor/rules/runtime-version.ts";
import { youngGeneration } from "../../src/advisor/rules/young-generation.ts";
import type { StartSettings } from "../../src/index.ts";

const MB = 1024 * 1024;

const settings: StartSettings = {
  youngGeneration: (mb) => ({
    flag: `--young=${mb}`,
    variable: `FLAGS=--young=${mb}`,
    verify: "check young",
  }),
  heapLimit: (mb) => ({ flag: `--old=${mb}`, variable: `FLAGS=--old=${mb}`, verify: "check old" }),
  initialOldGeneration: (mb) => ({ flag: `--start=${mb}`, variable: undefined, verify: "check start" }),
  given: { youngGeneration: false, heapLimit: false, initialOldGeneration: false },
  betterVersion: undefined,
};

/** A server for which the young generation is too small, just so: each figure at its edge. */
const small: Evidence = {
  observedMs: 5000,
  requests: 1000,
  minors: 100,
  minorPauseMs: 100,
  majors: 0,
  leastOldBytes: 50 * MB,
  youngHalfBytes: 16 * MB,
  promotedPerMinorBytes: 0.8 * MB,
  limitBytes: 1000 * MB,
  peakUsedBytes: 720 * MB,
  heapLimitBytes: 500 * MB,
  peakHeapBytes: 100 * MB,
  settings,
};

function speaks(rule: Rule, evidence: Partial<Evidence>, base = small): boolean {
  return rule.suggest({ ...base, ...evidence }) !== undefined;
}

test("young generation: just enough of each, and each a little less", () => {
  assert.is(speaks(youngGeneration, {}), true);
  const less: Partial<Evidence>[] = [
    { minors: 99, minorPauseMs: 100 },
    { minorPauseMs: 99.9 },
    { observedMs: 5001 },
    { promotedPerMinorBytes: 0.799 * MB },
    { youngHalfBytes: 64 * MB, promotedPerMinorBytes: 10 * MB },
    { peakUsedBytes: 720.1 * MB },
    { peakHeapBytes: 244.1 * MB },
    { peakUsedBytes: undefined },
    { settings: { ...settings, given: { ...settings.given, youngGeneration: true } } },
  ];
  for (const each of less) assert.is(speaks(youngGeneration, each), false, JSON.stringify(each));
  assert.is(speaks(youngGeneration, { youngHalfBytes: 63 * MB, promotedPerMinorBytes: 10 * MB }), true);
  assert.is(speaks(youngGeneration, { limitBytes: undefined, peakUsedBytes: undefined }), true);
});

test("young generation: what is not known says nothing", () => {
  for (const name of [
    "minors",
    "minorPauseMs",
    "youngHalfBytes",
    "promotedPerMinorBytes",
    "settings",
  ] as const) {
    assert.is(speaks(youngGeneration, { [name]: undefined }), false, name);
  }
});

test("young generation: the flag, the variable, how to check, the figures", () => {
  const { evidence, ...rest } = youngGeneration.suggest(small)!;
  assert.equal(rest, {
    rule: "young-generation",
    what: "Requests hold more than fits into the young generation, so their objects are copied again and again.",
    flag: "--young=64",
    variable: "FLAGS=--young=64",
    instead: undefined,
    verify: "check young",
  });
  assert.match(evidence, "100 young collections of 1.0 ms took 2.0 % of the time and promoted 0.8 MB each");
});

/** A small heap that is collected once a second, just so. */
const cramped: Evidence = {
  ...small,
  observedMs: 60_000,
  majors: 60,
  leastOldBytes: 64 * MB,
  limitBytes: 1000 * MB,
  peakUsedBytes: 672 * MB,
};

test("initial old generation: just enough of each, and each a little less", () => {
  assert.is(speaks(initialOldGeneration, {}, cramped), true);
  const less: Partial<Evidence>[] = [
    { observedMs: 50_000, majors: 59 },
    { observedMs: 60_001 },
    { leastOldBytes: 64.1 * MB },
    { peakUsedBytes: 672.1 * MB },
    { peakUsedBytes: undefined },
    { majors: undefined },
    { leastOldBytes: undefined },
    { settings: undefined },
    { settings: { ...settings, given: { ...settings.given, initialOldGeneration: true } } },
  ];
  for (const each of less)
    assert.is(speaks(initialOldGeneration, each, cramped), false, JSON.stringify(each));
  assert.is(speaks(initialOldGeneration, { limitBytes: undefined, peakUsedBytes: undefined }, cramped), true);
});

test("initial old generation: the flag, no variable, how to check, the figures", () => {
  const { what, evidence, ...rest } = initialOldGeneration.suggest(cramped)!;
  assert.equal(rest, {
    rule: "initial-old-generation",
    flag: "--start=128",
    variable: undefined,
    instead: undefined,
    verify: "check start",
  });
  assert.match(what, "collects the whole of a small heap again and again");
  assert.match(evidence, "60 major collections in 60 s, 1.0 a second, of an old generation with 64 MB in it");
  assert.match(evidence, "up to 128 MB more");
});

test("heap limit: danger above 95 % of the container's, whatever was used", () => {
  assert.is(speaks(heapLimit, { heapLimitBytes: 951 * MB, peakHeapBytes: undefined }), true);
  assert.is(speaks(heapLimit, { heapLimitBytes: 950 * MB }), false);
  assert.match(heapLimit.suggest({ ...small, heapLimitBytes: 2000 * MB })!.what, "kernel kills the process");
  assert.is(heapLimit.suggest({ ...small, heapLimitBytes: 2000 * MB })!.flag, "--old=700");
});

test("heap limit: a heap at 80 % of a bound of at most 60 % of the container", () => {
  const full = { heapLimitBytes: 600 * MB, peakHeapBytes: 480 * MB };
  assert.is(speaks(heapLimit, full), true);
  assert.is(speaks(heapLimit, { ...full, peakHeapBytes: 479 * MB }), false);
  assert.is(speaks(heapLimit, { ...full, peakHeapBytes: undefined }), false);
  assert.is(speaks(heapLimit, { heapLimitBytes: 601 * MB, peakHeapBytes: 600 * MB }), false);
  assert.match(heapLimit.suggest({ ...small, ...full })!.evidence, "most used so far 480 MB");
});

test("heap limit: a bound that was given is left alone, but for one that the container does not hold", () => {
  const given = { settings: { ...settings, given: { ...settings.given, heapLimit: true } } };
  assert.is(speaks(heapLimit, { ...given, heapLimitBytes: 600 * MB, peakHeapBytes: 480 * MB }), false);
  assert.is(speaks(heapLimit, { ...given, heapLimitBytes: 951 * MB }), true);
});

test("heap limit: nothing without limits or settings, nor where no bound helps", () => {
  const danger = { heapLimitBytes: 4000 * MB };
  assert.is(speaks(heapLimit, { ...danger, limitBytes: undefined }), false);
  assert.is(speaks(heapLimit, { heapLimitBytes: undefined }), false);
  assert.is(speaks(heapLimit, { ...danger, settings: undefined }), false);
  assert.is(speaks(heapLimit, { ...danger, limitBytes: 91 * MB }), false);
  assert.is(speaks(heapLimit, { ...danger, limitBytes: 92 * MB }), true);
});

test("runtime version: only where one is known to be better", () => {
  assert.is(speaks(runtimeVersion, {}), false);
  assert.is(speaks(runtimeVersion, { settings: undefined }), false);
  const betterVersion = { why: "measured", instead: "run the next", verify: "next --version" };
  assert.equal(runtimeVersion.suggest({ ...small, settings: { ...settings, betterVersion } }), {
    rule: "runtime-version",
    what: "A later version of this runtime returns memory more completely.",
    evidence: "measured",
    flag: undefined,
    variable: undefined,
    instead: "run the next",
    verify: "next --version",
  });
});

test.run();
