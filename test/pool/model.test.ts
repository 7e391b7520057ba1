import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { type Lease, ObjectPool } from "../../src/index.ts";
import { checkModel } from "../support/model.ts";
import { NaivePool, type Piece } from "../support/naive-pool.ts";
import { loadPort } from "../support/port.ts";
import { type Random, randomSteps } from "../support/random.ts";
import { throwsCode } from "../support/throws.ts";

/** The library's plan for a small pool. */
const CAPACITY = 1000;
const core = createCore();
const port = await loadPort();

/** A pool whose factory and reset do what the test says next, beside the naive one. */
class Pair {
  readonly pool: ObjectPool<Piece>;
  readonly naive: NaivePool;
  readonly released: Piece[] = [];
  /** Those in use that were not taken as plain objects. */
  readonly #handles = new Map<Piece, number>();
  readonly #leases = new Map<Piece, Lease<Piece>>();
  #ids = 0;
  #factory: "make" | "throw" | "primitive" | "known" = "make";
  #reset: "keep" | "throw" | "replace" | "plain" | "known" = "keep";
  #made: Piece | undefined;
  #resets = 0;

  constructor(maxSize: number) {
    this.naive = new NaivePool(maxSize, CAPACITY);
    this.pool = new ObjectPool<Piece>(core, {
      name: "pieces",
      factory: () => this.#create(),
      reset: (piece) => this.#clean(piece),
      maxSize,
      mode: "pooling",
    });
  }

