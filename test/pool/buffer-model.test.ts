import { test } from "uvu";
import * as assert from "uvu/assert";
import { createCore } from "../../src/core/index.ts";
import { BufferPool, type BufferPoolStats } from "../../src/index.ts";
import { classBytes, NaiveBuffers } from "../support/naive-buffers.ts";
import { type Random, randomSteps } from "../support/random.ts";
import { codeOf } from "../support/throws.ts";

const KIB = 1024;
const core = createCore();

type Resizable = ArrayBuffer & { resize(byteLength: number): void };

interface Held {
  view: Uint8Array<ArrayBuffer>;
  buffer: ArrayBuffer;
  byteLength: number;
  mark: number;
}

/** Whether all of them are `value`. */
function all(bytes: Uint8Array, value: number): boolean {
  let other = 0;
  for (let i = 0; i < bytes.length; i++) other |= bytes[i]! ^ value;
  return other === 0;
}

/** A pool beside its naive accounts, and the bytes that each holder wrote. */
class Pair {
  readonly pool: BufferPool;
  readonly naive: NaiveBuffers;
  readonly #resizable: boolean;
  readonly #held: Held[] = [];
  readonly #open = new Set<ArrayBuffer>();
  /** Views that were given back, of which each one had all bytes of its buffer. */
  readonly #stale: Uint8Array[] = [];

  constructor(maxIdleBytes: number, maxBufferBytes: number, resizable: boolean) {
    this.pool = new BufferPool(core, { name: "bytes", maxIdleBytes, maxBufferBytes, resizable });
    this.naive = new NaiveBuffers(maxIdleBytes, maxBufferBytes);
    this.#resizable = resizable;
  }

  acquire(random: Random): void {
    const byteLength = random.chance(0.02) ? random.int(8 * KIB, 20 * KIB) : random.int(1, 4 * KIB);
    const view = this.pool.acquire(byteLength);
    this.naive.acquire(byteLength);
    const { buffer } = view;
    assert.is(view.length, byteLength);
    assert.ok(!this.#open.has(buffer), "a buffer is handed out to one at a time");
    const bytes = byteLength > this.naive.maxBufferBytes ? byteLength : classBytes(byteLength);
    assert.is(buffer.byteLength, this.#resizable ? byteLength : bytes);
    if (this.#resizable && random.chance(0.5)) (buffer as Resizable).resize(bytes);
    const whole = new Uint8Array(buffer);
    assert.ok(all(whole, 0), "all bytes are zero, those behind the view too");
    const mark = random.int(1, 255);
    whole.fill(mark);
    if (this.#resizable && random.chance(0.3)) (buffer as Resizable).resize(random.int(0, whole.length));
    this.#open.add(buffer);
    this.#held.push({ view, buffer, byteLength, mark });
  }

  release(random: Random): void {
    const at = random.int(0, this.#held.length - 1);
    const held = this.#held[at];
    if (held === undefined) return;
    this.#held[at] = this.#held.at(-1)!;
    this.#held.pop();
    const { view, buffer, byteLength, mark } = held;
    const whole = new Uint8Array(buffer);
    assert.ok(all(whole, mark), "nobody else has written here");
    const detached = whole.length > 0 && random.chance(0.03);
    if (detached) structuredClone(buffer, { transfer: [buffer] });
    this.pool.release(detached || random.chance(0.8) ? view : new DataView(buffer));
    this.naive.release(byteLength, detached);
    this.#open.delete(buffer);
    // Not `length`: the optimiser of Node 20 may answer that of a detached view from before.
    for (const stale of [view, whole]) {
      assert.is(stale.byteLength, 0, "revoked");
      assert.is(stale[0], undefined, "no byte of another is seen");
      if (this.#stale.length < 200) this.#stale.push(stale);
      else this.#stale[random.int(0, 199)] = stale;
    }
  }

  refuse(random: Random): void {
    const stale = this.#stale[random.int(0, 199)];
    if (stale === undefined) return;
    stale[0] = 255;
    assert.is(stale.byteLength, 0);
    assert.is(stale[0], undefined);
    assert.is(
      codeOf(() => this.pool.release(stale)),
      "DOUBLE_RELEASE",
    );
    this.naive.doubleReleases++;
    assert.is(
      codeOf(() => this.pool.release(new Uint8Array(1024))),
      "FOREIGN_OBJECT",
    );
    for (const wrong of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) {
      assert.is(
        codeOf(() => this.pool.acquire(wrong)),
        "INVALID_OPTION",
      );
    }
  }

  step(random: Random): void {
    const choice = random.next();
    if (choice < 0.48) this.acquire(random);
    else if (choice < 0.97) this.release(random);
    else if (choice < 0.985) this.refuse(random);
    else if (choice < 0.995) assert.is(this.pool.trim(), this.naive.trim(), "trim");
    else assert.is(this.pool.clear(), this.naive.clear(), "clear");
  }

  check(): void {
    const { naive } = this;
    const s = this.pool.getStats();
    const acquired = naive.created + naive.reused;
    const expected: Omit<BufferPoolStats, "classes"> = {
      idleBytes: naive.idleBytes,
      maxIdleBytes: naive.maxIdleBytes,
      inUse: naive.inUse,
      inUseBytes: naive.inUseBytes,
      created: naive.created,
      reused: naive.reused,
      reuseRatio: acquired === 0 ? undefined : naive.reused / acquired,
      discarded: naive.discarded,
      oversize: naive.oversize,
      detached: naive.detached,
      unrevoked: 0,
      doubleReleases: naive.doubleReleases,
    };
    for (const [field, value] of Object.entries(expected)) {
      const actual = s[field as keyof typeof expected];
      if (actual !== value) assert.unreachable(`${field} is ${actual}; expected ${value}`);
    }
    let idle = 0;
    let before = 0;
    for (const { bufferBytes, ...counts } of s.classes) {
      assert.ok(bufferBytes > before, "from small to large");
      before = bufferBytes;
      const shelf = naive.shelves.get(bufferBytes);
      assert.ok(shelf?.idle === counts.idle && shelf.inUse === counts.inUse, `class ${bufferBytes}`);
      idle += counts.idle;
    }
    assert.is(s.inUse + idle + s.discarded, s.created, "in use + idle + discarded = created");
    assert.ok(s.idleBytes <= s.maxIdleBytes, "idleBytes <= maxIdleBytes");
  }
}

test("100,000 random steps over six pools, fixed and resizable, against the naive accounts", () => {
  const pairs = [false, true].flatMap((resizable) => [
    new Pair(32 * KIB, 8 * KIB, resizable),
    new Pair(5 * KIB, 2 * KIB, resizable),
    new Pair(0, 4 * KIB, resizable),
  ]);
  randomSteps(20_261_124, 100_000, (random) => {
    const pair = random.pick(pairs);
    pair.step(random);
    pair.check();
  });
  for (const { naive } of pairs) {
    assert.ok(
      naive.created > 1000 && naive.detached > 20 && naive.oversize > 20 && naive.doubleReleases > 50,
    );
    assert.ok(naive.reused > (naive.maxIdleBytes === 0 ? -1 : 300), "the test reuses");
  }
});

test.run();
