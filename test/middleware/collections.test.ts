import { Hono } from "hono";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type GcTuningOptions,
  gcTuning,
  type MemoryOptimizer,
  memoryGovernance,
} from "../../src/index.ts";
import { inFlight, open, send } from "../support/app.ts";
import { type FakePort, type FakeSettings, fakePort } from "../support/port.ts";
import { randomSteps } from "../support/random.ts";

interface Made {
  app: Hono;
  port: FakePort;
  optimizer: MemoryOptimizer;
}

function make(options: Omit<GcTuningOptions, "optimizer"> = {}, settings: FakeSettings = {}): Made {
  const port = fakePort(settings);
  const optimizer = createMemoryOptimizer({ port, gcBudgetRatio: 1 });
  const app = new Hono();
  app.use(gcTuning({ optimizer, ...options }));
  app.get("/", (c) => c.text("ok"));
  return { app, port, optimizer };
}

test("every so many requests one is due, and runs behind the response", async () => {
  const { app, port } = make({ generation0Interval: 10, generation2Interval: 0 });
  await send(app, port, 9);
  assert.equal(port.collections, []);
  await app.request("/");
  assert.equal(port.collections, [], "not before the turn of the response is over");
  assert.is(port.deferredTasks, 1);
  port.runDeferred();
  assert.equal(port.collections, ["minor"]);
  await send(app, port, 20);
  assert.equal(port.collections, ["minor", "minor", "minor"]);
});

test("unasked, governance makes nothing due by counts; a named count or variable selects the interval policy", async () => {
  const made = (gcTuning: object | undefined, variables: Record<string, string>) => {
    const port = fakePort({ variables });
    const optimizer = createMemoryOptimizer({ port, gcBudgetRatio: 1 });
    const app = new Hono();
    app.use(memoryGovernance({ optimizer, gcTuning, memoryOptimization: { cleanupThreshold: 0 } }));
    app.get("/", (c) => c.text("ok"));
    return { app, port, policy: () => optimizer.gcOptimizer.getStats().policy };
  };
  const unasked = made(undefined, {});
  await send(unasked.app, unasked.port, 3000);
  assert.equal([unasked.policy(), unasked.port.collections], ["observe", []]);
  const other = made({ disableGcDuringRequest: true }, {});
  await send(other.app, other.port, 3000);
  assert.equal([other.policy(), other.port.collections], ["observe", []]);
  for (const asked of [
    made({ generation0Interval: 10 }, {}),
    made({}, { VELITHON_GC_GEN0_INTERVAL: "10" }),
  ]) {
    await send(asked.app, asked.port, 10);
    assert.equal([asked.policy(), asked.port.collections], ["interval", ["minor"]]);
  }
  // The other interval has its default, as with gcTuning.
  const major = made({ generation0Interval: 2000 }, {});
  await send(major.app, major.port, 1000);
  assert.equal(major.port.collections, ["major"]);
  // Who says "never" asks for nothing.
  for (const never of [made({ generation0Interval: 0 }, {}), made({}, { VELITHON_GC_GEN2_INTERVAL: "0" })]) {
    await send(never.app, never.port, 1000);
    assert.equal([never.policy(), never.port.collections], ["observe", []]);
  }
});

test("both intervals: where they meet, the older generation runs for both", async () => {
  const { app, port, optimizer } = make({ generation0Interval: 10, generation2Interval: 30 });
  port.pauseMs.major = 0;
  await send(app, port, 60);
  assert.equal(port.collections, ["minor", "minor", "major", "minor", "minor", "major"]);
  const { minor, major } = optimizer.gcOptimizer.getStats();
  assert.equal([minor.due, minor.performed, minor.merged], [6, 4, 2]);
  assert.equal([major.due, major.performed], [2, 2]);
});

test("never while a request is in flight: it runs when the last one has left", async () => {
  const { app, port, optimizer } = make({ generation0Interval: 0, generation2Interval: 5 });
  const slow = await open(app);
  await send(app, port, 8);
  assert.is(inFlight(optimizer), 1);
  assert.equal(port.collections, []);
  assert.is(optimizer.gcOptimizer.getStats().deferred.pendingGeneration, 2);
  slow.end();
  assert.equal(port.collections, [], "behind the turn of the last response");
  port.runDeferred();
  assert.equal(port.collections, ["major"]);
});

test("a request that comes between decision and turn holds it up again", async () => {
  const { app, port } = make({ generation0Interval: 0, generation2Interval: 1 });
  await app.request("/");
  const next = await open(app);
  port.runDeferred();
  assert.equal(port.collections, []);
  next.end();
  port.runDeferred();
  assert.equal(port.collections, ["major"]);
});

