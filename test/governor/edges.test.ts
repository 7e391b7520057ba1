import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore, type GovernorCore } from "../../src/core/governor.ts";
import { ACTING } from "../../src/governor/policies.ts";
import { coreUnder } from "../support/governed.ts";

const MB = 1024 * 1024;
const NOT_READ = Number.NaN;
const QUIET = ACTING.indexOf("quiet");
const EARLY = ACTING.indexOf("early");

/** A core under `quiet`, and a burst of 100 requests in 100 ms; then nothing comes. */
class Bursts {
  readonly core: GovernorCore = coreUnder("quiet");
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

  /** The next request comes so long after the last one. */
  resume(ms: number): void {
    this.now = this.#lastMs + ms;
    this.core.exports.governorResumed(this.now);
    this.burst();
  }

  /** How much longer silences last than the 50 ms that are waited for. */
  get residualMs(): number {
    this.core.exports.governorStats();
    return this.core.scratch[2]!;
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
    const { exports, scratch } = coreUnder("quiet");
    exports.governorLook(0, 0, 0, 0);
    exports.governorLook(100, requests, 0, 100);
    exports.governorStats();
    assert.is(Number.isFinite(scratch[1]), isKnown, `${requests}`);
  }
});

test("a silence that is found 50 ms late or more is used where others lasted so long that 100 ms are left", () => {
  const [none, acts] = [-2, 0];
  /** Found so late; the one before was found 30 ms late, and lasted so long in all where it is known. */
  const found = (lateMs: number, beforeMs?: number): number => {
    const server = new Bursts();
    server.burst();
    server.silent(20, 100);
    if (beforeMs !== undefined) {
      server.silent(80, 101);
      server.resume(beforeMs);
      assert.is(server.residualMs, beforeMs - 50);
    }
    return server.silent(50 + lateMs, 140);
  };
  assert.equal([found(49), found(50)], [acts, none]);
  assert.equal([found(200, 350), found(200, 349)], [acts, none]);
  assert.is(found(49, 80), acts, "longer than others last, and no pause is known");
});

test("what was lost by finding a silence late is no time for a pause", () => {
  const verdict = (lateMs: number): number => {
    const server = new Bursts();
    server.burst();
    server.silent(20, 100);
    assert.is(server.silent(50, 140), 0);
    server.done(60);
    server.resume(150);
    return server.silent(50 + lateMs, 140);
  };
  // 100 ms are left when it is found in time.
  assert.equal([verdict(40), verdict(41)], [0, 3]);
});

test("a silence that was found late and ended inside a pause of ours lasted until then, and for half of it", () => {
  const server = new Bursts();
  server.burst();
  server.silent(20, 100);
  assert.is(server.silent(80, 140), 0);
  server.done(90);
  assert.is(server.core.exports.governorWaited(QUIET, 90, 3, 0), 3);
  assert.is(server.residualMs, 30 + 45);
});

test("a silence that ended inside a pause of ours lasted for half of it", () => {
  const server = new Bursts();
  server.burst();
  server.silent(20, 100);
  assert.is(server.silent(50, 140), 0);
  server.done(90);
  assert.is(server.core.exports.governorWaited(QUIET, 90, 3, 0), 3);
  assert.is(server.residualMs, 45);
});

/** `early` at 60 % of a limit, looked at now; the last request at `lastMs`. What the look asks for, and whether it acts. */
function early({ exports }: GovernorCore, now: number, lastMs: number): { asks: boolean; acts: boolean } {
  const asks = (exports.governorLook(now, lastMs, 0, lastMs) & 1) !== 0;
  exports.governorMarks(now, 0.6, NOT_READ, NOT_READ);
  return { asks, acts: exports.governorNext(now) === 0 && exports.governorOpportunity() === EARLY };
}

test("early: a second after the last opportunity, behind a request that came since; else nothing is even read", () => {
  const governor = coreUnder("early");
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

test("a program has started when its loop was free for a second, and no request has come", () => {
  const answers = (second: number, started: number): readonly number[] => {
    const { exports } = createGovernorCore();
    return [exports.sealWait(5000, 0), exports.sealWait(second, started)];
  };
  assert.equal(answers(5899, 0), [1000, 1000], "asked too soon");
  assert.equal(answers(5900, 0), [1000, 0]);
  assert.equal(answers(6200, 0), [1000, 0]);
  assert.equal(answers(6201, 0), [1000, 1000], "it was held up");
  assert.equal(answers(6000, 1), [1000, -1], "too late");
});

test("near a limit it looks for a second behind the last request; then the monitor's looks are enough", () => {
  const { exports } = coreUnder("watermark");
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
