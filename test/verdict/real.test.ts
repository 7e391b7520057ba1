import { setTimeout as wait } from "node:timers/promises";
import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  createMemoryOptimizer,
  type MemoryOptimizer,
  type MemoryVerdict,
  type RuntimePort,
} from "../../src/index.ts";
import { loadPort } from "../support/port.ts";

const MB = 1024 * 1024;
/** The optimizer's clock runs this much faster than the engine's: a second is a minute. */
const HASTE = 60;
const real = await loadPort();

function hasty(port: RuntimePort): RuntimePort {
  const start = port.now();
  return {
    ...port,
    now: () => start + (port.now() - start) * HASTE,
    every: (ms, tick) => port.every(Math.max(1, ms / HASTE), tick),
  };
}

/** Serves for some seconds, `serve` once a ms or so, until a verdict is `wanted` or the time is over. */
async function run(
  seconds: number,
  serve: () => void,
  wanted: (verdict: MemoryVerdict) => boolean,
): Promise<MemoryVerdict> {
  const rss = real.readMemory().rssBytes ?? 0;
  const optimizer: MemoryOptimizer = createMemoryOptimizer({
    port: hasty(real),
    limitBytes: Math.round(rss + 400 * MB),
    longLivedAfterMs: 3_600_000,
  }).enable();
  try {
    const until = real.now() + seconds * 1000;
    while (real.now() < until && !wanted(optimizer.getVerdict())) {
      for (let i = 0; i < 4; i++) {
        const request = optimizer.requests.start();
        serve();
        optimizer.requests.end(request);
      }
      await wait(1);
    }
    return optimizer.getVerdict();
  } finally {
    optimizer.disable();
  }
}

/** What each request makes and lets go of. */
function litter(): number {
  let sum = 0;
  for (let i = 0; i < 200; i++) sum += new Array(64).fill(i).length;
  return sum;
}

test("a real leak: a map that requests fill is called a growing heap", async () => {
  const kept = new Map<number, unknown>();
  const verdict = await run(
    20,
    () => {
      litter();
      for (let i = 0; i < 150; i++) kept.set(kept.size, { text: `${kept.size}`, list: [i, i, i] });
    },
    ({ state }) => state === "growing",
  );
  assert.is(`${verdict.state} ${verdict.part}`, "growing heap", verdict.summary);
  assert.ok(verdict.majorCollections >= 3);
  kept.clear();
});

test("a real leak: buffers that nobody frees are called growing external memory", async () => {
  const kept: Uint8Array[] = [];
  const verdict = await run(
    20,
    () => {
      litter();
      kept.push(new Uint8Array(40_000).fill(1));
    },
    ({ state }) => state === "growing",
  );
  assert.is(`${verdict.state} ${verdict.part}`, "growing external", verdict.summary);
  kept.length = 0;
});

test("a real healthy server that makes much garbage is not", async () => {
  const cache = new Map<number, unknown>();
  let requests = 0;
  const verdict = await run(
    6,
    () => {
      litter();
      for (let i = 0; i < 10; i++) cache.set(requests++ % 20_000, { text: `${requests}`, list: [i, i, i] });
    },
    ({ state }) => state === "growing",
  );
  assert.is.not(verdict.state, "growing", verdict.summary);
  assert.ok(verdict.majorCollections > 0);
});

test.run();
