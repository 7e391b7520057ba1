/**
 * Streams of keys in the shapes that the literature on caches compares with. 10,000 keys are asked for again
 * and again; keys from there on are asked for once or for a while.
 *
 * @module
 */
import { random } from "../runtimes/cli/load/random.ts";
import { zipf } from "./workload.ts";

export const KEYS = 10_000;

export interface Trace {
  readonly name: string;
  /** A trace of a seed; `cacheSize` is what loops and scans are measured by. */
  make(length: number, cacheSize: number, seed: number): Int32Array;
  /** A pure loop, where a policy that keeps what is new loses nothing by it. */
  readonly loop?: boolean;
}

const skewed = (skew: number): Trace => ({
  name: `Zipf ${skew}`,
  make: (length, _size, seed) => zipf(length, KEYS, skew, seed),
});

/** Every 20,000 look-ups somebody reads twice as many keys as the cache holds, each once: a crawler, a report. */
const scans: Trace = {
  name: "Zipf 0.9 with scans",
  make(length, size, seed) {
    const keys = zipf(length, KEYS, 0.9, seed);
    let next = KEYS;
    for (let at = 10_000; at < length; at += 20_000)
      for (let i = at; i < Math.min(length, at + 2 * size); i++) keys[i] = next++;
    return keys;
  },
};

/** One and a half times as many keys as the cache holds, in turn. */
const loop: Trace = {
  name: "loop",
  loop: true,
  make: (length, size) => Int32Array.from({ length }, (_, i) => i % Math.round(size * 1.5)),
};

const mixedLoop: Trace = {
  name: "Zipf 0.9, a quarter in a loop",
  make(length, size, seed) {
    const keys = zipf(length, KEYS, 0.9, seed);
    const around = Math.round(size * 1.5);
    const next = random(seed + 1);
    let at = 0;
    for (let i = 0; i < length; i++) if (next() < 0.25) keys[i] = KEYS + (at++ % around);
    return keys;
  },
};

/** What is popular changes: every 25,000 look-ups a tenth of the keys change places with the others. */
const shifting: Trace = {
  name: "Zipf 0.9, shifting",
  make: (length, _size, seed) =>
    zipf(length, KEYS, 0.9, seed).map((key, i) => (key + Math.floor(i / 25_000) * (KEYS / 10)) % KEYS),
};

/** News: a new key every tenth look-up, the others ask for recent ones, the newer the more often. */
const news: Trace = {
  name: "news",
  make(length, size, seed) {
    const next = random(seed);
    let newest = KEYS;
    return Int32Array.from({ length }, () => {
      if (next() < 0.1) return ++newest;
      return Math.max(0, newest - Math.floor(-Math.log(1 - next()) * size * 0.5));
    });
  },
};

/** Half of the keys come twice in a row and never again, as in write-then-read. */
const bursts: Trace = {
  name: "Zipf 0.9 with pairs of new keys",
  make(length, _size, seed) {
    const keys = zipf(length, KEYS, 0.9, seed);
    let fresh = KEYS;
    for (let i = 0; i + 3 < length; i += 4) {
      keys[i] = fresh;
      keys[i + 2] = fresh++;
    }
    return keys;
  },
};

export const traces: readonly Trace[] = [
  skewed(0.6),
  skewed(0.8),
  skewed(1),
  skewed(1.2),
  scans,
  mixedLoop,
  shifting,
  news,
  bursts,
  loop,
];
