import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore, type GovernorCore } from "../../src/core/governor.ts";
import { ACTING, type ActingPolicy, bitsOf } from "../../src/governor/policies.ts";

const MB = 1024 * 1024;
const NOT_READ = Number.NaN;
const [QUIET, WATERMARK, EARLY] = (["quiet", "watermark", "early"] as const).map((one) =>
  ACTING.indexOf(one),
) as [number, number, number];

/** The core under these policies, asked what it decides and nothing else. */
function core(...policies: readonly ActingPolicy[]): GovernorCore {
  const made = createGovernorCore();
  made.exports.governorConfigure(bitsOf(policies, ACTING));
  return made;
}

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
  const governor = core("watermark");
  wait(governor, 0, 3_600_000);
  assert.is(untilRefused(governor, 3_600_000, 300), 3, "and 100 ms are left");
});

test("what takes longer than a budget can save up runs once it is full", () => {
  const governor = core("watermark");
  wait(governor, 0, 3_600_000);
  assert.is(untilRefused(governor, 3_600_000, 3000), 1);
  // 2 s in debt.
  wait(governor, 3_600_000, 3_629_790);
  assert.is(untilRefused(governor, 3_629_790, 3000), 0, "979 ms are there");
  wait(governor, 3_629_790, 3_630_000);
  assert.is(untilRefused(governor, 3_630_000, 3000), 1);
});

