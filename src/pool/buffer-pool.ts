import type { Core } from "../core/load.ts";
import { type ErrorCode, requireFunction, requireInteger, show, VelithonError } from "../shared/errors.ts";
import { useAndRelease } from "../shared/use.ts";
import { allocate, createRevoke, isDetached, type Revoke, resize } from "./array-buffer.ts";
import { type BufferPoolOptions, type BufferPoolStats, parseBufferPoolOptions } from "./buffer-options.ts";
import { classOf, SizeClass, sumOf } from "./size-class.ts";

const MAX_BYTE_LENGTH = 2 ** 32;

/** What is known of a buffer that was handed out. */
interface BufferLease {
  /** `undefined`: larger than any class, or more in use than planned; it is let go of when given back. */
  readonly size: SizeClass | undefined;
  readonly index: number;
  readonly bytes: number;
  open: boolean;
}

/**
 * Keeps `ArrayBuffer`s for their next use, in size classes that are powers of two. What one holder wrote
 * never reaches another: a buffer is zeroed when it comes back, and taken away from every view of it, so
 * that a view that is used too late has length 0.
 *
 * What does not fit below `maxIdleBytes` is let go of. A class that went out of use holds its share until
 * `trim()`, which the optimizer's clean-ups call.
 *
 * Cost: two calls into the core, one `WeakMap` entry, zeroing, and taking away (by
 * `ArrayBuffer.prototype.transfer`, or by `structuredClone` in Node 20, which has none).
 */
export class BufferPool {
  /** The name given in the options. */
  readonly name: string;
  readonly #maxIdleBytes: number;
  /** `#maxIdleBytes`, or less. */
  #limitBytes: number;
  readonly #maxBufferBytes: number;
  readonly #zeroOnRelease: boolean;
  readonly #resizable: boolean;
  readonly #revoke: Revoke;
  readonly #leases = new WeakMap<ArrayBufferLike, BufferLease>();
  readonly #classes: SizeClass[] = [];
  readonly #onClose: (() => void) | undefined;
  #closed = false;
  #idleBytes = 0;
  #inUseBytes = 0;
  /** Handed out without a class, ever and now. */
  #unpooled = 0;
  #unpooledInUse = 0;
  #oversize = 0;
  #detached = 0;
  #unrevoked = 0;
  #doubleReleases = 0;

  /** @throws `INVALID_OPTION` */
  constructor(core: Core, given: BufferPoolOptions, onClose?: () => void) {
    const parsed = parseBufferPoolOptions(given);
    this.name = parsed.name;
    this.#maxIdleBytes = this.#limitBytes = parsed.maxIdleBytes;
    this.#maxBufferBytes = parsed.maxBufferBytes;
    this.#zeroOnRelease = parsed.zeroOnRelease;
    this.#resizable = parsed.resizable;
    this.#revoke = createRevoke(parsed.resizable);
    this.#onClose = onClose;
    for (let number = 0; number <= classOf(parsed.maxBufferBytes); number++) {
      this.#classes.push(new SizeClass(core, number, parsed.maxIdleBytes));
    }
  }

