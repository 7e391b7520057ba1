/**
 * Remembers what had to go for want of bytes, to tell what more bytes would earn: a miss of a key that is
 * remembered would have been a hit. Holds no keys, only their hashes: `capacity` slots of 4 + 8 bytes, each
 * the home of the keys whose hash ends in its number. A newcomer takes the slot of who was there.
 *
 * Keys that are objects, functions or symbols are left out.
 */
export class Ghosts {
  readonly #tags: Int32Array;
  readonly #sizes: Float64Array;
  readonly #mask: number;
  /** Sum of the remembered sizes. */
  bytes = 0;
  /** Misses of remembered keys, ever. */
  hits = 0;

  /** @param capacity a power of two */
  constructor(capacity: number) {
    this.#tags = new Int32Array(capacity);
    this.#sizes = new Float64Array(capacity);
    this.#mask = capacity - 1;
  }

  add(key: unknown, bytes: number): void {
    const tag = hash(key);
    if (tag === 0) return;
    const slot = tag & this.#mask;
    this.bytes += bytes - this.#sizes[slot]!;
    this.#tags[slot] = tag;
    this.#sizes[slot] = bytes;
  }

  missed(key: unknown): void {
    if (this.#take(key)) this.hits += 1;
  }

  /** The key came back by another way. */
  forget(key: unknown): void {
    this.#take(key);
  }

  #take(key: unknown): boolean {
    const tag = hash(key);
    const slot = tag & this.#mask;
    if (tag === 0 || this.#tags[slot] !== tag) return false;
    this.bytes -= this.#sizes[slot]!;
    this.#tags[slot] = 0;
    this.#sizes[slot] = 0;
    return true;
  }
}

/** Of a long string, the first and the last so many characters count. */
const CHARACTERS = 32;

/** 32 bits (FNV-1a, then murmur3's finish), never 0; 0 for a key that is not to be remembered. */
export function hash(key: unknown): number {
  if (key === null || typeof key === "object" || typeof key === "function" || typeof key === "symbol")
    return 0;
  const text = typeof key === "string" ? key : `${typeof key}${String(key)}`;
  const { length } = text;
  let h = 0x811c9dc5 ^ length;
  for (let i = 0; i < length; i++) {
    if (i === CHARACTERS && length > 2 * CHARACTERS) i = length - CHARACTERS;
    h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  return h === 0 ? 1 : h;
}