test("watermark is charged with its pauses alone, whatever requests pay for majors afterwards", () => {
  const governor = core("watermark");
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

/** A core under `quiet`, and a burst of 100 requests in 100 ms; then nothing comes. */
class Bursts {
  readonly core: GovernorCore = core("quiet");
  now = 0;
  #started = 0;
  #lastMs = 0;

  burst(): void {
    const { exports } = this.core;
    exports.governorLook(this.now, this.#started, 0, this.#lastMs);
    this.now += 100;
    this.#started += 100;
    this.#lastMs = this.now;
    exports.governorLook(this.now, this.#started, 0, this.#lastMs);
  }

  /** What is decided so long after the last request: -2 no opportunity, -1 .. 3 as told by the guard. */
  silent(ms: number, oldMb: number): number {
    const { exports } = this.core;
    this.now = this.#lastMs + ms;
    exports.governorLook(this.now, this.#started, 0, this.#lastMs);
    // CPU time enough for any budget.
    exports.governorSense(this.now, this.now * 1000, oldMb * MB);
    if (exports.governorNext(this.now) !== 0) return -2;
    return exports.governorConfirm(QUIET, this.now, this.#started, 0);
  }

  done(pauseMs: number): void {
    this.core.exports.governorDone(QUIET, this.now, pauseMs, NOT_READ, 900 * MB, NOT_READ, 100 * MB);
    this.now += 1000;
  }
}

/** What the guard says of `quiet` behind such pauses while nobody knows how long silences last: 100 ms may be taken. */
function verdictAfter(...pausesMs: readonly number[]): number {
  const server = new Bursts();
  server.burst();
  server.silent(20, 100);
  for (const pauseMs of pausesMs) {
    assert.is(server.silent(50, 140), 0);
    server.done(pauseMs);
    server.burst();
  }
  return server.silent(50, 140);
}

test("quiet expects a pause as long as the last ones, and twice what they differ by, whether longer or shorter", () => {
  const [acts, tooLong] = [0, 3];
  // 85 ms on the mean, 15 apart.
  assert.is(verdictAfter(100, 50), tooLong);
  // 68 ms on the mean, 12 apart.
  assert.is(verdictAfter(80, 40), acts);
  assert.is(verdictAfter(100), acts);
  assert.is(verdictAfter(101), tooLong);
});

test("trim and early may stop the loop for a second, and are tried again once they may have become shorter", () => {
  /** The verdict behind a pause of `pauseMs`, and so many refusals. */
  const verdict = (policy: "trim" | "early", pauseMs: number, refusals = 0): number => {
    const { exports } = core(policy);
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

test("what is swept late counts for what the last major left: quiet acts at 1.3 times the least seen since", () => {
  const acts = (oldMb: number): boolean => {
    const server = new Bursts();
    server.burst();
    server.silent(20, 100);
    server.silent(21, 92);
    return server.silent(50, oldMb) === 0;
  };
  assert.equal([acts(119), acts(120)], [false, true]);
});

test("quiet waits for twenty requests before it goes by their gaps", () => {
  for (const [requests, isKnown] of [
    [19, false],
    [20, true],
  ] as const) {
    const { exports, scratch } = core("quiet");
    exports.governorLook(0, 0, 0, 0);
    exports.governorLook(100, requests, 0, 100);
    exports.governorStats();
    assert.is(Number.isFinite(scratch[1]), isKnown, `${requests}`);
  }
});

test("a silence that ended inside a pause of ours lasted for half of it", () => {
  const server = new Bursts();
  const { exports, scratch } = server.core;
  server.burst();
  server.silent(20, 100);
  assert.is(server.silent(50, 140), 0);
  server.done(90);
  assert.is(exports.governorWaited(QUIET, 90, 3, 0), 3);
  exports.governorStats();
  assert.is(scratch[2], 45);
});

/** `early` at 60 % of a limit, looked at now; the last request at `lastMs`. What the look asks for, and whether it acts. */
function early({ exports }: GovernorCore, now: number, lastMs: number): { asks: boolean; acts: boolean } {
  const asks = (exports.governorLook(now, lastMs, 0, lastMs) & 1) !== 0;
  exports.governorMarks(now, 0.6, NOT_READ, NOT_READ);
  return { asks, acts: exports.governorNext(now) === 0 && exports.governorOpportunity() === EARLY };
}

test("early: a second after the last opportunity, behind a request that came since; else nothing is even read", () => {
  const governor = core("early");
  const { exports } = governor;
  const read = (now: number) => exports.governorSense(now, now, 200 * MB);
  exports.governorSense(0, 0, 100 * MB);
  read(5000);
  exports.governorMarks(5000, 0.6, NOT_READ, NOT_READ);
  read(5500);
  assert.equal(early(governor, 5600, 5600), { asks: true, acts: true });
  read(6500);
  assert.equal(early(governor, 6599, 6599), { asks: false, acts: false });
  assert.equal(early(governor, 6600, 6599), { asks: true, acts: true });
  read(8500);
  assert.equal(early(governor, 9000, 6599), { asks: false, acts: false }, "none has come");
  assert.equal(early(governor, 9001, 9001), { asks: true, acts: true });
});

test("near a limit it looks for a second behind the last request; then the monitor's looks are enough", () => {
  const { exports } = core("watermark");
  const next = (now: number, inFlight: number): number => {
    exports.governorLook(now, 1, inFlight, 1000);
    exports.governorMarks(now, 0.6, NOT_READ, NOT_READ);
    return exports.governorNext(now);
  };
  assert.equal([next(2000, 0), next(2001, 0), next(2001, 1)], [25, -1, 25]);
});

test("what bodies cost is remembered for the span before, and forgotten a minute after that one began", () => {
  const weightAfter = (ms: number): number => {
    const { exports, scratch } = createGovernorCore();
    exports.pressureConfigure(0.7, 0.8, 0.9, 2000);
    exports.shedConfigure();
    const sample = (now: number, usedMb: number) => {
      exports.pressureSample(now, usedMb * MB, 1e4 * MB, NOT_READ, NOT_READ, NOT_READ, NOT_READ);
      exports.shedFollow(now);
    };
    sample(0, 500);
    exports.shedAdmit(1, 1, 10 * MB, 1);
    // 400 MB for 10 MB: 40 a byte, of which it believes the half at once.
    sample(ms, 900);
    exports.shedStats();
    return scratch[9]!;
  };
  assert.equal([weightAfter(29_999), weightAfter(59_999), weightAfter(60_000)], [36, 36, 32]);
});

test.run();
