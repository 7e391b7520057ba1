import { test } from "uvu";
import * as assert from "uvu/assert";
import { MemoryBudget } from "../../src/budget/budget.ts";
import { createGovernorCore } from "../../src/core/governor.ts";

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

test.run();
