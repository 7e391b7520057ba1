interface Shelf {
  idle: number;
  inUse: number;
  /** The fewest that were idle since the last trim. */
  fewestIdle: number;
}

/** The smallest power of two from 1 KiB on that holds so many bytes. */
export function classBytes(byteLength: number): number {
  let bytes = 1024;
  while (bytes < byteLength) bytes *= 2;
  return bytes;
}

/** The accounts of a buffer pool, kept the obvious way. It has no buffers. */
export class NaiveBuffers {
  readonly maxIdleBytes: number;
  readonly maxBufferBytes: number;
  readonly shelves: Map<number, Shelf> = new Map();
  inUse = 0;
  inUseBytes = 0;
  created = 0;
  reused = 0;
  discarded = 0;
  oversize = 0;
  detached = 0;
  doubleReleases = 0;

  constructor(maxIdleBytes: number, maxBufferBytes: number) {
    this.maxIdleBytes = maxIdleBytes;
    this.maxBufferBytes = maxBufferBytes;
  }

  get idleBytes(): number {
    return [...this.shelves].reduce((sum, [bytes, { idle }]) => sum + bytes * idle, 0);
  }

  #shelf(byteLength: number): Shelf | undefined {
    if (byteLength > this.maxBufferBytes) return undefined;
    const bytes = classBytes(byteLength);
    const shelf = this.shelves.get(bytes) ?? { idle: 0, inUse: 0, fewestIdle: 0 };
    this.shelves.set(bytes, shelf);
    return shelf;
  }

  #bytes(byteLength: number): number {
    return byteLength > this.maxBufferBytes ? byteLength : classBytes(byteLength);
  }

  acquire(byteLength: number): void {
    const shelf = this.#shelf(byteLength);
    if (shelf === undefined) this.oversize++;
    else shelf.inUse++;
    this.inUse++;
    this.inUseBytes += this.#bytes(byteLength);
    if (shelf === undefined || shelf.idle === 0) {
      this.created++;
      return;
    }
    this.reused++;
    shelf.idle--;
    shelf.fewestIdle = Math.min(shelf.fewestIdle, shelf.idle);
  }

  release(byteLength: number, detached: boolean): void {
    const shelf = this.#shelf(byteLength);
    const bytes = this.#bytes(byteLength);
    this.inUse--;
    this.inUseBytes -= bytes;
    if (shelf !== undefined) shelf.inUse--;
    if (detached) this.detached++;
    if (shelf === undefined || detached || this.idleBytes + bytes > this.maxIdleBytes) this.discarded++;
    else shelf.idle++;
  }

  #drop(count: (shelf: Shelf) => number): number {
    let bytes = 0;
    for (const [bufferBytes, shelf] of this.shelves) {
      const gone = count(shelf);
      shelf.idle -= gone;
      shelf.fewestIdle = Math.min(shelf.fewestIdle, shelf.idle);
      this.discarded += gone;
      bytes += gone * bufferBytes;
    }
    return bytes;
  }

  clear(): number {
    return this.#drop(({ idle }) => idle);
  }

  trim(): number {
    const bytes = this.#drop(({ fewestIdle }) => fewestIdle);
    for (const shelf of this.shelves.values()) shelf.fewestIdle = shelf.idle;
    return bytes;
  }
}
