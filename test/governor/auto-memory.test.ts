import { test } from "uvu";
import * as assert from "uvu/assert";
import { Server } from "../support/auto-server.ts";

const MB = 1024 * 1024;

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

test.run();
