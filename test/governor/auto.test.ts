import { test } from "uvu";
import * as assert from "uvu/assert";
import { Server } from "../support/auto-server.ts";

const MB = 1024 * 1024;

test("what gains is found and adopted; nothing acts before the trial; the evidence is told", () => {
  const server = new Server("latency", 60);
  while (server.stats.experiment!.baselineBlocks < 20 && server.cycles < 2000) server.cycle();
  assert.equal(server.g.port.collections, [], "p99 and baseline come first");
  const before = server.stats.experiment!;
  assert.is(before.baselineBlocks, 20);
  assert.ok(before.p99Ms! < 5, `${before.p99Ms} ms`);
  assert.ok(before.blockMs >= 10_000, `${before.blockMs} ms`);
  assert.match(server.stats.reason, "tries quiet");

  server.run(12_000);
  const { experiment, reason, actions } = server.stats;
  assert.equal(
    experiment!.concluded.map((one) => one.verdict),
    ["adopted"],
  );
  assert.equal([...server.seen], ["warming up", "freezing the p99", "running"]);
  assert.equal(experiment!.adopted, ["quiet"]);
  assert.match(reason, "it acts by quiet");
  const { share, low, high } = experiment!.effect!;
  assert.ok(low < share && share < high && high <= 0, `${low} ${share} ${high}`);
  const { p50, p999 } = experiment!.quantileEffects!;
  assert.ok(p999.low <= p999.share && p999.share <= p999.high && p999.high < 0, `${p999.share}`);
  const { exceedanceEffect } = experiment!;
  assert.ok(exceedanceEffect!.high < 0, `${exceedanceEffect!.share} above the frozen p99`);
  assert.ok(Math.abs(p50.share) < 0.2, `${p50.share}: one request in hundreds stalls`);
  const quiet = actions.quiet!;
  const settled =
    quiet.performed + quiet.held + quiet.aborted + quiet.overBudget + quiet.notWorth + quiet.tooLong;
  assert.is(quiet.opportunities, settled);
  assert.ok(quiet.held > 0 && quiet.performed > 0);

  const collections = server.g.port.collections.length;
  for (let i = 0; i < 200; i++) server.cycle();
  assert.ok(server.g.port.collections.length > collections + 30, "it goes on");
});

test("what costs more CPU time than it may is not adopted, whatever it gains", () => {
  const server = new Server("latency", 60, 5);
  server.run(12_000);
  assert.equal(
    server.stats.experiment!.concluded.map((one) => one.verdict),
    ["harmful"],
  );
  const collections = server.g.port.collections.length;
  for (let i = 0; i < 200; i++) server.cycle();
  assert.is(server.g.port.collections.length, collections, "it holds");
  assert.match(server.stats.reason, "only measures: quiet was tried and did harm");
});

test("nothing is tried while memory is near its limit", () => {
  const server = new Server("latency", 60);
  while (server.stats.experiment!.stage !== "running" && server.cycles < 2000) server.cycle();
  server.g.port.heapLimitBytes = 50 * MB;
  server.g.port.freedBytes.major = 20 * MB;
  server.g.port.memory.heapUsedBytes = 45 * MB;
  for (let i = 0; i < 100; i++) server.cycle();
  const { experiment, actions } = server.stats;
  assert.ok(experiment!.baselineBlocks <= 1 && experiment!.arm === undefined);
  assert.ok(actions.watermark!.performed > 0, "the safety mark is no experiment");
});

test("a block at work ends where memory comes near its limit, whichever its arm: it counts with what was measured", () => {
  const server = new Server("latency", 60);
  const { port } = server.g;
  while (server.stats.experiment!.baselineBlocks < 20) server.cycle();
  port.freedBytes.major = 0;
  for (const arm of ["acts", "holds"] as const) {
    while (server.stats.experiment!.arm !== arm) server.cycle();
    // Requests enough to say something.
    for (let i = 0; i < 3; i++) server.cycle();
    const before = server.stats.experiment!;
    assert.is(before.arm, arm);
    port.heapLimitBytes = 100 * MB;
    port.memory.heapUsedBytes = 90 * MB;
    server.cycle();
    const pressed = server.stats.experiment!;
    assert.is(pressed.arm, undefined);
    assert.is(pressed.pressedBlocks, before.pressedBlocks + 1);
    assert.is(pressed.blocks, before.blocks + 1);
    assert.match(pressed.reason, "tries nothing while memory is near its limit");
    for (let i = 0; i < 100; i++) server.cycle();
    assert.is(server.stats.experiment!.blocks, pressed.blocks, "none under pressure");
    assert.is(server.stats.experiment!.pressedBlocks, pressed.pressedBlocks);
    assert.is(server.stats.actions.watermark!.held, 0);
    port.memory.heapUsedBytes = 10 * MB;
  }
  while (server.stats.experiment!.arm === undefined) server.cycle();
  assert.is(server.stats.experiment!.discardedBlocks, 0);
});

test("memory near its mark: below it a coin decides block by block, at it watermark always acts", () => {
  const server = new Server("memory", 60);
  const { port } = server.g;
  port.heapLimitBytes = 100 * MB;
  const collect = port.onCollect!;
  port.onCollect = () => {
    collect();
    port.memory.heapUsedBytes = 55 * MB;
  };
  // Silences too short for trim: it gives way after half an hour of traffic; quiet is tried before early.
  while (server.stats.experiment!.policy !== "early" && server.cycles < 20_000) server.cycle();
  const before = server.stats.actions.early!;
  port.memory.heapUsedBytes = 60 * MB;
  for (let i = 0; i < 4000; i++) server.cycle();
  const { actions } = server.stats;
  assert.ok(actions.early!.performed > before.performed, "acts");
  assert.ok(actions.early!.held > before.held, "holds");
  const { performed } = actions.watermark!;
  port.memory.heapUsedBytes = 75 * MB;
  server.cycle();
  assert.ok(server.stats.actions.watermark!.performed > performed);
  assert.is(server.stats.actions.watermark!.held, 0);
});

test("a block that a stop cuts short is not judged, and what is usual is measured anew", () => {
  const server = new Server("latency", 60);
  const { optimizer, port } = server.g;
  const pause = () => {
    optimizer.disable();
    port.advance(3_600_000);
    optimizer.enable();
  };
  while (server.stats.experiment!.stage !== "freezing the p99") server.cycle();
  pause();
  assert.is(server.stats.experiment!.stage, "warming up");
  while (server.stats.experiment!.arm === undefined && server.cycles < 2000) server.cycle();
  const { baselineBlocks, discardedBlocks, arm } = server.stats.experiment!;
  assert.is(arm, "holds");
  pause();
  const after = server.stats.experiment!;
  assert.equal(
    [after.arm, after.baselineBlocks, after.discardedBlocks],
    [undefined, baselineBlocks, discardedBlocks],
  );
  while (server.stats.experiment!.baselineBlocks === baselineBlocks && server.cycles < 3000) server.cycle();
  assert.is(server.stats.experiment!.discardedBlocks, discardedBlocks);
});

test("a disabled optimizer leaves nothing behind, in whatever stage", () => {
  const server = new Server("memory", 60);
  for (let i = 0; i < 300; i++) server.cycle();
  server.g.optimizer.disable();
  assert.is(server.g.port.openTimers, 0);
});

test.run();
