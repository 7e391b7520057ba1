import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/index.ts";
import { floor } from "../support/floor.ts";
import { loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";

const port = await loadPort();

for (const leakDetection of ["off", "full"] as const) {
  test(`no leak: ten rounds of 100,000 operations leave a flat floor, leak detection ${leakDetection}`, async () => {
    const own = createCore();
    const pool = new ObjectPool<{ data: number[] }>(own, {
      name: "floor",
      factory: () => ({ data: new Array(20).fill(0) }),
      maxSize: 50,
      mode: "pooling",
      leakDetection,
      reset: (object) => void object.data.fill(0),
    });
    const random = new Random(7);
    const round = (): void => {
      const held: { data: number[] }[] = [];
      for (let i = 0; i < 100_000; i++) {
        if (held.length < 100 && random.chance(0.5)) held.push(pool.acquire());
        else if (held.length > 0) pool.release(held.pop()!);
        if (i % 1000 === 0) pool.trim();
      }
      for (const object of held) pool.release(object);
    };
    const floors: number[] = [];
    const memory: number[] = [];
    for (let i = 0; i < 10; i++) {
      round();
      floors.push(await floor(port));
      memory.push(own.memoryBytes);
    }
    assert.is(new Set(memory).size, 1, "the core's memory does not grow");
    // The first rounds warm up the engine's own tables and code.
    const early = Math.max(...floors.slice(2, 5));
    const late = Math.min(...floors.slice(7));
    assert.ok(late <= early * 1.02, `floors: ${floors.map(Math.round).join(", ")}`);
    assert.is(pool.getStats().inUse, 0);
    pool.close();
  });
}

test.run();
