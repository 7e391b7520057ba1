import { test } from "uvu";
import * as assert from "uvu/assert";
import { type ActingPolicy, createMemoryOptimizer, type MemoryOptimizer } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";

const port = await loadPort();
const logger = { info() {}, warn() {}, error() {} };
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const kept: unknown[][] = [];

/** Objects that live long enough to grow old, about `mb` MB of them. */
function grow(mb: number): void {
  for (let i = 0; i < mb; i++) kept.push(Array.from({ length: 20_000 }, (_, n) => ({ n })));
}

/** Thirty requests, one every 4 ms or so. */
async function burst(optimizer: MemoryOptimizer): Promise<void> {
  for (let i = 0; i < 30; i++) {
    const request = optimizer.requests.start();
    await wait(2);
    optimizer.requests.end(request);
    await wait(2);
  }
}

function performed(optimizer: MemoryOptimizer, policy: ActingPolicy): number {
  return optimizer.getMemoryStats().governor.actions[policy]!.performed;
}

async function until(reached: () => boolean, ms: number): Promise<boolean> {
  for (const end = port.now() + ms; port.now() < end && !reached(); ) await wait(20);
  return reached();
}

test("quiet collects in a silence what has grown old; where the heap cannot be read it does nothing", async () => {
  if (!port.capabilities.majorCollection.available) return;
  const optimizer = createMemoryOptimizer({ port, logger, governor: { policy: "quiet" } }).enable();
  try {
    let acted = false;
    // A machine under load may stretch a burst into silences: then the next one has its chance.
    for (let turn = 0; turn < 5 && !acted; turn++) {
      await burst(optimizer);
      grow(15);
      optimizer.requests.end(optimizer.requests.start());
      kept.length = 0;
      acted = await until(() => performed(optimizer, "quiet") > 0, 600);
    }
    assert.is(acted, port.capabilities.heapSpaces.available);
    if (acted) {
      const { quiet } = optimizer.getMemoryStats().governor.actions;
      assert.ok(quiet!.totalPauseMs > 0 && quiet!.totalCostMs >= quiet!.totalPauseMs);
      assert.ok(quiet!.freedBytes! > 1024 * 1024, `${quiet!.freedBytes} bytes`);
    }
  } finally {
    optimizer.disable();
  }
});

test("trim collects a second after the last request", async () => {
  if (!port.capabilities.majorCollection.available) return;
  const optimizer = createMemoryOptimizer({ port, logger, governor: { policy: "trim" } }).enable();
  try {
    await burst(optimizer);
    assert.is(performed(optimizer, "trim"), 0);
    assert.is(await until(() => performed(optimizer, "trim") > 0, 5000), true);
  } finally {
    optimizer.disable();
  }
});

test("seal collects once, a second after the start", async () => {
  if (!port.capabilities.majorCollection.available) return;
  const optimizer = createMemoryOptimizer({ port, logger, governor: { policy: "seal" } }).enable();
  try {
    assert.is(await until(() => performed(optimizer, "seal") > 0, 8000), true);
    assert.is(optimizer.seal().performed, true);
    assert.is(performed(optimizer, "seal"), 1);
  } finally {
    optimizer.disable();
  }
});

test.run();
