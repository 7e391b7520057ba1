import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { ObjectPool } from "../../src/index.ts";
import { loadPort } from "../support/port.ts";
import { Random } from "../support/random.ts";
import { throwsCode } from "../support/throws.ts";

const OPERATIONS = 1_000_000;
const core = createCore();
const port = await loadPort();

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
  maxSize: number;
  created = 0;
  discarded = 0;
  disposed = 0;
  next: "do" | "throw" | "replace" = "do";
  #made: Piece | undefined;
  #settle: (() => void)[] = [];

  constructor(maxSize: number, disposes: boolean, resets: boolean) {
    this.maxSize = maxSize;
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

  useAsync(): void {
    const taken = this.#took(() => {
      let got: Piece | undefined;
      const done = this.pool.use((piece) => {
        got = piece;
        return new Promise<void>((resolve) => this.#settle.push(resolve));
      });
      void done.then(() => this.returned(got!, "do"));
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

  release(random: Random, resets: boolean): void {
    const entry = this.leased.entries().next();
    if (entry.done) return;
    const [piece, handle] = entry.value;
    if (!resets) this.next = "do";
    if (handle === undefined || random.chance(0.1)) this.pool.release(piece);
    else {
      this.pool.releaseHandle(handle);
      if (random.chance(0.1)) throwsCode(() => this.pool.get(handle), "STALE_HANDLE");
    }
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

const kinds: [title: string, disposes: boolean, resets: boolean][] = [
  ["plain", false, false],
  ["with a reset", false, true],
  ["with a reset and a dispose, every lease watched", true, true],
];

for (const [title, disposes, resets] of kinds) {
  test(`a million operations, a third of them ${title}, against a naive account`, async () => {
    const account = new Account(8, disposes, resets);
    const random = new Random(20_261_125);
    for (let step = 0; step < OPERATIONS / 3; step++) {
      const choice = random.next();
      const fails = random.chance(0.05);
      account.next = fails ? (random.chance(0.5) && resets ? "replace" : "throw") : "do";
      if (choice < 0.3 && account.leased.size < 40) {
        if (account.next === "replace") account.next = "do";
        account.acquire();
      } else if (choice < 0.45 && account.leased.size < 40) {
        if (account.next === "replace") account.next = "do";
        account.acquireHandle();
      } else if (choice < 0.93) account.release(random, resets);
      else if (choice < 0.95) account.discard();
      else if (choice < 0.97) {
        account.next = "do";
        account.useAsync();
        if (account.used.size > 20) await account.settle();
      } else if (choice < 0.98) account.drop(account.pool.trim());
      else if (choice < 0.985) {
        account.drop(account.idle.length);
        account.pool.clear();
      } else if (choice < 0.99) {
        account.maxSize = random.int(0, 16);
        account.pool.resize(account.maxSize);
        account.drop(Math.max(0, account.idle.length - account.maxSize));
      }
      if (step % 20 === 0) account.check();
      if (step % 100_000 === 50_000) port.collect("major");
    }
    await account.settle();
    account.check();
    assert.ok(account.created > 10_000 && account.discarded > 10_000, "there was enough to do");
    account.pool.close();
  });
}

/** Bytes that live, after forced collections; `undefined` where the runtime cannot tell. */
async function floorBytes(): Promise<number | undefined> {
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    port.collect("major");
  }
  return port.readMemory().heapUsedBytes;
}

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
      floors.push((await floorBytes()) ?? 0);
      memory.push(own.memoryBytes);
    }
    assert.is(new Set(memory).size, 1, "the core's memory does not grow");
    // The first rounds bring compiled code along.
    const growth = Math.min(...floors.slice(7)) - Math.min(...floors.slice(2, 5));
    assert.ok(growth < 256 * 1024, `${growth} bytes more over five rounds: ${floors.join(", ")}`);
    assert.is(pool.getStats().inUse, 0);
    pool.close();
  });
}

test.run();
