import { test } from "uvu";
import * as assert from "uvu/assert";
import { createGovernorCore } from "../../src/core/governor.ts";
import { Status } from "../../src/core/index.ts";
import { checkModel } from "../support/model.ts";
import { NaiveBudget } from "../support/naive-budget.ts";
import { loadPort } from "../support/port.ts";
import type { Random } from "../support/random.ts";

const CAPACITY = 6;
const core = createGovernorCore();
const port = await loadPort();

class Pair {
  readonly table: number;
  readonly naive: NaiveBudget;

  constructor(total: number) {
    this.table = core.exports.budgetCreate(CAPACITY, total);
    this.naive = new NaiveBudget(total);
  }

  step(random: Random): void {
    const { table, naive } = this;
    const indices = [...naive.members.keys()];
    const choice = random.next();
    if (choice < 0.05) {
      const wanted = random.int(0, 5000);
      const pinned = random.chance(0.3) ? random.int(0, 800) : 0;
      const index = core.exports.budgetJoin(table, wanted, pinned);
      if (indices.length === CAPACITY) assert.is(index, Status.full);
      else {
        assert.not(naive.members.has(index), `place ${index} is taken`);
        naive.join(index, wanted, pinned);
      }
    } else if (choice < 0.07) {
      const index = random.int(-1, CAPACITY);
      const known = naive.members.delete(index);
      assert.is(core.exports.budgetLeave(table, index), known ? Status.ok : Status.unknown);
    } else if (choice < 0.6 && indices.length > 0) {
      const index = random.pick(indices);
      const { limit, wanted } = naive.members.get(index)!;
      const reading = {
        // At its limit half of the time, so that there is something to fight for.
        held: random.chance(0.5) ? Math.floor(limit) : Math.floor(limit * random.next()),
        wanted: random.chance(0.02) ? random.int(0, 5000) : wanted,
        saved: random.int(0, 1e6),
        missed: random.chance(0.7) ? random.int(0, 1e6) : 0,
        marginBytes: random.int(0, 1000),
      };
      const seconds = random.chance(0.02) ? 0 : random.int(1, 3);
      const { held, saved, missed, marginBytes } = reading;
      core.exports.budgetTell(table, index, held, reading.wanted, saved, missed, marginBytes, seconds);
      naive.tell(index, reading, seconds);
    } else if (choice < 0.63) {
      const total = random.chance(0.1) ? Number.POSITIVE_INFINITY : random.int(0, 10_000);
      core.exports.budgetTotal(table, total);
      naive.setTotal(total);
      this.#checkSum();
    } else {
      core.exports.budgetStep(table);
      naive.step();
      this.#checkSum();
    }
  }

  /** Together below the total, as far as what is pinned allows. */
  #checkSum(): void {
    let sum = 0;
    let pinned = 0;
    for (const index of this.naive.members.keys()) {
      core.exports.budgetMember(this.table, index);
      sum += core.scratch[0]!;
      pinned += Math.min(core.scratch[2]!, core.scratch[3]!);
    }
    assert.ok(
      sum <= Math.max(this.naive.total, pinned) + 1e-6,
      `${sum} of ${this.naive.total}, pinned ${pinned}`,
    );
  }

  check(): void {
    for (const [index, member] of this.naive.members) {
      assert.is(core.exports.budgetMember(this.table, index), Status.ok);
      const [limit, held, wanted, pinned, margin, worth] = core.scratch;
      assert.ok(Math.abs(limit! - member.limit) < 1e-6, `limit ${limit}, expected ${member.limit}`);
      assert.equal([held, wanted, pinned], [member.held, member.wanted, member.pinned]);
      assert.ok(Math.abs(margin! - member.margin) <= 1e-9 * member.margin, "margin");
      assert.ok(worth! >= margin!, "what the last byte earns");
    }
  }
}

test("a million operations on three budgets, with forced collections, against the naive one", () => {
  const { collections } = checkModel(
    20_261_128,
    () => port.collect("major"),
    () => {
      const pairs = [1000, 5000, Number.POSITIVE_INFINITY].map((total) => new Pair(total));
      return {
        step(random) {
          const pair = random.pick(pairs);
          pair.step(random);
          pair.check();
        },
        end() {
          for (const { table } of pairs) core.exports.budgetDestroy(table);
        },
      };
    },
  );
  assert.ok(collections > 0);
});

test("limits are between pinned and wanted right after a step", () => {
  const table = core.exports.budgetCreate(CAPACITY, 1000);
  const [a, b] = [core.exports.budgetJoin(table, 800, 0), core.exports.budgetJoin(table, 800, 600)];
  const limit = (index: number): number => {
    core.exports.budgetMember(table, index);
    return core.scratch[0]!;
  };
  assert.equal([limit(a), limit(b)], [400, 600]);
  core.exports.budgetTotal(table, 100);
  assert.ok(limit(a) < 1e-6);
  assert.is(limit(b), 600, "what is pinned stays");
  core.exports.budgetDestroy(table);
});

test("no such member, no room: statuses", () => {
  const table = core.exports.budgetCreate(1, 1000);
  assert.is(core.exports.budgetMember(table, 0), Status.unknown);
  assert.is(core.exports.budgetTell(table, 0, 0, 0, 0, 0, 0, 1), Status.unknown);
  assert.is(core.exports.budgetJoin(table, 10, 0), 0);
  assert.is(core.exports.budgetJoin(table, 10, 0), Status.full);
  assert.is(core.exports.budgetCreate(100_000_000, 1), Status.outOfMemory);
});

test.run();