  /**
   * A view of exactly `byteLength` bytes, all zero (unless `zeroOnRelease` is false), for the caller alone.
   * Its buffer is as large as its size class; where the pool is `resizable`, as large as the view, and the
   * view follows when it is resized. More than `maxBufferBytes`: made anew, and let go of when given back.
   *
   * @param byteLength 1 to 4 GiB
   * @throws `INVALID_OPTION`, `CLOSED`, and `OUT_OF_MEMORY` where the host gives none; the pool is as before
   */
  acquire(byteLength: number): Uint8Array<ArrayBuffer> {
    if (!(Number.isInteger(byteLength) && byteLength >= 1 && byteLength <= MAX_BYTE_LENGTH)) {
      requireInteger(`pool ${this.name}: byteLength`, byteLength, 1, MAX_BYTE_LENGTH);
    }
    if (this.#closed) this.#refuse("CLOSED", "acquired from after close; accepted: an open pool");
    const size = byteLength > this.#maxBufferBytes ? undefined : this.#classes[classOf(byteLength)];
    const answer = size?.acquire();
    if (size === undefined || answer === undefined) {
      return this.#unpool(byteLength, size?.bufferBytes ?? byteLength);
    }
    const index = answer < 0 ? ~answer : answer;
    const bytes = size.bufferBytes;
    let buffer: ArrayBuffer;
    try {
      if (answer < 0) {
        buffer = allocate(this.name, byteLength, bytes, this.#resizable);
      } else {
        buffer = size.take(index);
        this.#idleBytes -= bytes;
        if (this.#resizable) resize(this.name, buffer, byteLength);
      }
    } catch (error) {
      if (answer < 0) size.abandon(index);
      else size.discard(index);
      throw error;
    }
    return this.#handOut(buffer, byteLength, { size, index, bytes, open: true });
  }

  #refuse(code: ErrorCode, message: string): never {
    throw new VelithonError(code, `pool ${this.name}: ${message}`);
  }

  /** A buffer that no class has. */
  #unpool(byteLength: number, bytes: number): Uint8Array<ArrayBuffer> {
    const buffer = allocate(this.name, byteLength, bytes, this.#resizable);
    this.#unpooled += 1;
    this.#unpooledInUse += 1;
    if (byteLength > this.#maxBufferBytes) this.#oversize += 1;
    return this.#handOut(buffer, byteLength, { size: undefined, index: -1, bytes, open: true });
  }

  #handOut(buffer: ArrayBuffer, byteLength: number, lease: BufferLease): Uint8Array<ArrayBuffer> {
    this.#leases.set(buffer, lease);
    this.#inUseBytes += lease.bytes;
    return this.#resizable ? new Uint8Array(buffer) : new Uint8Array(buffer, 0, byteLength);
  }

  /**
   * Gives a buffer back, by the view that was handed out or any other view of the same buffer. From then on
   * all views of it have length 0. Wait for what still reads or writes it, such as file or socket calls.
   * A buffer that its holder has transferred away, or that the host holds on to, is let go of and counted.
   *
   * @throws `DOUBLE_RELEASE` where it is not leased, `FOREIGN_OBJECT` where it is not of this pool; nothing is changed
   */
  release(view: ArrayBufferView): void {
    const lease = ArrayBuffer.isView(view) ? this.#leases.get(view.buffer) : undefined;
    if (lease === undefined) {
      const given = show(view);
      this.#refuse("FOREIGN_OBJECT", `released ${given} that it did not hand out; accepted: a view in use`);
    }
    if (this.#closed) return;
    if (!lease.open) {
      this.#doubleReleases += 1;
      this.#refuse("DOUBLE_RELEASE", "released what is not in use; accepted: one release for each acquire");
    }
    lease.open = false;
    this.#inUseBytes -= lease.bytes;
    const { size, index, bytes } = lease;
    const buffer = this.#takeAway(view.buffer as ArrayBuffer);
    if (size === undefined) {
      this.#unpooledInUse -= 1;
    } else if (buffer === undefined || this.#idleBytes + bytes > this.#limitBytes) {
      size.discard(index);
    } else {
      if (this.#zeroOnRelease) new Uint8Array(buffer).fill(0);
      if (size.keep(index, buffer)) this.#idleBytes += bytes;
    }
  }

  #takeAway(buffer: ArrayBuffer): ArrayBuffer | undefined {
    if (isDetached(buffer)) {
      this.#detached += 1;
      return undefined;
    }
    const moved = this.#revoke(buffer);
    if (moved === undefined) this.#unrevoked += 1;
    return moved;
  }

  /**
   * Hands a view to `fn` and takes it back when `fn` has returned, thrown, or what it answered with has settled.
   *
   * @throws as `acquire`, and what `fn` throws
   */
  use<R>(byteLength: number, fn: (view: Uint8Array<ArrayBuffer>) => R): R {
    requireFunction("use: fn", fn);
    return useAndRelease(this.acquire(byteLength), fn, (view) => this.release(view));
  }

  #drop(count: (size: SizeClass) => number): number {
    let bytes = 0;
    for (const size of this.#classes) bytes += size.drop(count(size));
    this.#idleBytes -= bytes;
    return bytes;
  }

  /** Lets go of all idle buffers; how many bytes. Those in use stay with their holders. */
  clear(): number {
    return this.#drop(() => Number.POSITIVE_INFINITY);
  }

  /** Lets go of the idle buffers that nobody needed since the last call; how many bytes. */
  trim(): number {
    return this.#drop((size) => size.unneeded());
  }

  /** `maxIdleBytes` as it was asked for. */
  get wantedBytes(): number {
    return this.#maxIdleBytes;
  }

  /** Keeps at most so many bytes idle from now on, or `maxIdleBytes`, if that is less. The largest go first. */
  limitIdleBytes(bytes: number): void {
    this.#limitBytes = Math.min(bytes, this.#maxIdleBytes);
    for (let i = this.#classes.length - 1; i >= 0 && this.#idleBytes > this.#limitBytes; i--) {
      const size = this.#classes[i]!;
      const surplus = Math.ceil((this.#idleBytes - this.#limitBytes) / size.bufferBytes);
      this.#idleBytes -= size.drop(surplus);
    }
  }

  /** Returns the statistics. */
  getStats(): BufferPoolStats {
    const all = sumOf(this.#classes);
    const { reused, classes } = all;
    const created = all.created + this.#unpooled;
    return {
      idleBytes: this.#idleBytes,
      maxIdleBytes: this.#limitBytes,
      inUse: all.inUse + this.#unpooledInUse,
      inUseBytes: this.#inUseBytes,
      created,
      reused,
      reuseRatio: created + reused === 0 ? undefined : reused / (created + reused),
      discarded: all.discarded + this.#unpooled - this.#unpooledInUse,
      oversize: this.#oversize,
      detached: this.#detached,
      unrevoked: this.#unrevoked,
      doubleReleases: this.#doubleReleases,
      classes,
    };
  }

  /** Lets go of all idle buffers and leaves the optimizer's statistics. Releases after that do nothing, an acquire throws `CLOSED`. */
  close(): void {
    if (this.#closed) return;
    this.clear();
    this.#closed = true;
    for (const size of this.#classes) size.destroy();
    this.#classes.length = 0;
    this.#inUseBytes = this.#unpooled = this.#unpooledInUse = 0;
    this.#onClose?.();
  }
}
