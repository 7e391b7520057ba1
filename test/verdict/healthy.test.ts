import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { Judge } from "../../src/verdict/judge.ts";
import { Random } from "../support/random.ts";
import { watchServer } from "../support/servers.ts";
import { healthyServer, PLAIN, type Server, simulate } from "../support/simulator.ts";

const MB = 1024 * 1024;

/** The most that a server uses where nothing limits it. */
function peakMb(server: Server, seed: number): number {
  let peak = 0;
  const free = { ...server, limitMb: undefined, heapLimitMb: undefined };
  simulate(free, new Random(seed), {
    floor: () => {},
    sample: (_, { usedBytes }) => {
      peak = Math.max(peak, usedBytes! / MB);
    },
    wantsFloor: () => false,
  });
  return peak;
}

test("200 healthy servers under varied load: no leak is reported, at any time", () => {
  const alarms: string[] = [];
  let stable = 0;
  for (let i = 0; i < 200; i++) {
    const { growing, judgement } = watchServer(healthyServer(new Random(1000 + i)), 5000 + i);
    if (growing) alarms.push(`run ${i}: ${growing.judgement.part} after ${growing.afterMs / 60_000} min`);
    if (judgement.state === "stable") stable++;
  }
  assert.equal(alarms, []);
  assert.ok(stable >= 190, `${stable} of 200 are called stable at the end`);
});

test("healthy servers in containers that are hardly larger than what they use: a leak is reported in 2 % at most", () => {
  const alarms: string[] = [];
  let judged = 0;
  for (let i = 0; i < 300; i++) {
    const server = healthyServer(new Random(1000 + i));
    const peak = peakMb(server, 5000 + i);
    const limitMb = i % 2 === 0 ? 512 : peak * 1.6;
    if (peak > limitMb * 0.95) continue;
    judged++;
    const { growing } = watchServer({ ...server, limitMb }, 5000 + i);
    if (growing) alarms.push(`run ${i}: ${growing.judgement.part} after ${growing.afterMs / 60_000} min`);
  }
  assert.ok(judged >= 200, `${judged} fit`);
  assert.ok(alarms.length <= 0.02 * judged, `${judged} judged: ${alarms.join("; ")}`);
});

/** How many of 20 servers that hold something for a while are called growing at some time, and until when in minutes. */
function growingOf(heldMb: (seconds: number) => number, limitMb: number, hours: number): [number, number] {
  let count = 0;
  let untilMinutes = 0;
  for (let run = 0; run < 20; run++) {
    const noise = 0.003 + 0.02 * new Random(run).next();
    const server: Server = {
      ...PLAIN,
      seconds: hours * 3600,
      step: 5,
      limitMb,
      heapLimitMb: limitMb,
      noise,
      heldMb,
    };
    const judge = new Judge(createGovernorCore());
    let started: number | undefined;
    let last: number | undefined;
    const each = (ms: number): void => {
      started ??= ms;
      if (judge.decide(ms).state === "growing") last = (ms - started) / 60_000;
    };
    const wantsFloor = (ms: number) => judge.collects(ms, true);
    const floor = judge.floor.bind(judge);
    simulate(server, new Random(900 + run), { floor, sample: judge.sample.bind(judge), wantsFloor }, each);
    if (last !== undefined) count += 1;
    untilMinutes = Math.max(untilMinutes, last ?? 0);
  }
  return [count, untilMinutes];
}

const fills = (mb: number, minutes: number) => (t: number) => mb * Math.min(1, t / (minutes * 60));
const nightly = (mb: number, minutes: number) => (t: number) => {
  const into = (t - 2 * 3600) % (24 * 3600);
  return into >= 0 && into < minutes * 60 ? (mb * into) / (minutes * 60) : 0;
};

test("a cache that fills up to its bound is no leak, where the limit is not near", () => {
  assert.is(growingOf(fills(50, 2), 512, 2)[0], 0);
  assert.is(growingOf(fills(50, 10), 512, 2)[0], 0);
  assert.is(growingOf(fills(200, 10), 1024, 2)[0], 0);
  assert.is(growingOf(fills(100, 30), 1024, 2)[0], 0);
});

test("a cache that looks as if it would fill the limit is told as growth, until minutes after it is full", () => {
  const [count, untilMinutes] = growingOf(fills(200, 10), 512, 2);
  assert.is(count, 20);
  assert.ok(untilMinutes < 15, `${untilMinutes}`);
});

test("a nightly batch that takes 150 MB within ten minutes is no leak", () => {
  assert.is(growingOf(nightly(150, 10), 1024, 60)[0], 0);
});

test.run();
