import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { HISTOGRAM_NUMBERS } from "../../src/core/histogram.ts";
import { createCore, Histogram } from "../../src/core/index.ts";
import { near } from "../support/compare.ts";
import { type Random, randomSteps } from "../support/random.ts";

const P99_US = 5000;
const CAP_US = 250_000;

function setUp() {
  const histogram = new Histogram(createCore());
  const governor = createGovernorCore();
  const address = governor.exports.blockCopyAddress();
  const copy = () =>
    histogram.copyTo(new Float64Array(governor.exports.memory.buffer, address, HISTOGRAM_NUMBERS));
  return { histogram, governor, copy };
}

/** Mostly below the p99, sometimes far above. */
function duration(random: Random): number {
  return random.chance(0.95) ? random.exponential(1000) + 1 : random.exponential(100_000) + 1;
}

test("outcomes of a block against a list of all its requests, 300 blocks", () => {
  const { histogram, governor, copy } = setUp();
  const { exports, scratch } = governor;
  let now = 1000;
  let cpuMs = 500;
  randomSteps(20_261_125, 300, (random) => {
    for (let i = random.int(0, 20); i > 0; i--) histogram.record(duration(random));
    copy();
    exports.blockBegin(now, cpuMs, Number.POSITIVE_INFINITY);
    const begunAt = now;
    const begunCpu = cpuMs;
    const durations = Array.from({ length: random.int(0, 400) }, () => duration(random));
    for (const each of durations) histogram.record(each);

    const readings: { at: number; bytes: number }[] = [];
    for (let i = random.int(0, 5); i > 0; i--) {
      const reading = { at: now, bytes: random.int(1, 1000) };
      readings.push(reading);
      exports.blockMemory(reading.at, reading.bytes);
      now += random.int(1, 1000);
    }
    let over = 0;
    let stallUs = 0;
    let chargedMs = 0;
    for (let i = random.int(0, 2); i > 0; i--) {
      const pauseMs = random.int(1, 1000);
      const waiting = random.int(0, 20);
      exports.blockCharge(pauseMs, waiting, 800, P99_US, CAP_US);
      for (let k = 1; k <= waiting; k++) {
        const waitMs = (pauseMs * k) / (waiting + 1);
        chargedMs += waitMs;
        const aboveUs = waitMs * 1000 + 800 - P99_US;
        if (aboveUs > 0) over += 1;
        stallUs += Math.min(CAP_US, Math.max(0, aboveUs));
      }
    }
    cpuMs += random.int(0, 1000);
    now += 10;
    copy();
    exports.blockEnd(now, cpuMs, P99_US, CAP_US);

    const n = durations.length;
    for (const each of durations) {
      if (each > P99_US) over += 1;
      stallUs += Math.min(CAP_US, Math.max(0, each - P99_US));
    }
    let integral = 0;
    readings.slice(1).forEach((reading, i) => {
      integral += readings[i]!.bytes * (reading.at - readings[i]!.at);
    });
    const span = readings.length > 1 ? readings.at(-1)!.at - readings[0]!.at : 0;
    const s = [...scratch.subarray(0, 7)];
    assert.is(s[0], now - begunAt);
    assert.is(s[1], n);
    near(s[6]!, chargedMs, 1e-9, "charged");
    if (span > 0) near(s[5]!, integral / span, 1e-9, "bytes");
    else assert.ok(Number.isNaN(s[5]));
    if (n === 0) {
      assert.ok(s.slice(2, 5).every(Number.isNaN));
      return;
    }
    // Durations are known to 1/64 of themselves.
    const unsure = durations.filter((each) => each > P99_US * 0.98).reduce((sum, each) => sum + each / 64, 0);
    assert.ok(Math.abs(s[2]! - Math.min(1, over / n)) <= 3 / n + 0.02, `${s[2]} ${over / n}`);
    assert.ok(Math.abs(s[3]! - stallUs / n) <= unsure / n + 1e-6, `${s[3]} ${stallUs / n}`);
    near(s[4]!, (cpuMs - begunCpu) / n, 1e-9, "CPU time");
    const sorted = durations.sort((a, b) => a - b);
    for (const q of [0.5, 0.99]) {
      const exact = sorted[Math.ceil(q * n) - 1]!;
      assert.ok(Math.abs(exports.blockQuantile(q) / exact - 1) <= 1 / 64);
    }
  });
});

test("no request counts for more than the cap: one that was slow, and one that waited for a pause of ours", () => {
  const { histogram, governor, copy } = setUp();
  const { exports, scratch } = governor;
  const stallUs = (slowUs: number, pauseMs: number): number => {
    copy();
    exports.blockBegin(0, 0, 1000);
    histogram.record(slowUs);
    exports.blockCharge(pauseMs, 1, 0, P99_US, CAP_US);
    copy();
    exports.blockEnd(1000, 0, P99_US, CAP_US);
    return scratch[3]!;
  };
  // Half of the pause is charged.
  assert.is(stallUs(1, 508), 249_000);
  assert.is(stallUs(1, 512), CAP_US);
  assert.is(stallUs(1, 60_000), CAP_US);
  const below = stallUs(200_000, 1);
  assert.ok(below > 190_000 && below < 200_000, `${below}`);
  assert.is(stallUs(10_000_000, 1), CAP_US);
});

test("a block has its time, and ends before that once memory was near its limit, if only for a moment", () => {
  const { governor, copy } = setUp();
  const { exports } = governor;
  const states = () => [exports.blockState(0), exports.blockState(1999), exports.blockState(2000)];
  copy();
  exports.blockBegin(0, 0, 2000);
  exports.governorMarks(100, 0.3, Number.NaN, 0.69);
  assert.equal(states(), [0, 0, 1]);
  exports.governorMarks(200, 0.3, 0.71, Number.NaN);
  exports.governorMarks(300, 0.1, 0.1, 0.1);
  assert.equal(states(), [2, 2, 2]);
  exports.blockBegin(400, 0, 2000);
  assert.equal(states(), [0, 0, 1], "the next one begins anew");
});

test.run();
