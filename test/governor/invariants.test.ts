import { test } from "uvu";
import * as assert from "uvu/assert";
import type { GovernedRequest, GovernorPolicy } from "../../src/index.ts";
import { governed, setOld } from "../support/governed.ts";
import { randomSteps } from "../support/random.ts";

const MB = 1024 * 1024;

/** 20,000 random steps of traffic, heap and clock; what must hold at each collection and at the end. */
const CASES: readonly [number, readonly GovernorPolicy[]][] = [
  [1, ["quiet"]],
  [2, ["trim"]],
  [3, ["quiet", "trim", "seal"]],
];
for (const [seed, policies] of CASES) {
  test(`${policies.join(", ")}: never in a request, once a silence, within its budget, every opportunity accounted for`, () => {
    const g = governed({ policy: policies });
    const { port, optimizer } = g;
    const open: GovernedRequest[] = [];
    let old = 50;
    let lastMs = 0;
    let inSilence = 0;
    let spentMs = 0;
    port.onCollect = () => {
      assert.is(open.length, 0, "a collection inside a request");
      inSilence += 1;
      assert.ok(inSilence <= 3, "one of quiet, two of trim");
      const waited = port.nowMs - lastMs;
      assert.ok(lastMs === 0 || waited >= (policies.includes("quiet") ? 50 : 1000), `after ${waited} ms`);
      old = 50;
      setOld(port, old);
      port.cpuMs! += 25;
      spentMs += 25;
    };
    randomSteps(20_261_130 + seed, 20_000, (random) => {
      if (random.chance(0.55) && open.length < 5) {
        open.push(optimizer.requests.start());
        lastMs = port.nowMs;
        inSilence = 0;
      } else if (open.length > 0) {
        optimizer.requests.end(open.splice(random.int(0, open.length - 1), 1)[0]!);
        port.cpuMs! += random.int(0, 20);
        lastMs = port.nowMs;
      }
      if (random.chance(0.02)) {
        if (open.length > 0) lastMs = port.nowMs;
        while (open.length > 0) optimizer.requests.end(open.pop()!);
        port.advance(random.pick([20, 200, 1500, 15_000]));
      }
      old += random.int(0, 2);
      setOld(port, old);
      port.freedBytes.major = random.int(0, 30) * MB;
      port.pauseMs.major = random.int(1, 25);
      port.advance(random.exponential(6));
    });
    while (open.length > 0) optimizer.requests.end(open.pop()!);
    lastMs = port.nowMs;
    port.advance(20_000);
    const { actions } = optimizer.getMemoryStats().governor;
    let performed = 0;
    for (const [policy, s] of Object.entries(actions)) {
      const settled =
        s.performed + s.held + s.aborted + s.overBudget + s.notWorth + s.tooLong + s.unsupported;
      assert.is(s.opportunities, settled, policy);
      if (policy !== "seal") assert.ok(s.performed > 5, `${policy}: ${s.performed}`);
      performed += s.performed;
    }
    assert.is(port.collections.length, performed);
    if (policies.length === 1 && policies[0] === "quiet") {
      // 5 %, a second saved up, and one collection that goes into debt.
      assert.ok(spentMs <= 0.05 * port.cpuMs! + 1000 + 25, `${spentMs} of ${port.cpuMs} ms`);
    }
    const timers = port.openTimers;
    port.advance(60_000);
    assert.is(port.openTimers, timers);
    optimizer.disable();
    assert.is(port.openTimers, 0);
  });
}

test.run();
