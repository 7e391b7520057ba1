import { test } from "uvu";
import * as assert from "uvu/assert";
import { LEAN_PERCENT } from "../../src/governor/lean.ts";
import { createMemoryOptimizer, type GovernorObjective, type GovernorOptions } from "../../src/index.ts";
import { type Governed, governed, setOld } from "../support/governed.ts";
import { loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const MB = 1024 * 1024;

/**
 * Steady traffic. Two majors after the setting is switched, the heap is so much smaller, and a request takes so much more
 * CPU time.
 */
class Server {
  readonly g: Governed;
  readonly #random = new Random(20_261_129);
  readonly #saves: number;
  readonly #costs: number;
  /** 0: as usual, 1: the setting has all its effect. */
  #effect = 0;

  constructor(objective: GovernorObjective, saves: number, costs: number, fixedHeap = false) {
    this.#saves = saves;
    this.#costs = costs;
    this.g = governed({ policy: ["auto", "lean"], objective }, { fixedHeap });
    this.g.port.random = () => this.#random.next();
  }

  get lean(): boolean {
    return this.g.port.heapGrowth.at(-1) === LEAN_PERCENT;
  }

  second(): void {
    const { port, optimizer } = this.g;
    this.#effect = Math.max(0, Math.min(1, this.#effect + (this.lean ? 0.1 : -0.1)));
    port.memory.heapUsedBytes =
      100 * MB * (1 - this.#saves * this.#effect) * (0.9 + 0.2 * this.#random.next());
    port.memory.rssBytes = port.memory.heapUsedBytes;
    for (let i = 0; i < 10; i++) {
      const request = optimizer.requests.start();
      port.advance(2);
      optimizer.requests.end(request);
      port.cpuMs! += 20 * (1 + this.#costs * this.#effect);
      port.advance(98);
    }
  }

  get experiment() {
    return this.g.optimizer.getMemoryStats().governor.experiment!;
  }

  until(over: () => boolean, most = 60_000): void {
    for (let i = 0; i < most && !over(); i++) this.second();
    assert.ok(over(), JSON.stringify(this.experiment));
  }
}

test("named alone it is in force from start to stop, and makes no timer", () => {
  const { port, optimizer } = governed({ policy: "lean" });
  assert.equal(port.heapGrowth, [LEAN_PERCENT]);
  const { policies, reason } = optimizer.getMemoryStats().governor;
  assert.equal(policies, ["lean"]);
  assert.match(reason, "acts by lean");
  optimizer.disable();
  assert.equal(port.heapGrowth, [LEAN_PERCENT, undefined]);
  assert.is(port.openTimers, 0);
  optimizer.enable();
  assert.equal(port.heapGrowth, [LEAN_PERCENT, undefined, LEAN_PERCENT]);
});

test("two optimizers of one process: the first has it until it ends, the other says so and undoes nothing", () => {
  const { port, optimizer: first } = governed({ policy: "lean" });
  const told: [object, string][] = [];
  const logger = { info() {}, error() {}, warn: (...given: [object, string]) => void told.push(given) };
  const make = (policy: GovernorOptions["policy"]) =>
    createMemoryOptimizer({ port, logger, governor: { policy } });
  const second = make("lean").enable();
  assert.equal(told, [
    [{ code: "LEAN_TAKEN" }, "lean is not in force: another optimizer of this process has its setting"],
  ]);
  assert.match(second.getMemoryStats().governor.reason, "lean is not in force: another optimizer");
  assert.not.match(first.getMemoryStats().governor.reason, "not in force");
  second.disable();
  assert.equal(port.heapGrowth, [LEAN_PERCENT], "what the first set stays");
  first.disable();
  second.enable();
  assert.equal(port.heapGrowth, [LEAN_PERCENT, undefined, LEAN_PERCENT]);
  assert.is(told.length, 1);
  const third = make(["auto", "lean"]).enable();
  assert.match(third.getMemoryStats().governor.reason, "lean is not in force: another optimizer");
  third.disable();
  assert.is(port.heapGrowth.length, 3);
});

test("auto does not try it while another optimizer has it", () => {
  const server = new Server("memory", 0.3, 0);
  const { port, optimizer } = server.g;
  optimizer.disable();
  createMemoryOptimizer({ port, governor: { policy: "lean" } }).enable();
  optimizer.enable();
  server.until(() => server.experiment.concluded.some(({ policy }) => policy === "lean"));
  const { policy, verdict, blocks } = server.experiment.concluded.find((each) => each.policy === "lean")!;
  assert.equal([policy, verdict, blocks], ["lean", "no opportunity", 0]);
  assert.equal(port.heapGrowth, [LEAN_PERCENT]);
});

test("beside auto it is switched by a coin, after all others; adopted where it gains, and watched", () => {
  const server = new Server("memory", 0.3, 0);
  server.until(() => server.experiment.policy === "lean");
  assert.equal(server.g.port.heapGrowth, [], "not before its turn");
  server.until(() => server.experiment.baselineBlocks === 20);
  assert.equal(server.g.port.heapGrowth, [], "nor while it learns what is usual");
  const { blockMs } = server.experiment;
  server.until(() => server.experiment.adopted.includes("lean"));
  const { share, high } = server.experiment.effect!;
  assert.ok(share < -0.1 && share > -0.4 && high < 0, `${share}`);
  assert.ok(blockMs >= 30_000);
  server.until(() => server.lean);
  server.g.optimizer.disable();
  assert.is(server.lean, false);
});

test("where it costs more CPU time than it may, it is harmful, and off", () => {
  const server = new Server("memory", 0.3, 0.5);
  server.until(() => server.experiment.concluded.some(({ policy }) => policy === "lean"));
  const last = server.experiment.concluded.at(-1)!;
  assert.equal([last.policy, last.verdict], ["lean", "harmful"]);
  server.second();
  assert.is(server.lean, false);
});

test("what a block measures begins when the setting has been in force for half a block", () => {
  const server = new Server("cpu", 0, 0);
  server.until(() => server.experiment.policy === "lean" && server.experiment.arm !== undefined);
  const { blockMs } = server.experiment;
  const begun = server.g.port.nowMs;
  const before = server.experiment.baselineBlocks;
  server.until(() => server.experiment.baselineBlocks > before);
  const took = server.g.port.nowMs - begun;
  assert.ok(took >= 1.5 * blockMs - 1100 && took <= 1.5 * blockMs + 3000, `${took} of ${blockMs}`);
});

test("near its limit no block is open, and the setting is off", () => {
  const server = new Server("memory", 0.3, 0);
  server.until(() => server.lean);
  const { blocks, pressedBlocks } = server.experiment;
  server.g.port.heapLimitBytes = 110 * MB;
  for (let i = 0; i < 100; i++) server.second();
  const pressed = server.experiment;
  assert.equal([pressed.arm, server.lean], [undefined, false]);
  assert.is(pressed.pressedBlocks, pressedBlocks + 1);
  assert.ok(pressed.blocks <= blocks + 1);
});

test("pressure that comes before anything is measured ends a block that counts all the same", () => {
  const server = new Server("memory", 0, 0);
  const { port } = server.g;
  server.until(() => server.experiment.policy === "lean" && server.experiment.baselineBlocks === 20);
  const next = () => {
    const { blocks } = server.experiment;
    server.until(() => server.experiment.blocks > blocks && server.experiment.arm !== undefined);
  };
  for (const arm of ["acts", "holds"] as const) {
    do next();
    while (server.experiment.arm !== arm);
    server.second();
    const { blocks, pressedBlocks } = server.experiment;
    port.heapLimitBytes = 110 * MB;
    for (let i = 0; i < 5; i++) server.second();
    assert.equal(
      [server.experiment.blocks, server.experiment.pressedBlocks],
      [blocks + 1, pressedBlocks + 1],
    );
    port.heapLimitBytes = 1e12;
  }
});

test("how long blocks are follows from the engine's majors before each trial, not only at the start", () => {
  const server = new Server("memory", 0, 0);
  server.until(() => server.experiment.stage === "running");
  for (let i = 0; i < 100; i++) server.second();
  assert.is(server.experiment.blockMs, 30_000, "no major was seen");
  let old = 0;
  const second = () => {
    setOld(server.g.port, 50 + 2 * (old++ % 25));
    server.second();
  };
  for (let i = 0; i < 20_000 && server.experiment.policy !== "lean"; i++) second();
  while (server.experiment.baselineBlocks === 0) second();
  const { blockMs } = server.experiment;
  assert.ok(Math.abs(blockMs - 50_000) < 3000, `${blockMs}`);
});

test("a runtime without such a setting: nothing is set, and auto does not try it", () => {
  const alone = governed({ policy: "lean" }, { fixedHeap: true });
  assert.match(alone.optimizer.getMemoryStats().governor.reason, "this runtime has no setting for lean");
  const server = new Server("cpu", 0.3, 0, true);
  server.until(() => server.experiment.concluded.length > 0 || server.experiment.stage === "running");
  for (let i = 0; i < 4000; i++) server.second();
  assert.equal(
    server.experiment.concluded.map(({ policy }) => policy),
    ["quiet"],
  );
  assert.match(server.experiment.reason, "quiet was tried");
});

test("this runtime takes it, or has no such setting", async () => {
  const port = await loadPort();
  assert.is(port.setHeapGrowth === undefined, "Bun" in globalThis || "Deno" in globalThis);
  port.setHeapGrowth?.(LEAN_PERCENT);
  port.setHeapGrowth?.(undefined);
});

test.run();
