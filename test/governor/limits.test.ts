import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Governed, governed, policyStats as stats, traffic } from "../support/governed.ts";

const MB = 1024 * 1024;

test("watermark without major collections: it backs off instead of asking again at once", () => {
  const g = governed({ policy: "watermark" }, { limitBytes: 200 * MB, lacks: ["majorCollection"] });
  g.port.memory.rssBytes = 160 * MB;
  g.optimizer.requests.start();
  g.port.advance(60_000);
  const { unsupported } = stats(g, "watermark");
  assert.ok(unsupported > 3 && unsupported < 20, `${unsupported}`);
});

/** Requests that never end, so that something is always in flight. */
function loaded(rssMb: number): Governed {
  const g = governed({ policy: "watermark" }, { limitBytes: 200 * MB });
  g.port.memory.rssBytes = rssMb * MB;
  g.optimizer.requests.start();
  return g;
}

test("watermark: at 70 % of the limit, requests in flight or not, looked at every 25 ms from 50 % on", () => {
  const g = loaded(110);
  g.port.advance(3000);
  assert.equal(g.port.collections, []);
  g.port.memory.rssBytes = 139 * MB;
  g.port.advance(3000);
  assert.is(g.port.collections.length, 1, "it was rising fast");
  g.port.onCollect = () => {
    g.port.memory.rssBytes = 100 * MB;
  };
  g.port.memory.rssBytes = 141 * MB;
  g.port.advance(450);
  assert.is(g.port.collections.length, 2);
  assert.is(stats(g, "watermark").freedBytes! >= 41 * MB, true);
});

test("watermark: at most every 200 ms, and ever more seldom where little is freed", () => {
  const g = loaded(160);
  g.port.freedBytes.major = MB;
  g.port.advance(60_000);
  // 400 ms, 800 ms .. 10 s apart.
  const { performed } = stats(g, "watermark");
  assert.ok(performed >= 9 && performed <= 13, `${performed}`);
  assert.is(g.optimizer.getMemoryStats().governor.readings!.underPressure, true);
});

/** Collections of 100 ms that free enough each time, over a minute at `rssMb` of 200 MB; those refused for want of budget. */
function minuteAt(rssMb: number): { performed: number; overBudget: number; suspended: string | undefined } {
  const g = loaded(rssMb);
  g.port.pauseMs.major = 100;
  g.port.freedBytes.major = 50 * MB;
  g.port.advance(60_000);
  return stats(g, "watermark");
}

test("watermark: 10 % of the time below the critical mark, and as often as it helps past it", () => {
  const held = minuteAt(150);
  // 6 s of 60, and one that goes into debt.
  assert.ok(held.performed >= 55 && held.performed <= 61, `${held.performed}`);
  // A refusal is asked about again after 200 ms, not at each look.
  assert.ok(held.overBudget > 120 && held.overBudget < 300, `${held.overBudget}`);
  assert.is(held.suspended, "its collections have used up their budget");
  const free = minuteAt(185);
  assert.ok(free.performed >= 180, `${free.performed}`);
  assert.is(free.overBudget, 0);
});

test("watermark: half of the time past the critical mark, however long its pauses are", () => {
  const g = loaded(185);
  g.port.pauseMs.major = 1000;
  g.port.freedBytes.major = 50 * MB;
  g.port.advance(60_000);
  const { performed, totalPauseMs } = stats(g, "watermark");
  assert.ok(performed >= 28 && totalPauseMs <= 31_000, `${performed}, ${totalPauseMs} ms`);
});

test("watermark: a refusal for want of budget is over at once where memory rises to the critical mark", () => {
  const g = loaded(150);
  g.port.pauseMs.major = 400;
  g.port.freedBytes.major = 50 * MB;
  g.port.advance(1500);
  const { performed, overBudget } = stats(g, "watermark");
  assert.ok(overBudget > 0);
  g.port.memory.rssBytes = 181 * MB;
  g.port.advance(50);
  assert.is(stats(g, "watermark").performed, performed + 1);
});

test("watermark: a process without requests is looked at by the monitor alone", () => {
  const g = governed({ policy: "watermark" }, { limitBytes: 200 * MB });
  const timers = g.port.openTimers;
  g.port.memory.rssBytes = 60 * MB;
  g.port.advance(5000);
  assert.is(g.port.openTimers, timers);
  g.port.memory.rssBytes = 150 * MB;
  g.port.advance(2000);
  assert.ok(g.port.collections.length >= 1);
});