test("random traffic: no collection starts while anything is in flight", async () => {
  const { app, port, optimizer } = make({ generation0Interval: 3, generation2Interval: 20 });
  let seen = 0;
  port.onCollect = () => {
    seen += 1;
    assert.is(inFlight(optimizer), 0, "a collection inside a request");
  };
  await app.request("/");
  const requests: ReturnType<typeof optimizer.requests.start>[] = [];
  randomSteps(20_260_805, 20_000, (random) => {
    port.nowMs += random.int(0, 20);
    if (requests.length < 4 && random.chance(0.48)) {
      const request = optimizer.requests.start();
      request.gates = 0x0fff_ffff;
      requests.push(request);
    } else if (requests.length > 0) {
      optimizer.requests.end(requests.splice(random.int(0, requests.length - 1), 1)[0]!);
    }
    if (random.chance(0.5)) port.runDeferred();
    assert.is(inFlight(optimizer), requests.length);
  });
  assert.ok(seen > 100, `${seen} collections`);
});

test("disableGcDuringRequest: false runs it at once, in flight or not", async () => {
  const { app, port, optimizer } = make({
    disableGcDuringRequest: false,
    generation0Interval: 0,
    generation2Interval: 5,
  });
  const slow = await open(app);
  await send(app, port, 5);
  assert.is(inFlight(optimizer), 1);
  assert.equal(port.collections, ["major"]);
  slow.end();
});

test("what finds no idle moment for 5 s is dropped and counted, never run late", async () => {
  const { app, port, optimizer } = make({ generation0Interval: 0, generation2Interval: 5 });
  const slow = await open(app);
  await send(app, port, 5);
  port.advance(6000);
  slow.end();
  port.runDeferred();
  assert.equal(port.collections, []);
  assert.equal(optimizer.gcOptimizer.getStats().deferred, { pendingGeneration: undefined, dropped: 1 });
});

test("a long-lived response holds up nothing", async () => {
  const { app, port, optimizer } = make({ generation0Interval: 0, generation2Interval: 5 });
  const events = await open(app);
  port.advance(10_001);
  await send(app, port, 5);
  const { inFlight: young, longLived } = optimizer.getMemoryStats().requests;
  assert.equal([young, longLived], [0, 1]);
  assert.equal(port.collections, ["major"]);
  events.end();
  assert.is(optimizer.getMemoryStats().requests.longLived, 0);
});

test("thresholds: after 2000 requests generation 0, and older ones by their counts", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port, gcBudgetRatio: 1, gcThresholds: [10, 2, 1] });
  const app = new Hono();
  // Its own counts are far away: what runs is by the thresholds.
  app.use(gcTuning({ optimizer, generation0Interval: 1_000_000, generation2Interval: 0 }));
  app.get("/", (c) => c.text("ok"));
  const generations: number[] = [];
  port.onCollect = () => generations.push(optimizer.gcOptimizer.getStats().deferred.pendingGeneration ?? -1);
  await send(app, port, 11 * 12);
  assert.equal(generations, [0, 0, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0], "the oldest whose count is above its own");
});

test("the budget: 1 % of wall time, what does not fit is skipped and counted", async () => {
  const port = fakePort();
  const optimizer = createMemoryOptimizer({ port });
  const app = new Hono();
  app.use(gcTuning({ optimizer, generation0Interval: 0, generation2Interval: 1 }));
  app.get("/", (c) => c.text("ok"));
  for (let second = 0; second < 100; second++) {
    port.advance(950);
    await send(app, port, 5);
  }
  const { major } = optimizer.gcOptimizer.getStats();
  assert.is(major.due, 500);
  assert.is(major.performed + major.overBudget, 500);
  // 1 s of budget; a major takes fifty pauses of it, and the first is tried without any.
  assert.is(major.performed, 2, `${major.performed} of 10 ms in 100 s`);
});

test("a kind that frees too little for its pause sits out 1, 3, 7 turns", async () => {
  const { app, port, optimizer } = make({ generation0Interval: 0, generation2Interval: 1 });
  port.freedBytes.major = 1000;
  const ran: number[] = [];
  for (let turn = 1; turn <= 30; turn++) {
    port.advance(1000);
    const before = port.collections.length;
    await send(app, port);
    if (port.collections.length > before) ran.push(turn);
  }
  assert.equal(ran, [1, 3, 7, 15]);
  assert.is(optimizer.gcOptimizer.getStats().major.notWorth, 26);
});

test("a runtime without minor collections: due ones are counted, no major runs in their place", async () => {
  const { app, port, optimizer } = make(
    { generation0Interval: 5, generation2Interval: 0 },
    { lacks: ["minorCollection"] },
  );
  await send(app, port, 20);
  assert.equal(port.collections, []);
  assert.is(optimizer.gcOptimizer.getStats().minor.unsupported, 4);
});

test.run();
