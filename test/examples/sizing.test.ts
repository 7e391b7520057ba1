import { test } from "uvu";
import * as assert from "uvu/assert";
import { createMemoryOptimizer } from "velithon";
import { loads, sizeCache, sizePool } from "../../examples/sizing.ts";

const optimizer = createMemoryOptimizer();

for (const load of loads) {
  test(`${load.name}: a pool as large as the load is wide makes nothing twice`, async () => {
    const advice = await sizePool(optimizer, load);
    assert.is(advice.highWater, load.concurrency);
    assert.is(advice.maxSize, advice.highWater);
    const least = 1 - load.concurrency / load.requests;
    assert.ok(advice.reuseRatio >= least, `reuse ratio ${advice.reuseRatio}`);
  });

  test(`${load.name}: a cache well below the number of keys is enough`, () => {
    const { hitRatios, maxSize } = sizeCache(optimizer, load);
    const ratios = [...hitRatios.values()];
    assert.ok(
      ratios.every((ratio, i) => i === 0 || ratio >= ratios[i - 1]! - 0.01),
      `hit ratios by size: ${ratios}`,
    );
    assert.ok(maxSize < load.keys, `${maxSize} of ${load.keys}`);
    assert.ok(hitRatios.get(maxSize)! > 0.5);
  });
}

test("nothing stays registered", () => {
  const { objectPools, weakCaches } = optimizer.getMemoryStats();
  assert.equal([objectPools, weakCaches], [{}, {}]);
});

test.run();
