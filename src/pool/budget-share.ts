import type { BudgetMember, BudgetReading } from "../shared/budget-member.ts";
import type { BufferPool } from "./buffer-pool.ts";
import type { ObjectPoolStats } from "./options.ts";

/** What one object of a pool is taken to hold where its options do not tell. */
const ASSUMED_OBJECT_BYTES = 1024;
/** What a reuse is taken to save until the pool has measured it, and, of a buffer, for each KiB. */
const ASSUMED_REUSE_NS = 2000;
const ASSUMED_REUSE_NS_PER_KIB = 50;

interface Resizable {
  getStats(): ObjectPoolStats;
  resize(maxSize: number): void;
}

/** Objects let go of because enough were idle, where another had to be made since: reuses missed. */
class MissedReuses {
  #created = 0;
  #discarded = 0;
  /** Let go of, and no other made for them yet. */
  #gone = 0;
  #missed = 0;

  /** However often it is asked: statistics ask as well. */
  count(created: number, discarded: number): number {
    this.#gone += discarded - this.#discarded;
    const missed = Math.min(created - this.#created, this.#gone);
    this.#gone -= missed;
    this.#missed += missed;
    this.#created = created;
    this.#discarded = discarded;
    return this.#missed;
  }
}

/** Reuses, each worth what one was worth when it was counted. */
class Worth {
  #reuses = 0;
  #ns = 0;

  count(reuses: number, nsPerReuse: number): number {
    this.#ns += (reuses - this.#reuses) * nsPerReuse;
    this.#reuses = reuses;
    return this.#ns;
  }
}

/** An object pool under the budget: its limit is how many objects it keeps idle. */
export class PoolShare implements BudgetMember {
  readonly pinnedBytes: number;
  readonly #pool: Resizable;
  readonly #objectBytes: number;
  readonly #missed = new MissedReuses();
  readonly #saved = new Worth();
  readonly #lost = new Worth();
  /** What its owner asked for last, and what this set last. */
  #wanted: number;
  #set: number;

  constructor(
    pool: Resizable,
    given: { objectBytes?: number | undefined; pinnedBytes?: number | undefined },
  ) {
    this.#pool = pool;
    this.#objectBytes = given.objectBytes ?? ASSUMED_OBJECT_BYTES;
    this.pinnedBytes = given.pinnedBytes ?? 0;
    this.#wanted = this.#set = pool.getStats().maxSize;
  }

  watchMargin(): void {}

  readBudget(): BudgetReading {
    const stats = this.#pool.getStats();
    const { poolSize, maxSize, highWater, created, reused, discarded, abandoned } = stats;
    const { factoryNs, pooledNs } = stats;
    const measured = factoryNs !== undefined && pooledNs !== undefined;
    const nsPerReuse = measured ? Math.max(0, factoryNs - pooledNs) : ASSUMED_REUSE_NS;
    // Its owner resized it.
    if (maxSize !== this.#set) this.#wanted = this.#set = maxSize;
    return {
      heldBytes: poolSize * this.#objectBytes,
      wantedBytes: this.#wanted * this.#objectBytes,
      savedNs: this.#saved.count(reused, nsPerReuse),
      missedNs: this.#lost.count(this.#missed.count(created, discarded - abandoned), nsPerReuse),
      marginBytes: Math.max(1, highWater - maxSize) * this.#objectBytes,
    };
  }

  limitBytes(bytes: number): void {
    const size = Math.min(this.#wanted, Math.floor(bytes / this.#objectBytes));
    if (size === this.#set) return;
    this.#set = size;
    this.#pool.resize(size);
  }
}

/** A buffer pool under the budget: its limit is its idle bytes. */
export class BufferShare implements BudgetMember {
  readonly pinnedBytes: number;
  readonly #pool: BufferPool;
  readonly #missed = new MissedReuses();
  readonly #saved = new Worth();
  readonly #lost = new Worth();

  constructor(pool: BufferPool, given: { pinnedBytes?: number | undefined }) {
    this.#pool = pool;
    this.pinnedBytes = given.pinnedBytes ?? 0;
  }

  watchMargin(): void {}

  readBudget(): BudgetReading {
    const { idleBytes, inUse, inUseBytes, created, reused, discarded } = this.#pool.getStats();
    const bufferBytes = inUse > 0 ? inUseBytes / inUse : 1024;
    const nsPerReuse = (bufferBytes / 1024) * ASSUMED_REUSE_NS_PER_KIB;
    return {
      heldBytes: idleBytes,
      wantedBytes: this.#pool.wantedBytes,
      savedNs: this.#saved.count(reused, nsPerReuse),
      missedNs: this.#lost.count(this.#missed.count(created, discarded), nsPerReuse),
      marginBytes: Math.max(bufferBytes, inUseBytes),
    };
  }

  limitBytes(bytes: number): void {
    this.#pool.limitIdleBytes(bytes);
  }
}
