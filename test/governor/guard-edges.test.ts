import { test } from "uvu";
import * as assert from "uvu/assert";
import type { GovernorCore } from "../../src/core/governor.ts";
import { ACTING } from "../../src/governor/policies.ts";
import { coreUnder } from "../support/governed.ts";

const MB = 1024 * 1024;
const NOT_READ = Number.NaN;
const WATERMARK = ACTING.indexOf("watermark");

/** Collections of `pauseMs` above the mark of `watermark`, until the guard refuses one. */
function untilRefused({ exports }: GovernorCore, fromMs: number, pauseMs: number): number {
  for (let performed = 0; ; performed++) {
    const now = fromMs + performed * 10_000;
    exports.governorMarks(now, 0.75, NOT_READ, NOT_READ);
    if (exports.governorConfirm(WATERMARK, now, 0, 0) !== 0) return performed;
    exports.governorDone(WATERMARK, now, pauseMs, NOT_READ, 900 * MB, 1000 * MB, NOT_READ);
  }
}

/** `watermark` may take a tenth of it. */
function wait({ exports }: GovernorCore, fromMs: number, toMs: number): void {
  exports.governorSense(fromMs, NOT_READ, NOT_READ);
  exports.governorSense(toMs, NOT_READ, NOT_READ);
}

test("a budget saves up one second, however long nothing was done", () => {
  const governor = coreUnder("watermark");
  wait(governor, 0, 3_600_000);
  assert.is(untilRefused(governor, 3_600_000, 300), 3, "and 100 ms are left");
});

test("what takes longer than a budget can save up runs once it is full", () => {
  const governor = coreUnder("watermark");
  wait(governor, 0, 3_600_000);
  assert.is(untilRefused(governor, 3_600_000, 3000), 1);
  // 2 s in debt.
  wait(governor, 3_600_000, 3_629_790);
  assert.is(untilRefused(governor, 3_629_790, 3000), 0, "979 ms are there");
  wait(governor, 3_629_790, 3_630_000);
  assert.is(untilRefused(governor, 3_630_000, 3000), 1);
});

test("watermark is charged with its pauses alone, whatever requests pay for majors afterwards", () => {
  const governor = coreUnder("watermark");
  const { exports, scratch } = governor;
  const now = 6 * 4000;
  for (let i = 0; i < 6; i++) {
    // A calm second of 1 ms a request, then three in which they take twice that.
    exports.costSample(i * 4000, i * 3000, i * 2000);
    exports.costCollected(i * 4000 + 1000, i * 3000 + 1000, i * 2000 + 1000, 20);
    exports.costSample(i * 4000 + 4000, i * 3000 + 3000, i * 2000 + 2000);
  }
  exports.costStats();
  assert.is(scratch[2], 50, "of the pauses");
  wait(governor, now, now + 3_600_000);
  assert.is(untilRefused(governor, now + 3_600_000, 100), 10);
});

test("trim and early may stop the loop for a second, and are tried again once they may have become shorter", () => {
  /** The verdict behind a pause of `pauseMs`, and so many refusals. */
  const verdict = (policy: "trim" | "early", pauseMs: number, refusals = 0): number => {
    const { exports } = coreUnder(policy);
    const index = ACTING.indexOf(policy);
    exports.governorMarks(0, 0.6, NOT_READ, NOT_READ);
    let found = -1;
    for (let turn = 0; turn < refusals + 2; turn++) {
      const now = (turn + 1) * 1_000_000;
      exports.governorSense(now, now * 10, 100 * MB);
      exports.governorSense(now + 1, now * 10, 200 * MB);
      exports.governorLook(now + 1000, turn, 0, now);
      assert.is(exports.governorNext(now + 1000), 0);
      assert.is(exports.governorOpportunity(), index);
      found = exports.governorConfirm(index, now + 1000, turn, 0);
      if (found !== 0) continue;
      exports.governorDone(index, now + 1000, pauseMs, NOT_READ, 900 * MB, NOT_READ, 100 * MB);
      exports.governorTrimStep();
    }
    return found;
  };
  for (const policy of ["trim", "early"] as const) {
    assert.equal([verdict(policy, 1000), verdict(policy, 1001)], [0, 3], policy);
    assert.equal([verdict(policy, 1100, 9), verdict(policy, 1100, 10)], [3, 0], policy);
  }
});

test.run();
