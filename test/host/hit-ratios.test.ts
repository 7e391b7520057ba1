import { test } from "uvu";
import * as assert from "uvu/assert";
import { hitRatio, SHARES } from "../../bench/hit-ratios.ts";
import { KEYS, traces } from "../../bench/traces.ts";

/** Counted, not timed: the same on each run. */
const LENGTH = 200_000;

for (const { name, loop, make } of traces) {
  if (loop) continue;
  test(`${name}: a cache finds more often what is asked for than one by LRU`, () => {
    for (const share of SHARES) {
      const size = KEYS * share;
      const keys = make(LENGTH, size, 7);
      const [here, lru] = [hitRatio("SIEVE", size, keys), hitRatio("LRU", size, keys)];
      assert.ok(here > lru, `${share * 100} % of the keys: ${here} here, ${lru} by LRU`);
    }
  });
}

test.run();