  #create(): Piece {
    if (this.#factory === "throw") throw new Error("factory");
    if (this.#factory === "primitive") return 7 as unknown as Piece;
    const known = [...this.naive.inUse].find((piece) => !this.naive.overflow.has(piece));
    if (this.#factory === "known" && known) return known;
    this.#made = { id: ++this.#ids };
    return this.#made;
  }

  #clean(piece: Piece): Piece | undefined {
    this.#resets += 1;
    if (this.#reset === "throw") throw new Error("reset");
    if (this.#reset === "plain") return 0 as unknown as undefined;
    if (this.#reset === "known") return [...this.naive.inUse].find((other) => other !== piece) ?? piece;
    if (this.#reset === "replace") {
      this.#made = { id: ++this.#ids };
      return this.#made;
    }
    return undefined;
  }

  /** In one of the ways to take from a pool. */
  #take(random: Random): Piece {
    const { pool } = this;
    const way = random.pick(["object", "object", "handle", "lease"]);
    if (way === "object") return pool.acquire();
    if (way === "handle") {
      const handle = pool.acquireHandle();
      const piece = pool.get(handle);
      this.#handles.set(piece, handle);
      return piece;
    }
    const lease = pool.lease();
    this.#leases.set(lease.value, lease);
    return lease.value;
  }

  /** As it was taken, or by the object. */
  #giveBack(piece: Piece, random: Random): void {
    const { pool } = this;
    const [handle, lease] = [this.#handles.get(piece), this.#leases.get(piece)];
    this.#handles.delete(piece);
    this.#leases.delete(piece);
    if (handle !== undefined) assert.is(pool.get(handle), piece);
    if (lease !== undefined) assert.is(lease.value, piece);
    if (random.chance(0.2)) pool.release(piece);
    else if (handle !== undefined) pool.releaseHandle(handle);
    else if (lease !== undefined) lease.release();
    else pool.release(piece);
    if (handle !== undefined) throwsCode(() => pool.get(handle), "STALE_HANDLE");
    if (lease !== undefined) throwsCode(() => lease.value, "STALE_HANDLE");
  }

  acquire(random: Random): void {
    const { naive } = this;
    this.#factory = random.chance(0.9) ? "make" : random.pick(["throw", "primitive", "known"]);
    this.#made = undefined;
    const expected = naive.acquireIdle();
    let piece: Piece | undefined;
    try {
      piece = this.#take(random);
    } catch {
      assert.is(expected, undefined, "acquire threw although an object was idle");
      assert.is.not(this.#factory, "make");
      assert.is(this.#made, undefined);
      return;
    }
    assert.is(piece, expected ?? this.#made, "not the one that came back last, or was made");
    if (expected === undefined) naive.made(piece);
  }

  release(random: Random): void {
    const { naive } = this;
    if (naive.inUse.size === 0) return;
    const piece = [...naive.inUse][random.int(0, Math.min(20, naive.inUse.size - 1))]!;
    this.#reset = random.chance(0.6) ? "keep" : random.pick(["throw", "replace", "plain", "known"]);
    this.#made = undefined;
    const resets = this.#resets;
    const overflow = naive.overflow.has(piece);
    this.#giveBack(piece, random);
    assert.is(this.#resets, resets + (overflow ? 0 : 1), "one reset each, none for what is let go of");
    const others = [...naive.inUse].some((other) => other !== piece);
    const failed = this.#reset === "throw" || (this.#reset === "known" && others);
    // An overflow object has no place that could keep it, and another one in use may be an overflow one too.
    naive.release(piece, failed ? undefined : this.#reset === "replace" ? this.#made : piece);
    this.released.push(piece);
    if (this.released.length > 50) this.released.shift();
  }

  /** Released a while ago: not in use, unless it was handed out again. */
  releaseAgain(random: Random): void {
    if (this.released.length === 0) return;
    const piece = random.pick(this.released);
    if (this.naive.inUse.has(piece)) return;
    throwsCode(
      () => this.pool.release(piece),
      this.naive.idle.includes(piece) ? "DOUBLE_RELEASE" : "FOREIGN_OBJECT",
    );
  }

  step(random: Random, busy: boolean): void {
    const choice = random.next();
    if (choice < (busy ? 0.6 : 0.45)) this.acquire(random);
    else if (choice < 0.93) this.release(random);
    else if (choice < 0.97) this.releaseAgain(random);
    else if (choice < 0.983) assert.is(this.pool.trim(), this.naive.trim(), "trim");
    else if (choice < 0.987) assert.is(this.pool.clear(), this.naive.clear(), "clear");
    else if (choice < 0.995) {
      const maxSize = random.int(0, 40);
      this.pool.resize(maxSize);
      this.naive.resize(maxSize);
    } else throwsCode(() => this.pool.release({ id: 0 }), "FOREIGN_OBJECT");
  }

  check(): void {
    const { naive } = this;
    const s = this.pool.getStats();
    const expected = {
      poolSize: naive.idle.length,
      inUse: naive.inUse.size,
      created: naive.created,
      reused: naive.reused,
      discarded: naive.discarded,
      resetFailures: naive.resetFailures,
      overflow: naive.overflow.size,
    };
    for (const [field, value] of Object.entries(expected)) {
      if (s[field as keyof typeof expected] !== value) {
        assert.unreachable(`${field} is ${s[field as keyof typeof expected]}; expected ${value}`);
      }
    }
    assert.is(s.inUse + s.poolSize + s.discarded, s.created, "in use + idle + discarded = created");
    assert.ok(s.poolSize <= s.maxSize, "idle <= maxSize");
  }
}

test("a million operations on four pools, with factories and resets that fail and forced collections, against the naive pool", () => {
  let created = 0;
  let resetFailures = 0;
  const { collections } = checkModel(
    20_260_731,
    () => port.collect("major"),
    () => {
      const pairs = [0, 1, 8, 40].map((maxSize) => new Pair(maxSize));
      return {
        step(random, at) {
          const pair = random.pick(pairs);
          pair.step(random, false);
          if (at % 4 === 0) pair.check();
        },
        end() {
          for (const pair of pairs) {
            pair.check();
            created += pair.naive.created;
            resetFailures += pair.naive.resetFailures;
            pair.pool.close();
          }
        },
      };
    },
  );
  assert.ok(created > 10_000 && resetFailures > 1000 && collections > 0, `${created} ${resetFailures}`);
});

test("20,000 random steps that lease more than was planned", () => {
  const pair = new Pair(10);
  let most = 0;
  randomSteps(20_260_801, 20_000, (random, step) => {
    pair.step(random, step % 10_000 < 8000);
    pair.check();
    most = Math.max(most, pair.naive.overflow.size);
  });
  assert.ok(most > 10, `at most ${most} above capacity: the test does not get there`);
});

test.run();
