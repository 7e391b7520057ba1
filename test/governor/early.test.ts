import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Governed, governed, setOld, policyStats as stats, traffic } from "../support/governed.ts";

const MB = 1024 * 1024;

/** Requests of 1 ms every 5 ms; memory at `rssMb` of 200 MB, the old generation at 100 MB after 50. */
function near(rssMb: number, policy: "early" | readonly ["watermark", "early"] = "early"): Governed {
  const g = governed({ policy }, { limitBytes: 200 * MB });
  traffic(g, 400);
  g.port.memory.rssBytes = rssMb * MB;
  setOld(g.port, 100);
  return g;
}

test("early: between 50 and 70 % of a limit, between requests, at most once a second", () => {
  for (const [rssMb, most, least] of [
    [95, 0, 0],
    [120, 4, 3],
    [150, 0, 0],
  ] as const) {
    const g = near(rssMb);
    g.port.onCollect = () => {
      assert.is(g.optimizer.core.schedule.flightStats().inFlight, 0);
      setOld(g.port, 50);
    };
    for (let t = 0; t < 3500; t += 50) {
      setOld(g.port, 100);
      traffic(g, 50);
    }
    const { performed, maxPauseMs } = stats(g, "early");
    assert.ok(performed <= most && performed >= least, `${performed} at ${rssMb} MB`);
    assert.is(maxPauseMs, performed > 0 ? 10 : 0);
  }
});

test("early: not twice without a request between, nor before the old generation has grown, nor in a request", () => {
  const g = near(120);
  g.port.advance(5000);
  assert.is(stats(g, "early").performed, 1, "nothing came since");
  const small = near(120);
  setOld(small.port, 60);
  traffic(small, 3000);
  assert.is(stats(small, "early").opportunities, 0);
  const busy = near(120);
  busy.optimizer.requests.start();
  busy.port.advance(3000);
  assert.is(stats(busy, "early").performed, 0);
});

test("early: it stays within 5 % of the CPU time; at the mark watermark takes over", () => {
  const g = near(120, ["watermark", "early"]);
  g.port.onCollect = () => {
    g.port.cpuMs! += 200;
    setOld(g.port, 50);
  };
  for (let t = 0; t < 60_000; t += 50) {
    setOld(g.port, 100);
    traffic(g, 50);
  }
  const early = stats(g, "early");
  assert.ok(early.overBudget > 10, `${early.overBudget}`);
  assert.ok(
    early.totalCostMs <= 0.05 * g.port.cpuMs! + 200 + 1000,
    `${early.totalCostMs} of ${g.port.cpuMs}`,
  );
  const { performed } = stats(g, "watermark");
  assert.ok(performed <= 1, "memory rose fast at first");
  g.port.memory.rssBytes = 150 * MB;
  traffic(g, 1000);
  assert.ok(stats(g, "watermark").performed > performed);
  assert.is(stats(g, "early").opportunities, early.opportunities);
});

test.run();
