import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ActingPolicy, createMemoryOptimizer, type PolicyStats } from "../../src/index.ts";
import { type Governed, governed, setOld, traffic } from "../support/governed.ts";
import { fakePort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const MB = 1024 * 1024;

function stats({ optimizer }: Governed, policy: ActingPolicy): PolicyStats {
  return optimizer.getMemoryStats().governor.actions[policy]!;
}

test("observe is the default: nothing is armed, nothing collected, no governor core is made", () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port }).enable();
  const timers = port.openTimers;
  traffic({ port, optimizer }, 1000);
  port.advance(60_000);
  assert.is(port.openTimers, timers);
  assert.equal(port.collections, []);
  const { policies, actions, readings } = optimizer.getMemoryStats().governor;
  assert.equal([policies, actions, readings], [["observe"], {}, undefined]);
});

test("interval: counts collect; a named policy without it keeps them from doing so", () => {
  const counting = governed({ policy: "interval" });
  assert.is(counting.optimizer.gcOptimizer.getStats().policy, "interval");
  const quiet = governed({ policy: "quiet" });
  quiet.optimizer.collectByCount();
  assert.is(quiet.optimizer.gcOptimizer.getStats().policy, "observe");
  const free = governed({});
  free.optimizer.collectByCount();
  assert.equal(free.optimizer.getMemoryStats().governor.policies, ["interval"]);
});

test("quiet: a major in a silence of 50 ms, once the old generation has grown by 1.3, once a silence", () => {
  const g = governed({ policy: "quiet" });
  traffic(g, 400);
  setOld(g.port, 64);
  g.port.advance(600);
  assert.equal(g.port.collections, [], "64 of 50 MB is not 1.3 times");
  traffic(g, 400);
  setOld(g.port, 66);
  g.port.advance(40);
  assert.equal(g.port.collections, [], "no silence yet");
  g.port.onCollect = () => setOld(g.port, 50);
  g.port.advance(60);
  assert.equal(g.port.collections, ["major"]);
  setOld(g.port, 200);
  g.port.advance(10_000);
  assert.equal(g.port.collections, ["major"], "the silence is used");
  assert.is(stats(g, "quiet").performed, 1);
});

/** On/off traffic under `quiet`; for two seconds after a major each request takes so much more CPU time. */
function onOff(extraMs: number): Governed {
  const g = governed({ policy: "quiet" });
  g.port.onCollect = () => setOld(g.port, 50);
  let collections = 0;
  for (let i = 0; i < 60; i++) {
    const slow = g.port.collections.length > collections ? extraMs : 0;
    collections = g.port.collections.length;
    traffic(g, 2000, 5, 1 + slow);
    traffic(g, 2000);
    setOld(g.port, 100);
    g.port.advance(600);
  }
  return g;
}

test("quiet: what requests cost more after its majors is charged to its budget, once it was measured", () => {
  const cheap = onOff(0);
  assert.is(stats(cheap, "quiet").overBudget, 0);
  assert.is(stats(cheap, "quiet").performed, 60);
  const dear = onOff(1);
  const { performed, overBudget } = stats(dear, "quiet");
  assert.is(performed + overBudget, 60);
  const { majorCostPauses } = dear.optimizer.getMemoryStats().governor.readings!;
  // 400 requests of 1 ms more.
  const expected = 1 + 400 / dear.port.pauseMs.major;
  assert.ok(Math.abs(majorCostPauses! - expected) < 2, `${majorCostPauses}, not ${expected}`);
  // 5 % of 60 times 800 ms and more, over what each costs, and those before five were measured.
  assert.ok(performed >= 5 && performed <= 5 + Math.ceil((0.05 * 60 * 1200) / 400), `${performed}`);
});

test("quiet: ten mean gaps where requests are far apart", () => {
  const g = governed({ policy: "quiet" });
  traffic(g, 20_000, 50);
  setOld(g.port, 100);
  g.port.advance(300);
  assert.equal(g.port.collections, [], "about 500 ms are due");
  g.port.advance(400);
  assert.equal(g.port.collections, ["major"]);
});

test("quiet: a request that is ready when the silence is over comes first", () => {
  const g = governed({ policy: "quiet" });
  traffic(g, 400);
  setOld(g.port, 100);
  // What the timer defers runs behind requests that are ready.
  const { defer } = g.port;
  g.port.defer = (task) =>
    defer.call(g.port, () => {
      g.optimizer.requests.end(g.optimizer.requests.start());
      task();
    });
  g.port.advance(100);
  g.port.defer = defer;
  assert.equal(g.port.collections, []);
  assert.ok(stats(g, "quiet").aborted >= 1);
  g.port.advance(1000);
  assert.equal(g.port.collections, ["major"], "the next silence");
});

