import { test } from "uvu";
import * as assert from "uvu/assert";
import { ALPHA, alphaOf, CHALLENGERS, Experiment } from "../../src/governor/experiment.ts";
import { HARM_BUDGET_MS } from "../../src/governor/trial.ts";
import { createMemoryOptimizer } from "../../src/index.ts";
import { Server } from "../support/auto-server.ts";
import { governed } from "../support/governed.ts";
import { countTicks } from "../support/monitored.ts";
import { fakePort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const MB = 1024 * 1024;

test("the error rate of all challengers of all rounds together stays within its whole", () => {
  for (const { length } of Object.values(CHALLENGERS)) {
    let spent = 0;
    for (let round = 1; round <= 10_000; round++) {
      const share = alphaOf(length, round);
      assert.ok(share > 0);
      spent += length * share;
      assert.ok(spent <= ALPHA, `${spent} after ${round} rounds of ${length}`);
    }
    assert.ok(spent > 0.99 * ALPHA, "nor is it wasted");
  }
});

test("the same evidence adopts later in a later round", () => {
  const blocksIn = (rounds: number): number => {
    const random = new Random(11);
    const experiment = new Experiment("latency", () => random.next());
    const until = (effect: number): number => {
      const before = experiment.concluded.at(-1);
      while (experiment.concluded.at(-1) === before) {
        const acts = experiment.next();
        const latency = acts ? 100 * (1 + effect) : 100;
        experiment.record(acts, { latency: latency * (0.9 + 0.2 * random.next()), cpu: 1, memory: 1 });
      }
      return experiment.concluded.at(-1)!.blocks;
    };
    for (let round = 1; round < rounds; round++) {
      until(0.4);
      assert.is(experiment.concluded.at(-1)!.verdict, "harmful");
      experiment.again();
    }
    const blocks = until(-0.4);
    assert.is(experiment.concluded.at(-1)!.verdict, "adopted");
    assert.is(experiment.concluded.at(-1)!.attempt, rounds);
    return blocks;
  };
  assert.ok(blocksIn(200) > blocksIn(1));
});

test("what outlasts its block is seen: tried again with longer blocks, at the next round's price, then given up", () => {
  const random = new Random(12);
  const experiment = new Experiment("latency", () => random.next());
  let actedBefore = false;
  for (let block = 0; block < 20_000 && !experiment.resting; block++) {
    const acts = experiment.next();
    const latency = 100 * (1 + (acts ? -0.2 : 0) + (actedBefore ? -0.3 : 0)) * (0.9 + 0.2 * random.next());
    experiment.record(acts, { latency, cpu: 1, memory: 1 });
    actedBefore = acts;
  }
  assert.equal(
    experiment.concluded.map(({ verdict, attempt }) => [verdict, attempt]),
    [
      ["carry-over", 1],
      ["carry-over", 2],
      ["carry-over", 3],
    ],
  );
  assert.equal([experiment.stretch, experiment.isAdopted("quiet")], [4, false]);
});

test("workers of one program begin their experiments up to a minute apart", () => {
  const startsAt = (chance: number): number => {
    const server = new Server("latency", 60);
    const { port } = server.g;
    const began = port.nowMs;
    port.random = () => chance;
    while (server.stats.experiment!.arm === undefined && server.cycles < 5000) server.cycle();
    return port.nowMs - began;
  };
  const [first, last] = [startsAt(0), startsAt(0.999)];
  assert.ok(last - first > 50_000 && last - first < 70_000, `${first} and ${last} ms`);
});

test("trials stop for good once requests have waited for them as long as a process may make them", () => {
  const server = new Server("latency", 60);
  const { port, optimizer } = server.g;
  port.pauseMs.major = 150;
  port.freedBytes.major = 200 * MB;
  const collect = port.onCollect!;
  port.onCollect = () => {
    collect();
    // All that waited in the kernel meanwhile starts in the first turn after the pause.
    port.defer(() => {
      const waited = Array.from({ length: 150 }, () => optimizer.requests.start());
      for (const request of waited) optimizer.requests.end(request);
    });
  };
  while (server.stats.experiment!.stage !== "stopped" && server.cycles < 60_000) server.cycle();
  const { experiment, reason, actions } = server.stats;
  assert.is(experiment!.stage, "stopped");
  assert.match(reason, "its lifetime harm budget is used up");
  const most = (150 * 150) / 2;
  const { chargedMs } = experiment!;
  assert.ok(chargedMs > HARM_BUDGET_MS && chargedMs <= HARM_BUDGET_MS + most, `${chargedMs} ms`);
  assert.equal([experiment!.arm, experiment!.adopted], [undefined, []]);
  optimizer.disable();
  optimizer.enable();
  for (let i = 0; i < 500; i++) server.cycle();
  assert.is(server.stats.experiment!.stage, "stopped");
  assert.is(server.stats.actions.quiet!.performed, actions.quiet!.performed, "nothing acts any more");
});

test("a silent process costs nothing under auto either: no timer, no collection, no block", () => {
  for (const objective of ["latency", "cpu", "memory"] as const) {
    const { port, optimizer } = governed({ policy: "auto", objective });
    const idle = governed({}).port.openTimers;
    for (let hour = 0; hour < 3; hour++) {
      port.advance(3_600_000);
      assert.is(port.openTimers, idle, objective);
    }
    assert.equal(port.collections, []);
    const { experiment, actions } = optimizer.getMemoryStats().governor;
    assert.equal([experiment!.stage, experiment!.blocks], ["warming up", 0]);
    assert.is(actions.quiet!.opportunities, 0);
  }
});

test("a server without requests wakes once a second, from ten seconds after the last one until the next", () => {
  const port = fakePort();
  const ticks = countTicks(port);
  const optimizer = createMemoryOptimizer({ port }).enable();
  const inTenSeconds = (): number => {
    const before = ticks();
    port.advance(10_000);
    return ticks() - before;
  };
  assert.is(inTenSeconds(), 100, "it may be no server at all");
  optimizer.requests.end(optimizer.requests.start());
  assert.is(inTenSeconds(), 100);
  assert.is(inTenSeconds(), 10);
  assert.is(inTenSeconds(), 10);
  const open = optimizer.requests.start();
  port.advance(1000);
  const before = ticks();
  port.advance(8000);
  optimizer.requests.end(open);
  assert.is(ticks() - before, 80, "one is in flight");
  assert.is(inTenSeconds(), 100);
  assert.is(inTenSeconds(), 10);
  optimizer.disable();
  assert.is(port.openTimers, 0);
});

test.run();
