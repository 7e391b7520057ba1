import * as assert from "uvu/assert";
import { type Core, createCore, SlotTable } from "../../src/core/index.ts";
import { same } from "./compare.ts";
import { NaiveSlots } from "./naive-slots.ts";
import type { Random } from "./random.ts";

export const core: Core = createCore();

/** A handle is a place and, as its fraction, a generation. */
export const GENERATIONS: number = 2 ** 32;

/** What `acquire` would have answered in place of `acquireHandle`. */
export function placeOf(handled: number): number | undefined {
  if (handled === 0) return undefined;
  return handled < 0 ? ~SlotTable.index(-handled) : SlotTable.index(handled);
}

/** One table beside its model, taken one random step further at a time. */
export class Pair {
  readonly table: SlotTable;
  readonly naive: NaiveSlots;
  /** Handles of all times: open, closed, of places leased again. */
  #handles: number[] = [];
  #hungry = true;

  constructor(random: Random) {
    const capacity = random.int(1, 40);
    const maxIdle = random.int(0, random.chance(0.2) ? 60 : capacity);
    this.table = new SlotTable(core, { maxIdle, capacity });
    this.naive = new NaiveSlots(maxIdle, capacity);
  }

  #acquire(random: Random): void {
    const expected = this.naive.next();
    const byHandle = random.chance(0.5);
    const handled = byHandle ? this.table.acquireHandle() : 0;
    const answer = byHandle ? placeOf(handled) : this.table.acquire();
    if (typeof expected === "number") {
      assert.is(answer, expected, `acquire: ${answer}; the last one released was ${expected}`);
    } else if (expected === undefined) {
      assert.is(answer, undefined, `acquire: ${answer} from a full table`);
    } else {
      assert.ok(answer !== undefined && answer < 0, `acquire: ${answer}; expected a new place`);
      assert.ok(this.naive.isFree(~answer), `acquire: place ${~answer} is not free`);
    }
    if (answer === undefined) return;
    const place = answer < 0 ? ~answer : answer;
    const { highWater } = this.naive;
    this.naive.lease(place);
    const handle = this.table.handle(place);
    if (byHandle) assert.is(Math.abs(handled), handle, "acquireHandle");
    assert.is(handle, place + this.naive.generation(place) / GENERATIONS, "handle");
    assert.is(SlotTable.index(handle), place, "index of the handle");
    this.#handles.push(handle);
    if (this.#handles.length > 500) this.#handles.splice(0, 250);
    if (answer < 0 && random.chance(0.05)) {
      assert.is(this.table.abandon(place), this.naive.abandon(place), "abandon");
      // Nobody held it, so it does not count.
      this.naive.highWater = highWater;
    }
  }

  /** A leased place most of the time, else any number that a caller might bring. */
  #place(random: Random): number {
    if (random.chance(0.85) && this.naive.leased.size > 0) return random.pick([...this.naive.leased]);
    return random.chance(0.7)
      ? random.int(0, this.naive.capacity - 1)
      : random.pick([-1, -2147483648, this.naive.capacity, this.naive.capacity + 1, 2147483647]);
  }

  #releaseHandle(random: Random): void {
    const unknown = 2 ** 20 - 1 + random.int(1, 9) / GENERATIONS;
    const handle = random.chance(0.05) || this.#handles.length === 0 ? unknown : random.pick(this.#handles);
    const place = Math.floor(handle);
    const generation = (handle - place) * GENERATIONS;
    const open = this.naive.leased.has(place) && this.naive.generation(place) === generation;
    assert.is(this.table.isLeased(handle), open, "isLeased before");
    assert.is(this.table.releaseHandle(handle), this.naive.releaseLease(place, generation), "releaseHandle");
    assert.is(this.table.isLeased(handle), false, "isLeased after");
  }

  step(random: Random): void {
    const { table, naive } = this;
    if (random.chance(0.01)) this.#hungry = !this.#hungry;
    const choice = random.next();
    if (choice < (this.#hungry ? 0.55 : 0.3)) this.#acquire(random);
    else if (choice < 0.72) {
      const place = this.#place(random);
      assert.is(table.release(place), naive.release(place), `release ${place}`);
    } else if (choice < 0.86) this.#releaseHandle(random);
    else if (choice < 0.89) {
      const place = this.#place(random);
      assert.is(table.discard(place), naive.discard(place), `discard ${place}`);
    } else if (choice < 0.9) {
      const place = this.#place(random);
      assert.is(table.abandon(place), naive.abandon(place), `abandon ${place}`);
    } else if (choice < 0.95) assert.is(table.evict(), naive.evict(), "evict");
    else if (choice < 0.98) assert.is(table.unneeded(), naive.unneeded(), "unneeded");
    else {
      const capacity = random.int(1, naive.capacity + (naive.capacity < 120 ? 5 : 0));
      const maxIdle = random.int(0, random.chance(0.2) ? 150 : capacity);
      table.resize({ maxIdle, capacity });
      naive.resize(maxIdle, capacity);
    }
    this.compare();
  }

  compare(): void {
    const stats = this.table.stats();
    same(stats, this.naive.stats(), "stats");
    assert.is(
      stats.created,
      stats.inUse + stats.idle + stats.discarded,
      "created = inUse + idle + discarded",
    );
  }
}
