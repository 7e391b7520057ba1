import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/index.ts";
import { type AsyncModel, checkAsyncModel, MODEL_STEPS } from "../support/model.ts";
import { loadPort } from "../support/port.ts";
import type { Random } from "../support/random.ts";
import { throwsCode } from "../support/throws.ts";

const core = createCore();
const port = await loadPort();
const seen = { created: 0, discarded: 0, disposed: 0, failed: 0 };

interface Piece {
  readonly id: number;
}

/** A pool beside the plainest account of it: a list of idle pieces, a set of leased ones, three counters. */
class Account {
  readonly pool: ObjectPool<Piece>;
  readonly idle: Piece[] = [];
  /** By object, and by handle. */
  readonly leased = new Map<Piece, number | undefined>();
  /** Taken by `use`, until its promise has settled. */
  readonly used = new Set<Piece>();
  readonly resets: boolean;
  maxSize: number;
  created = 0;
  discarded = 0;
  disposed = 0;
  next: "do" | "throw" | "replace" = "do";
  #made: Piece | undefined;
  #settle: (() => void)[] = [];

  constructor(maxSize: number, disposes: boolean, resets: boolean) {
    this.maxSize = maxSize;
    this.resets = resets;
    this.pool = new ObjectPool<Piece>(core, {
      name: "pieces",
      factory: () => this.#make(),
      maxSize,
      mode: "pooling",
      leakDetection: disposes ? "full" : "off",
      reset: resets
        ? () => {
            if (this.next === "throw") throw new Error("reset");
            return this.next === "replace" ? this.#make() : undefined;
          }
        : undefined,
      ...(disposes ? { dispose: (piece: Piece) => this.#dispose(piece) } : {}),
    });
  }

  #make(): Piece {
    if (this.next === "throw") throw new Error("factory");
    this.#made = { id: this.created };
    return this.#made;
  }

  #dispose(piece: Piece): void {
    if (this.idle.includes(piece)) assert.unreachable("disposed of while idle");
    this.disposed += 1;
    if (this.disposed % 5 === 0) throw new Error("dispose");
  }

  /** What an acquire must hand out, or nothing where the factory fails. */
  #took(take: () => Piece): Piece | undefined {
    const expected = this.idle.at(-1);
    let piece: Piece;
    try {
      piece = take();
    } catch (error) {
      assert.ok(expected === undefined && this.next === "throw", String(error));
      return undefined;
    }
    if (piece !== (expected ?? this.#made)) assert.unreachable("neither the last one returned nor a new one");
    if (this.leased.has(piece) || this.used.has(piece)) assert.unreachable("leased twice");
    if (expected === undefined) this.created += 1;
    else this.idle.pop();
    return piece;
  }

  acquire(): void {
    const piece = this.#took(() => this.pool.acquire());
    if (piece !== undefined) this.leased.set(piece, undefined);
  }

  acquireHandle(): void {
    let handle = 0;
    const piece = this.#took(() => {
      handle = this.pool.acquireHandle();
      return this.pool.get(handle);
    });
    if (piece !== undefined) this.leased.set(piece, handle);
  }

  /** `fails`: by a rejection. */
  useAsync(fails: boolean): void {
    const taken = this.#took(() => {
      let got: Piece | undefined;
      const done = this.pool.use((piece) => {
        got = piece;
        return new Promise<void>((resolve, reject) => this.#settle.push(fails ? reject : resolve));
      });
      const back = (): void => this.returned(got!, "do");
      void done.then(back, back);
      return got!;
    });
    if (taken !== undefined) this.used.add(taken);
  }

  /** Lets what was begun by `useAsync` end. */
  async settle(): Promise<void> {
    this.next = "do";
    for (const resolve of this.#settle.splice(0)) resolve();
    for (let i = 0; i < 5; i++) await undefined;
    assert.is(this.used.size, 0);
  }

  returned(piece: Piece, next: "do" | "throw" | "replace"): void {
    this.leased.delete(piece);
    this.used.delete(piece);
    if (next === "throw" || this.idle.length >= this.maxSize) this.discarded += 1;
    else this.idle.push(next === "replace" ? this.#made! : piece);
  }

  release(random: Random): void {
    const entry = this.leased.entries().next();
    if (entry.done) return;
    const [piece, handle] = entry.value;
    if (!this.resets) this.next = "do";
    if (handle === undefined || random.chance(0.1)) this.pool.release(piece);
    else {
      this.pool.releaseHandle(handle);
      if (random.chance(0.1)) throwsCode(() => this.pool.get(handle), "STALE_HANDLE");
    }
    if (this.next === "throw") seen.failed += 1;
    this.returned(piece, this.next);
  }

  discard(): void {
    for (const [piece, handle] of this.leased) {
      if (handle !== undefined) continue;
      this.pool.discard(piece);
      this.leased.delete(piece);
      this.discarded += 1;
      return;
    }
  }

  drop(count: number): void {
    this.discarded += this.idle.splice(0, count).length;
  }

  check(): void {
    const s = this.pool.getStats();
    const leased = this.leased.size + this.used.size;
    const wanted = [this.idle.length, leased, this.created, this.discarded];
    const found = [s.poolSize, s.inUse, s.created, s.discarded];
    if (wanted.some((value, i) => value !== found[i])) assert.equal(found, wanted);
    if (s.inUse + s.poolSize + s.discarded !== s.created) assert.unreachable("created is not the sum");
    if (s.poolSize > this.maxSize) assert.unreachable("more idle than maxSize");
  }
}

type Kind = [disposes: boolean, resets: boolean];
/** Plain; with a reset; with a reset and a dispose, every lease watched. */
const kinds: readonly Kind[] = [
  [false, false],
  [false, true],
  [true, true],
];

class World implements AsyncModel {
  readonly #accounts = kinds.map(([disposes, resets]) => new Account(8, disposes, resets));

  step(random: Random, at: number): Promise<void> | void {
    const account = random.pick(this.#accounts);
    const choice = random.next();
    const fails = random.chance(0.05);
    const replaces = fails && account.resets && random.chance(0.5);
    account.next = fails ? "throw" : "do";
    if (choice < 0.3 && account.leased.size < 40) account.acquire();
    else if (choice < 0.45 && account.leased.size < 40) account.acquireHandle();
    else if (choice < 0.93) {
      if (replaces) account.next = "replace";
      account.release(random);
    } else if (choice < 0.95) account.discard();
    else if (choice < 0.97) account.useAsync(random.chance(0.2));
    else if (choice < 0.98) account.drop(account.pool.trim());
    else if (choice < 0.985) {
      account.drop(account.idle.length);
      account.pool.clear();
    } else if (choice < 0.99) {
      account.maxSize = random.int(0, 16);
      account.pool.resize(account.maxSize);
      account.drop(Math.max(0, account.idle.length - account.maxSize));
    }
    if (at % 20 === 0) account.check();
    return account.used.size > 10 ? account.settle() : undefined;
  }

  async end(): Promise<void> {
    for (const account of this.#accounts) {
      await account.settle();
      account.check();
      seen.created += account.created;
      seen.discarded += account.discarded;
      seen.disposed += account.disposed;
      account.pool.close();
    }
  }
}

test(`${MODEL_STEPS} operations by object, by handle and by use, with factories, resets and disposers that fail and forced collections, against a naive account`, async () => {
  const { collections } = await checkAsyncModel(
    20_261_125,
    () => port.collect("major"),
    () => new World(),
  );
  const least = Math.min(...Object.values(seen), collections * 1000);
  assert.ok(least > 1000, JSON.stringify({ ...seen, collections }));
});

test.run();
