// Memory: a bump pointer and one free list for each power of two.
//
//   0 .. __heap_base      globals and static data (scratch, schedule, gates)
//   __heap_base .. top    blocks of 2^k bytes, 64 <= 2^k <= 64 MiB
//
// A free block's first word is the address of the next free block of its
// class. Memory grows in `alloc` alone, so only while a table is created or
// resized, never in the two calls of a request.

const MIN_CLASS: i32 = 6;
const MAX_CLASS: i32 = 26;
const PAGE_SHIFT: i32 = 16;

/** Numbers that cross the border in bulk: quantiles in, statistics out. */
const SCRATCH_LENGTH: i32 = 64;
export const scratch: usize = memory.data(64 * 8, 8);

const freeLists: usize = memory.data(32 * 4, 4);
let top: usize = 0;

@inline
function classOf(bytes: i32): i32 {
  return 32 - clz((bytes - 1) | ((1 << MIN_CLASS) - 1));
}

/** A zeroed block of at least `bytes`, aligned to 64; 0 where the host gives no more memory. */
export function alloc(bytes: i32): usize {
  const sizeClass = classOf(bytes);
  // What is negative is of class 31 or 32.
  if (sizeClass > MAX_CLASS) return 0;
  const size: usize = 1 << sizeClass;
  const list = freeLists + (<usize>sizeClass << 2);
  let block: usize = load<u32>(list);
  if (block != 0) {
    store<u32>(list, load<u32>(block));
    memory.fill(block, 0, size);
  } else {
    if (top == 0) top = (__heap_base + 63) & ~63;
    const end = top + size;
    const have = <usize>memory.size() << PAGE_SHIFT;
    if (end > have) {
      const pages = <i32>((end - have + 0xffff) >> PAGE_SHIFT);
      if (memory.grow(pages) < 0) return 0;
    }
    block = top;
    top = end;
  }
  return block;
}

/** Gives a block back. `bytes` is what it was asked for with. */
export function release(block: usize, bytes: i32): void {
  const list = freeLists + (<usize>classOf(bytes) << 2);
  store<u32>(block, load<u32>(list));
  store<u32>(list, <u32>block);
}

/** A block of at least `bytes` with what the first `had` of this one hold, and zeros; 0, and this one stays, where there is no memory. */
export function regrow(block: usize, had: i32, bytes: i32): usize {
  const end = top;
  // Behind the last block nothing was ever written: it grows where it is.
  if (block + (<usize>1 << classOf(had)) == end) top = block;
  const larger = alloc(bytes);
  top = max(top, end);
  if (larger != 0 && larger != block) {
    memory.copy(larger, block, had);
    release(block, had);
  }
  return larger;
}

@inline
export function out(index: i32, value: f64): void {
  store<f64>(scratch + (<usize>index << 3), value);
}

/** One more of what the number at `block + offset` counts. A call, where the sum would take twice the bytes of one. */
export function count(block: usize, offset: usize): void {
  store<f64>(block + offset, load<f64>(block + offset) + 1);
}
