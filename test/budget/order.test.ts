import { test } from "uvu";
import * as assert from "uvu/assert";
import { MemoryBudget } from "../../src/budget/budget.ts";
import { createGovernorCore } from "../../src/core/governor.ts";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/index.ts";
import { PoolShare } from "../../src/pool/budget-share.ts";

test("limits fall before others rise, so that the sum stays below the total at every moment", () => {
  let now = 0;
  const budget = new MemoryBudget(1000, () => now, createGovernorCore);
  const limits = new Map<string, number>();
  const told: string[] = [];
  const join = (key: string, pinnedBytes: number, savedNs: () => number): void =>
    budget.join(key, {
      pinnedBytes,
      watchMargin: () => {},
      readBudget: () => ({
        heldBytes: limits.get(key) ?? 0,
        wantedBytes: 1000,
        savedNs: savedNs(),
        missedNs: savedNs(),
        marginBytes: 100,
      }),
      limitBytes: (bytes) => {
        limits.set(key, bytes);
        told.push(key);
        if (limits.size < 2) return;
        const sum = [...limits.values()].reduce((all, each) => all + each, 0);
        assert.ok(sum <= 1000 + 1e-6, `${sum} after ${key}`);
      },
    });
  let saved = 0;
  // The one that gains is told first where nobody puts them in order.
  join("gains", 0, () => saved);
  limits.clear();
  join("loses", 0, () => 0);
  limits.set("gains", 500);
  told.length = 0;
  for (let second = 1; second <= 20; second++) {
    saved += 1e9;
    now += 1000;
    budget.step();
  }
  assert.ok(limits.get("gains")! > 600, `${limits.get("gains")}`);
  assert.equal(told.slice(0, 2), ["loses", "gains"]);
});

test("a tick of the sampler that comes a little early makes its step", () => {
  let now = 0;
  let reads = 0;
  const budget = new MemoryBudget(1000, () => now, createGovernorCore);
  budget.join("member", {
    pinnedBytes: 0,
    watchMargin: () => {},
    readBudget: () => {
      reads += 1;
      return { heldBytes: 0, wantedBytes: 1000, savedNs: 0, missedNs: 0, marginBytes: 100 };
    },
    limitBytes: () => {},
  });
  reads = 0;
  now += 500;
  budget.sample();
  assert.is(reads, 0, "half a second");
  for (let tick = 1; tick <= 5; tick++) {
    now = tick * 999.5;
    budget.sample();
  }
  assert.ok(reads >= 5, `${reads} in five ticks`);
});

for (const reads of [0, 1, 10]) {
  test(`a reuse that a pool missed counts, read ${reads} times between the discard and the next creation`, () => {
    const pool = new ObjectPool(createCore(), { name: "boxes", factory: () => ({}), maxSize: 2 });
    const share = new PoolShare(pool, {});
    const use = (objects: number): void => {
      const held = Array.from({ length: objects }, () => pool.acquire());
      for (let i = 0; i < reads; i++) share.readBudget();
      for (const each of held) pool.release(each);
      for (let i = 0; i < reads; i++) share.readBudget();
    };
    use(6);
    const first = share.readBudget().missedNs;
    use(6);
    const second = share.readBudget().missedNs;
    use(2);
    assert.is(second - first > 0, true, `${first}, ${second}`);
    assert.is(share.readBudget().missedNs, second, "nothing was missed where all were there");
  });
}

test.run();
