import { test } from "uvu";
import * as assert from "uvu/assert";
import { Random } from "../support/random.ts";
import { watchServer } from "../support/servers.ts";
import { healthyServer, type Server, simulate } from "../support/simulator.ts";

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

test.run();
