import { test } from "uvu";
import * as assert from "uvu/assert";
import { blockLengthMs } from "../../src/governor/block-length.ts";

const MINUTE_MS = 60_000;

test("a block spans two majors of the engine's own, up to ten minutes; those of memory take half a minute at least", () => {
  for (const [spacingMs, latencyMs, memoryMs] of [
    [Number.NaN, 20_000, 30_000],
    [1000, 10_000, 30_000],
    [5001, 10_002, 30_000],
    [15_001, 30_002, 30_002],
    [5 * MINUTE_MS, 10 * MINUTE_MS, 10 * MINUTE_MS],
    [60 * MINUTE_MS, 10 * MINUTE_MS, 10 * MINUTE_MS],
  ] as const) {
    assert.is(blockLengthMs("latency", spacingMs), latencyMs, `${spacingMs}`);
    assert.is(blockLengthMs("cpu", spacingMs), latencyMs, `${spacingMs}`);
    assert.is(blockLengthMs("memory", spacingMs), memoryMs, `${spacingMs}`);
  }
});

test.run();
