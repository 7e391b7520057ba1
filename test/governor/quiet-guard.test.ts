import { test } from "uvu";
import * as assert from "uvu/assert";
import { governed, setOld, policyStats as stats, traffic } from "../support/governed.ts";

const MB = 1024 * 1024;

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

test("quiet: a heap that has grown by less than 4 MB is left alone, however large its growth is beside it", () => {
  const acts = (oldMb: number): number => {
    const g = governed({ policy: "quiet" }, {}, 2);
    traffic(g, 400);
    setOld(g.port, oldMb);
    traffic(g, 400);
    g.port.advance(600);
    return stats(g, "quiet").performed;
  };
  assert.is(acts(5.9), 0);
  assert.is(acts(6.1), 1);
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

test("quiet: it sits out 1, 3, 7 .. 63 silences, where 256 KB a ms is just not freed", () => {
  const performed = (freedKb: number): number[] => {
    const g = governed({ policy: "quiet" });
    g.port.freedBytes.major = freedKb * 1024 * g.port.pauseMs.major;
    g.port.onCollect = () => setOld(g.port, 50);
    const silences: number[] = [];
    for (let cycle = 0; cycle < 200; cycle++) {
      traffic(g, 400, 5, 20);
      setOld(g.port, 70);
      const before = g.port.collections.length;
      g.port.advance(600);
      if (g.port.collections.length > before) silences.push(stats(g, "quiet").opportunities);
    }
    return silences;
  };
  assert.equal(performed(255), [1, 3, 7, 15, 31, 63, 127, 191]);
  assert.is(performed(256).length, 200);
});

test.run();
