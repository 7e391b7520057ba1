import { test } from "uvu";
import * as assert from "uvu/assert";
import { Server } from "../support/auto-server.ts";

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
