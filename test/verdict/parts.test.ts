import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { Judge } from "../../src/verdict/judge.ts";
import { Random } from "../support/random.ts";

const MB = 1024 * 1024;
/** So near that a leak of minutes is worth a word. */
const LIMIT_MB = 600;

/** Which parts were said to grow within so many minutes, floors every ten seconds; MB a minute, and the heap's noise. */
function told(seed: number, heapPerMinute: number, noiseMb: number, externalPerMinute: number): Set<string> {
  const random = new Random(seed);
  const judge = new Judge(createGovernorCore());
  const parts = new Set<string>();
  for (let second = 0; second < 15 * 60; second++) {
    const minutes = second / 60;
    const heap = (100 + heapPerMinute * minutes) * MB;
    const external = (10 + externalPerMinute * minutes) * MB;
    const now = second * 1000;
    if (second % 10 === 0) judge.floor(now, heap + random.next() * noiseMb * MB, external);
    judge.sample(now, {
      heapUsedBytes: heap + 30 * MB,
      heapTotalBytes: heap + 60 * MB,
      externalBytes: external,
      rssBytes: heap + external + 100 * MB,
      usedBytes: heap + external + 100 * MB,
      limitBytes: LIMIT_MB * MB,
      heapLimitBytes: undefined,
      inFlight: 0,
      requestsPerSecond: 100,
      finishedRequests: second * 100,
    });
    const { state, part } = judge.decide(now);
    if (state === "growing") parts.add(part!);
  }
  return parts;
}

test("what a growing heap holds outside is the heap's, though it may be seen the sooner", () => {
  for (let seed = 1; seed <= 20; seed++)
    assert.equal([...told(seed, 33, 180, 1.7)], ["heap"], `seed ${seed}`);
});

test("buffers that grow are told, beside a heap that does not and one that grows less", () => {
  for (let seed = 1; seed <= 20; seed++) {
    assert.equal([...told(seed, 0, 10, 20)], ["external"], `seed ${seed}`);
    assert.ok(told(seed, 5, 10, 20).has("external"), `seed ${seed}`);
  }
});

test.run();
