import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "../../src/index.ts";
import { governed, setOld, policyStats as stats, traffic } from "../support/governed.ts";
import { fakePort } from "../support/port.ts";

const MB = 1024 * 1024;

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
  g.port.advance(8800);
  assert.is(g.port.lastResorts, 1);
  g.port.advance(200);
  assert.is(g.port.lastResorts, 2);
  assert.is(pool.getStats().poolSize, 0);
  g.port.advance(60_000);
  assert.is(g.port.lastResorts, 2);
  traffic(g, 400);
  const { afterTrim } = g.optimizer.getMemoryStats().governor;
  assert.ok(afterTrim && afterTrim.requests > 30 && Math.abs(afterTrim.meanMs - 1) < 0.01);
  assert.ok(Math.abs(afterTrim.usualMeanMs! - 1) < 0.01);
});

test("trim: at most 1 % of wall time; a step that is refused is over", () => {
  const g = governed({ policy: "trim" });
  g.port.pauseMs.major = 400;
  g.port.freedBytes.major = 200 * MB;
  const began = g.port.nowMs;
  for (let stop = 0; stop < 60; stop++) {
    traffic(g, 400);
    g.port.advance(12_000);
  }
  const s = stats(g, "trim");
  const allowed = ((g.port.nowMs - began) * 0.01) / 400;
  assert.ok(s.performed >= allowed - 1 && s.performed <= allowed + 3, `${s.performed} of ${allowed}`);
  assert.equal([s.opportunities, s.performed + s.overBudget], [120, 120]);
  assert.ok(s.overBudget > 90, `${s.overBudget}`);
});

test("trim: traffic that goes on puts it off", () => {
  const g = governed({ policy: "trim" });
  for (let i = 0; i < 20; i++) {
    traffic(g, 200);
    g.port.advance(900);
  }
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

test("seal: a loop that is held up is still starting", () => {
  const g = governed({ policy: "seal" });
  for (let second = 0; second < 5; second++) {
    g.port.nowMs += 1300;
    g.port.advance(0);
  }
  assert.equal(g.port.collections, []);
  g.port.advance(1000);
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