/** One request after an exponential gap, until `endMs`. */
function poisson(g: Governed, random: Random, endMs: number, gapMs: number): void {
  for (;;) {
    const gap = random.exponential(gapMs);
    if (g.port.nowMs + gap + 1 > endMs) break;
    g.port.advance(gap);
    const request = g.optimizer.requests.start();
    g.port.advance(1);
    g.optimizer.requests.end(request);
  }
  g.port.advance(Math.max(0, endMs - g.port.nowMs));
}

test("quiet: slow on/off traffic, a dozen requests a burst: silences are no gaps", () => {
  const g = governed({ policy: "quiet" });
  const random = new Random(3);
  const last: number[] = [];
  for (let cycle = 0; cycle < 60; cycle++) {
    poisson(g, random, g.port.nowMs + 400, 33);
    setOld(g.port, 100 + cycle * 30);
    g.port.advance(600);
    if (cycle >= 30) last.push(g.optimizer.getMemoryStats().governor.readings!.meanGapMs!);
  }
  const mean = last.reduce((sum, gap) => sum + gap, 0) / last.length;
  assert.ok(mean > 25 && mean < 50, `${mean} ms`);
  assert.ok(stats(g, "quiet").opportunities > 40, `${stats(g, "quiet").opportunities} of 60 silences`);
});

test("quiet: steady random traffic, fast or slow, hardly ever counts as silent", () => {
  for (const gapMs of [2, 20, 200]) {
    const g = governed({ policy: "quiet" });
    const random = new Random(4);
    for (let second = 0; second < 300; second++) {
      setOld(g.port, 100 + second);
      poisson(g, random, g.port.nowMs + 1000, gapMs);
    }
    const { opportunities } = stats(g, "quiet");
    const { meanGapMs } = g.optimizer.getMemoryStats().governor.readings!;
    assert.ok(opportunities <= 3, `${opportunities} in 300 s at ${gapMs} ms`);
    assert.ok(Math.abs(meanGapMs! / (gapMs + 1) - 1) < 0.4, `${meanGapMs} ms`);
  }
});

test("quiet: a silence begins when the last response has left", () => {
  const g = governed({ policy: "quiet" });
  traffic(g, 400);
  setOld(g.port, 100);
  const slow = g.optimizer.requests.start();
  g.port.advance(500);
  g.optimizer.requests.end(slow);
  g.port.advance(45);
  assert.equal(g.port.collections, []);
  g.port.advance(55);
  assert.equal(g.port.collections, ["major"]);
});

test("quiet: a heap that cannot be read is left alone", () => {
  const g = governed({ policy: "quiet" });
  g.port.heapSpaces = undefined;
  traffic(g, 400);
  g.port.advance(5000);
  assert.equal(g.port.collections, []);
  assert.match(g.optimizer.getMemoryStats().governor.reason, "quiet");
});

test("quiet: at most 5 % of the CPU time that the process uses, and the reason is told", () => {
  const g = governed({ policy: "quiet" });
  g.port.onCollect = () => {
    g.port.cpuMs! += 30;
    setOld(g.port, 50);
  };
  for (let cycle = 0; cycle < 100; cycle++) {
    traffic(g, 400, 5, 2);
    setOld(g.port, 70);
    g.port.advance(600);
  }
  const s = stats(g, "quiet");
  // 16 s of requests, 5 % of them 800 ms: 26 collections of 30 ms.
  assert.ok(s.performed >= 22 && s.performed <= 28, `${s.performed} collections`);
  assert.is(s.opportunities, 100);
  assert.is(s.performed + s.overBudget, 100);
  assert.ok(s.totalCostMs <= 0.055 * g.port.cpuMs!, `${s.totalCostMs} of ${g.port.cpuMs} ms`);
});

test("quiet: pauses longer than silences last are not begun", () => {
  const g = governed({ policy: "quiet" });
  g.port.pauseMs.major = 90;
  g.port.onCollect = () => {
    setOld(g.port, 50);
    // What came during the pause starts right behind it.
    g.port.defer(() => g.optimizer.requests.end(g.optimizer.requests.start()));
  };
  for (let cycle = 0; cycle < 40; cycle++) {
    traffic(g, 400, 5, 20);
    setOld(g.port, 70);
    g.port.advance(70);
  }
  const s = stats(g, "quiet");
  assert.ok(s.performed <= 3, `${s.performed} of ${s.opportunities}`);
  assert.ok(s.tooLong > 20);
  assert.match(s.suspended ?? "", "longer than silences");
});

test("quiet: what frees too little sits out", () => {
  const g = governed({ policy: "quiet" });
  g.port.freedBytes.major = 0.1 * MB;
  for (let cycle = 0; cycle < 30; cycle++) {
    traffic(g, 400, 5, 20);
    setOld(g.port, 70 + cycle * 30);
    g.port.advance(600);
  }
  const s = stats(g, "quiet");
  assert.ok(s.performed >= 3 && s.performed <= 6, `${s.performed}`);
  assert.match(s.suspended ?? "", "too little");
});

