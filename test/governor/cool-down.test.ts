import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { setOld } from "../support/governed.ts";
import { fakePort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const MB = 1024 * 1024;
const LIMIT_MB = 1000;
const COOL_DOWN_MS = 200;

/**
 * Everything that collects near a limit at once (the policy, relief under pressure, the memory threshold), while
 * memory wanders about the limit and collections free something or next to nothing.
 */
function wander(seed: number) {
  const random = new Random(seed);
  const port = fakePort({ limitBytes: LIMIT_MB * MB });
  setOld(port, 50);
  const optimizer = createMemoryOptimizer({
    port,
    governor: { policy: ["watermark", "quiet", "trim"] },
    memoryThresholdMb: 850,
    logger: { info() {}, warn() {}, error() {} },
  }).enable();
  const gaps: number[] = [];
  let endedMs = Number.NEGATIVE_INFINITY;
  let usedMb = 600;
  port.onCollect = () => {
    gaps.push(port.nowMs - endedMs);
    port.pauseMs.major = 5 + random.int(0, 40);
    usedMb -= random.chance(0.5) ? random.int(0, 150) : 5;
    port.memory.rssBytes = usedMb * MB;
    endedMs = port.nowMs + port.pauseMs.major;
  };
  for (let turn = 0; turn < 20_000; turn++) {
    usedMb = Math.min(980, Math.max(400, usedMb + random.int(-8, 10)));
    port.memory.rssBytes = usedMb * MB;
    if (random.chance(0.01)) {
      port.advance(random.int(0, 3000));
      continue;
    }
    const request = optimizer.requests.start();
    port.advance(random.int(1, 20));
    optimizer.requests.end(request);
    port.runDeferred();
  }
  const { governor, pressure, memoryThreshold } = optimizer.getMemoryStats();
  optimizer.disable();
  return {
    gaps: gaps.slice(1),
    watermark: governor.actions.watermark!.performed,
    relief: pressure.relief.collections,
    threshold: memoryThreshold!.cleanups,
  };
}

test("near a limit no collection comes within the cool-down of another, whoever asks for it", () => {
  const sum = { watermark: 0, relief: 0, threshold: 0 };
  for (let seed = 1; seed <= 5; seed++) {
    const { gaps, ...counts } = wander(seed);
    const shortest = Math.min(...gaps);
    assert.ok(shortest >= COOL_DOWN_MS, `seed ${seed}: ${shortest} ms`);
    for (const who of ["watermark", "relief", "threshold"] as const) sum[who] += counts[who];
  }
  for (const [who, count] of Object.entries(sum)) assert.ok(count > 2, `${who}: ${count}`);
});

test.run();
