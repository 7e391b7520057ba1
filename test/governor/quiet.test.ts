import { test } from "uvu";
import * as assert from "uvu/assert";
import { type Governed, governed, setOld, policyStats as stats, traffic } from "../support/governed.ts";
import { Random } from "../support/random.ts";

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
    setOld(g.port, 100);
    traffic(g, 2000);
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

test("quiet: how long it waits is told once requests have shown their gaps, never as an endless number", () => {
  const g = governed({ policy: "quiet" });
  const told = () => g.optimizer.getMemoryStats().governor.readings!.silenceMs;
  assert.is(told(), undefined);
  traffic(g, 2000, 5);
  assert.ok(Math.abs(told()! - 50) < 5, `${told()}`);
});

test("quiet: ten mean gaps where requests are far apart", () => {
  const g = governed({ policy: "quiet" });
  traffic(g, 9000, 50);
  setOld(g.port, 100);
  traffic(g, 1000, 50);
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

/** Looks of the governor's own, and its readings of the old generation, in a second of steady traffic. */
function costOf(g: Governed, growsMb: number): { looks: number; readings: number } {
  let looks = 0;
  let readings = 0;
  const { after, readHeapSpaces } = g.port;
  g.port.after = (ms, run) =>
    after.call(g.port, ms, () => {
      looks += 1;
      run();
    });
  g.port.readHeapSpaces = () => {
    readings += 1;
    return readHeapSpaces.call(g.port);
  };
  const random = new Random(5);
  for (let second = 0; second < 10; second++) {
    setOld(g.port, 50 + (second + 1) * growsMb);
    poisson(g, random, g.port.nowMs + 1000, 5);
  }
  Object.assign(g.port, { after, readHeapSpaces });
  return { looks: looks / 10, readings: readings / 10 };
}

test("quiet: steady traffic is looked at about once a second, the heap too, grown or not", () => {
  const g = governed({ policy: "quiet" });
  // At first silences are expected wherever the heap grows.
  poisson(g, new Random(6), g.port.nowMs + 12_000, 5);
  for (const growsMb of [0, 1, 100]) {
    const { looks, readings } = costOf(g, growsMb);
    assert.ok(looks <= 2, `${looks} looks at ${growsMb} MB a second`);
    assert.ok(readings <= 1.1, `${readings} readings at ${growsMb} MB a second`);
  }
});

test("quiet: silences that come are looked for closely once the heap may have grown enough, the heap is read in them", () => {
  const g = governed({ policy: "quiet" });
  const cycle = (oldMb: number) => {
    setOld(g.port, oldMb);
    traffic(g, 400);
    g.port.advance(600);
  };
  const at: number[] = [];
  g.port.onCollect = () => void at.push(g.port.nowMs % 1000);
  for (let second = 0; second < 40; second++) cycle(50 + second / 2);
  // At its beginning, also where a look that comes by the clock alone is the first to see it.
  assert.ok(at.length >= 1 && at[0]! >= 445 && at[0]! <= 505, `${at} ms`);
});

test("quiet: traffic that falls into bursts after steady hours is found out", () => {
  const g = governed({ policy: "quiet" });
  g.port.onCollect = () => setOld(g.port, 50);
  poisson(g, new Random(7), g.port.nowMs + 30_000, 5);
  for (let second = 0; second < 20; second++) {
    setOld(g.port, 100 + second);
    traffic(g, 400);
    g.port.advance(600);
  }
  assert.ok(stats(g, "quiet").performed >= 5, `${stats(g, "quiet").performed} of 20`);
});

/** Bursts of 20 s, long enough for no silence to be expected, each with so much silence behind it. */
function longBursts(silenceMs: number): { at: readonly number[]; used: number; unused: number } {
  const g = governed({ policy: "quiet" });
  const random = new Random(8);
  const at: number[] = [];
  let silentMs = 0;
  g.port.onCollect = () => {
    at.push(g.port.nowMs - silentMs);
    setOld(g.port, 50);
  };
  for (let cycle = 0; cycle < 30; cycle++) {
    poisson(g, random, g.port.nowMs + 20_000, 5);
    setOld(g.port, 100);
    g.port.cpuMs! += 1000;
    silentMs = g.port.nowMs;
    g.port.advance(silenceMs);
  }
  const { performed, opportunities } = stats(g, "quiet");
  return { at, used: performed, unused: 30 - opportunities };
}

test("quiet: a silence that is found late is used where others lasted so long that enough is left of it", () => {
  const long = longBursts(10_000);
  // Of the first nobody knows how long it will last.
  assert.ok(long.used >= 28, `${long.used} of 30`);
  assert.ok(long.at.every((ms) => ms < 1700) && Math.max(...long.at) > 500, `${long.at}`);
  const short = longBursts(1000);
  assert.ok(short.used >= 5 && short.unused >= 5, `${short.used} used, ${short.unused} not`);
  // The pause takes 10 ms.
  assert.ok(Math.max(...short.at) <= 950, `${short.at}`);
});

test("quiet: a heap that cannot be read is left alone", () => {
  const g = governed({ policy: "quiet" });
  g.port.heapSpaces = undefined;
  traffic(g, 400);
  g.port.advance(5000);
  assert.equal(g.port.collections, []);
  assert.match(g.optimizer.getMemoryStats().governor.reason, "quiet");
});

test.run();