test("watermark without major collections: it backs off instead of asking again at once", () => {
  const g = governed({ policy: "watermark" }, { limitBytes: 200 * MB, lacks: ["majorCollection"] });
  g.port.memory.rssBytes = 160 * MB;
  g.optimizer.requests.start();
  g.port.advance(60_000);
  const { unsupported } = stats(g, "watermark");
  assert.ok(unsupported > 3 && unsupported < 20, `${unsupported}`);
});

test("a silent process has no timer of the governor", () => {
  const g = governed({ policy: ["quiet", "trim"] });
  const timers = g.port.openTimers;
  traffic(g, 400);
  assert.is(g.port.openTimers, timers + 1);
  g.port.advance(11_000);
  assert.is(g.port.openTimers, timers);
  traffic(g, 100);
  assert.is(g.port.openTimers, timers + 2, "the next look, and what requests pay after the trim");
  g.optimizer.disable();
  assert.is(g.port.openTimers, 0);
});

test("trim: 1 s and 10 s after the last request, with what pools hold, and what the next request pays", () => {
  const g = governed({ policy: "trim" });
  const pool = g.optimizer.createObjectPool({ name: "p", factory: () => ({}) });
  const objects = [pool.acquire(), pool.acquire()];
  for (const object of objects) pool.release(object);
  traffic(g, 400);
  g.port.advance(900);
  assert.equal(g.port.collections, []);
  g.port.advance(200);
  assert.equal([g.port.collections, g.port.lastResorts], [["major"], 1]);
  g.port.advance(9000);
  assert.is(g.port.lastResorts, 2);
  assert.is(pool.getStats().poolSize, 0);
  g.port.advance(60_000);
  assert.is(g.port.lastResorts, 2);
  traffic(g, 400);
  const { afterTrim } = g.optimizer.getMemoryStats().governor;
  assert.ok(afterTrim && afterTrim.requests > 30 && Math.abs(afterTrim.meanMs - 1) < 0.01);
  assert.ok(Math.abs(afterTrim.usualMeanMs! - 1) < 0.01);
});

test("trim: traffic that goes on puts it off", () => {
  const g = governed({ policy: "trim" });
  for (let i = 0; i < 20; i++) {
    traffic(g, 200);
    g.port.advance(900);
  }
  assert.equal(g.port.collections, []);
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

test("watermark: without a limit there is nothing to look at", () => {
  const g = governed({ policy: "watermark" });
  traffic(g, 1000);
  g.port.advance(5000);
  assert.equal(g.port.collections, []);
});

test("waits: of the requests that start in two turns after a pause, its share of the time; as if spread evenly", () => {
  const g = governed({ policy: "watermark" }, { limitBytes: 200 * MB });
  g.port.memory.rssBytes = 150 * MB;
  g.port.pauseMs.major = 30;
  g.port.onCollect = () => {
    g.port.onCollect = undefined;
    // In the first turn after the pause: six requests in 15 ms.
    g.port.defer(() => {
      for (let i = 0; i < 6; i++) {
        const request = g.optimizer.requests.start();
        g.port.nowMs += 2.5;
        g.optimizer.requests.end(request);
      }
    });
  };
  g.port.advance(1000);
  const { performed, waitingRequests, waitingMs } = stats(g, "watermark");
  assert.ok(performed >= 1);
  assert.equal([waitingRequests, waitingMs], [4, 4 * 15]);
});

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

test("seal: one major a second after the start, before any request, once", () => {
  const g = governed({ policy: "seal" });
  g.port.advance(900);
  assert.equal(g.port.collections, []);
  g.port.advance(200);
  assert.equal(g.port.collections, ["major"]);
  assert.is(stats(g, "seal").performed, 1);
  assert.is(g.optimizer.seal().performed, true);
  g.port.advance(10_000);
  assert.equal(g.port.collections, ["major"]);
});

test("seal: not once requests have come; by hand it needs no policy", () => {
  const late = governed({ policy: "seal" });
  traffic(late, 100);
  late.port.advance(5000);
  assert.equal(late.port.collections, []);
  assert.match(late.optimizer.seal().reason ?? "", "requests");
  const byHand = governed({});
  assert.is(byHand.optimizer.seal().performed, true);
  assert.equal(byHand.port.collections, ["major"]);
});

test("a runtime without major collections: counted as unsupported, never tried", () => {
  const g = governed({ policy: ["quiet", "trim", "seal"] }, { lacks: ["majorCollection"] });
  g.port.advance(1500);
  traffic(g, 400);
  setOld(g.port, 100);
  g.port.advance(20_000);
  assert.equal(g.port.collections, []);
  assert.ok(stats(g, "quiet").unsupported > 0);
});

test.run();
