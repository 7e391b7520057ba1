/** An object of the pools under test. */
export interface Piece {
  readonly id: number;
}

/**
 * A pool the obvious way: a list of idle objects, newest last, and a set of those in use. It makes no objects:
 * the test tells it what the factory and the reset did.
 */
export class NaivePool {
  readonly capacity: number;
  maxSize: number;
  idle: Piece[] = [];
  readonly inUse: Set<Piece> = new Set();
  /** Of those in use: handed out when `capacity` objects existed. */
  readonly overflow: Set<Piece> = new Set();
  /** The fewest that were idle since the last trim. */
  #fewestIdle = 0;
  created = 0;
  reused = 0;
  discarded = 0;
  resetFailures = 0;

  constructor(maxSize: number, capacity: number) {
    this.maxSize = maxSize;
    this.capacity = capacity;
  }

  /** What an acquire hands out, or `undefined` where the factory is asked. */
  acquireIdle(): Piece | undefined {
    const piece = this.idle.pop();
    if (piece === undefined) return undefined;
    this.#fewestIdle = Math.min(this.#fewestIdle, this.idle.length);
    this.reused++;
    this.inUse.add(piece);
    return piece;
  }

  made(piece: Piece): void {
    if (this.inUse.size - this.overflow.size + this.idle.length >= this.capacity) this.overflow.add(piece);
    this.created++;
    this.inUse.add(piece);
  }

  /** `kept`: what the reset left to keep; `undefined` where it failed. */
  release(piece: Piece, kept: Piece | undefined): void {
    this.inUse.delete(piece);
    if (this.overflow.delete(piece)) this.discarded++;
    else if (kept === undefined) {
      this.resetFailures++;
      this.discarded++;
    } else if (this.idle.length < this.maxSize) this.idle.push(kept);
    else this.discarded++;
  }

  #drop(count: number): number {
    const gone = this.idle.splice(0, count).length;
    this.discarded += gone;
    this.#fewestIdle = Math.min(this.#fewestIdle, this.idle.length);
    return gone;
  }

  clear(): number {
    return this.#drop(this.idle.length);
  }

  trim(): number {
    const count = this.#drop(this.#fewestIdle);
    this.#fewestIdle = this.idle.length;
    return count;
  }

  resize(maxSize: number): void {
    this.maxSize = maxSize;
    this.#drop(Math.max(0, this.idle.length - maxSize));
  }
}