test("watermark: a process without requests is looked at by the monitor alone near the mark and above it too", () => {
  for (const rssMb of [110, 130, 150]) {
    const g = governed({ policy: ["watermark", "early"] }, { limitBytes: 200 * MB });
    const timers = g.port.openTimers;
    traffic(g, 400);
    g.port.memory.rssBytes = rssMb * MB;
    g.port.freedBytes.major = MB;
    g.port.advance(5000);
    for (let t = 0; t < 20; t++) {
      g.port.advance(999);
      assert.is(g.port.openTimers, timers, `${rssMb} MB`);
    }
    assert.is(g.port.collections.length >= 3, rssMb === 150);
  }
});

test("watermark: memory that rises without requests is looked at often enough not to pass the mark unseen", () => {
  const g = governed({ policy: "watermark" }, { limitBytes: 1000 * MB });
  let seenMb = 0;
  g.port.onCollect = () => {
    seenMb ||= g.port.memory.rssBytes! / MB;
  };
  // 40 MB a second: the monitor alone would see it up to 40 MB too late.
  for (let mb = 590; mb < 760; mb += 2) {
    g.port.memory.rssBytes = mb * MB;
    g.port.advance(50);
  }
  assert.ok(seenMb >= 690 && seenMb <= 702, `${seenMb} MB`);
});

/** Looks of the governor's own in a second with a request in flight. */
function looksPerSecond(policy: "early" | "watermark", rssMb: number): number {
  const g = governed({ policy }, { limitBytes: 200 * MB, lacks: ["majorCollection"] });
  g.port.memory.rssBytes = rssMb * MB;
  g.optimizer.requests.start();
  g.port.advance(3000);
  let looks = 0;
  const { after } = g.port;
  g.port.after = (ms, run) => {
    looks += 1;
    return after.call(g.port, ms, run);
  };
  g.port.advance(1000);
  return looks;
}

test("limits: every second below 50 %, every 25 ms from there on, never more often", () => {
  for (const policy of ["early", "watermark"] as const) {
    assert.ok(looksPerSecond(policy, 98) <= 3, policy);
    for (const rssMb of [102, 130, 150, 190]) {
      const looks = looksPerSecond(policy, rssMb);
      assert.ok(looks >= 35 && looks <= 45, `${policy} at ${rssMb} MB: ${looks}`);
    }
  }
});

test("watermark: the heap's own limit and external memory count as the working set does", () => {
  const performed = (set: (g: Governed) => void): number => {
    const g = governed({ policy: "watermark" }, { limitBytes: 200 * MB });
    g.port.memory.rssBytes = 60 * MB;
    g.port.heapLimitBytes = 100 * MB;
    set(g);
    g.port.advance(3000);
    return stats(g, "watermark").performed;
  };
  assert.is(
    performed(() => {}),
    0,
  );
  for (const [usedMb, acts] of [
    [69, false],
    [71, true],
  ] as const) {
    const heap = performed((g) => {
      g.port.memory.heapUsedBytes = usedMb * MB;
    });
    const external = performed((g) => {
      g.port.memory.externalBytes = 2 * usedMb * MB;
    });
    assert.equal([heap > 0, external > 0], [acts, acts], `${usedMb} %`);
  }
});

test("watermark: above its mark it goes on down to 60 %, and begins anew from 200 ms below that", () => {
  const g = loaded(150);
  g.port.freedBytes.major = MB;
  g.port.advance(20_000);
  const performedAt = (rssMb: number, ms: number): number => {
    const before = stats(g, "watermark").performed;
    g.port.memory.rssBytes = rssMb * MB;
    g.port.advance(ms);
    return stats(g, "watermark").performed - before;
  };
  assert.ok(performedAt(122, 30_000) >= 2, "61 %: every 10 s");
  assert.is(performedAt(118, 30_000), 0, "59 %");
  assert.is(performedAt(122, 30_000), 0, "61 %, from below");
  // 0, 400, 1200, 2800 and 6000 ms on.
  const again = performedAt(150, 7000);
  assert.ok(again >= 4 && again <= 5, `${again}`);
});

test("watermark: without a limit there is nothing to look at", () => {
  const g = governed({ policy: "watermark" });
  traffic(g, 1000);
  g.port.advance(5000);
  assert.equal(g.port.collections, []);
});

test.run();
